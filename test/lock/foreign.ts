/** Other programs' locks that may be at our lock's name. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';

/** What other programs may create at our lock's name. */
export const foreign: Readonly<Record<string, (path: string) => unknown>> = {
  'an empty file': (path) => writeFileSync(path, ''),
  'a file with a pid': (path) => writeFileSync(path, '1\n'),
  'a file of JSON': (path) => writeFileSync(path, '{"holdfast":1,"pid":1}'),
  'a file that is no text': (path) => writeFileSync(path, Buffer.from([0xff, 0xfe, 0x00])),
  'a large file': (path) => writeFileSync(path, 'x'.repeat(10_000)),
  'a symbolic link to nowhere': (path) => symlinkSync('vm-1.4711-99', path),
  'a FIFO': (path) => execFileSync('mkfifo', [path]),
  'a socket': async (path) => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(path, resolve));
    // Closing removes the name, so the name that stays is another file's.
    execFileSync('ln', [path, `${path}.kept`]);
    await new Promise((resolve) => server.close(resolve));
    execFileSync('mv', [`${path}.kept`, path]);
  },
  'a directory of empty files': (path) => {
    mkdirSync(path);
    writeFileSync(`${path}/vm.-980192c016023`, '');
  },
  'a directory of somebody’s files': (path) => {
    mkdirSync(path);
    writeFileSync(`${path}/thesis.txt`, 'three years');
  },
};

/** What would change if somebody removed it, created it again, or wrote into it. */
export function fingerprint(path: string): string {
  return (
    execFileSync('ls', ['-lin', '--full-time', path], { encoding: 'utf8' }) +
    attempt(() => readlinkSync(path))
  );
}

function attempt(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
