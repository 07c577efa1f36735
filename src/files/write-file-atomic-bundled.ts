/** Stands in for `write-file-atomic.ts` in a bundle: an import that bundlers follow. */
import writeFileAtomic from 'write-file-atomic';

export const loadWriteFileAtomic = (): typeof writeFileAtomic => writeFileAtomic;
