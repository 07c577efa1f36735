/**
 * Text in a file: decoding and encoding that lose nothing.
 *
 * Rule ENCODING-1: What an encoding can't represent is refused. Node.js replaces invalid bytes and characters silently,
 * or drops them: an update that changes one line would damage all others.
 */
import { isUtf8 } from 'node:buffer';

/** Returns the text, or `undefined` if the bytes are not text in this encoding. */
export function decodeText(bytes: Buffer, encoding: BufferEncoding): string | undefined {
  if (isNamedUtf8(encoding)) return isUtf8(bytes) ? bytes.toString() : undefined;
  const text = bytes.toString(encoding);
  return Buffer.from(text, encoding).equals(bytes) ? text : undefined;
}

/** Returns the bytes, or `undefined` if the encoding can't represent the text. */
export function encodeText(text: string, encoding: BufferEncoding): Buffer | undefined {
  if (isNamedUtf8(encoding)) return LONE_SURROGATE.test(text) ? undefined : Buffer.from(text);
  const bytes = Buffer.from(text, encoding);
  return normalize(bytes.toString(encoding), encoding) === normalize(text, encoding) ? bytes : undefined;
}

const LONE_SURROGATE = /\p{Surrogate}/u;

/** A comparison of bytes or texts would do for UTF-8 as well, but takes several times longer for a large file. */
function isNamedUtf8(encoding: BufferEncoding): boolean {
  return /^utf-?8$/i.test(encoding);
}

/** Several texts stand for the same bytes in these encodings, and each of them is accepted. */
function normalize(text: string, encoding: BufferEncoding): string {
  if (/^hex$/i.test(encoding)) return text.toLowerCase();
  if (!/^base64/i.test(encoding)) return text;
  return text
    .replace(/[\s=]+/g, '')
    .replaceAll('-', '+')
    .replaceAll('_', '/');
}
