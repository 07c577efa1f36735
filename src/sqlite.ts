/** What `holdfast/sqlite` exports. */
export { SQLiteLockFile, type SQLiteLockOptions } from './sqlite/sqlite-lock-file.js';
