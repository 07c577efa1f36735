/** Where this project is, seen from the compiled tests in `dist/test/support`. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const projectDirectory = fileURLToPath(new URL('../../../', import.meta.url));
export const sourceDirectory = join(projectDirectory, 'src');
