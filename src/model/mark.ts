/**
 * The mark of our files, and what a crash of the machine leaves of a text in them.
 *
 * The mark is the sticky bit, which has no meaning for a regular file on Linux. It is part of the file's mode, so the
 * file system keeps it together with the file's name, and a hard link has it from the first instant. Where a file system
 * or an operating system drops it, our files are unmarked, and every rule about the mark applies to nothing.
 */
import { parseRecord } from './record.js';
import type { Content } from './steps.js';

/** The sticky bit. No other locker sets it. */
export const MARK = 0o1000;

/** How every record starts. */
const BEGINNING = '{"holdfast":1,"token":"';

/** Is this a file of ours with no text in it, or only zeros? */
export function isErased(content: Content): boolean {
  // Neither JSON nor a pid file contains a NUL.
  return isMarked(content) && (content.text === '' || content.text.includes('\0'));
}

/** Is this a file of ours whose record a crash erased or cut short (CRASH-1)? */
export function isLost(content: Content): boolean {
  if (isErased(content)) return true;
  return isMarked(content) && isCutShort(content.text);
}

function isMarked(content: Content): content is Content & { is: 'file' } {
  return content.is === 'file' && content.isMarked === true;
}

/** A complete text in a later version's format is no record of this version either, but it is JSON. */
function isCutShort(text: string): boolean {
  if (!BEGINNING.startsWith(text.slice(0, BEGINNING.length)) || parseRecord(text) !== undefined) return false;
  try {
    JSON.parse(text);
    return false;
  } catch {
    return true;
  }
}
