/** The help text and the version of the command. */
import { createRequire } from 'node:module';

export const HELP = `Usage:
  holdfast run [OPTIONS] PATH -- COMMAND [ARG...]   run a command under the lock of PATH
  holdfast status [--json] PATH...                  show who holds the lock, and how many wait
  holdfast wait [OPTIONS] PATH                      wait until the lock is free, without taking it
  holdfast break [--force] [--json] PATH            remove the lock of a dead holder

The lock of PATH is the file or directory PATH.lock beside it. PATH itself need not exist. The lock
is advisory: it excludes only programs that ask for the same lock.

Options:
  -t, --timeout TIME   wait at most this long: 500ms, 30s, 2m, 1h; a number alone is in seconds;
                       0 does not wait; the default is to wait without a limit
  -E CODE              exit with CODE instead of 75 after a timeout (also --timeout-code CODE)
      --kind KIND      run: create the lock as a link, mkdir or symlink
      --note TEXT      run: a text shown to others while the lock is held; default: the command's name
      --force          break: remove the lock even if its holder is alive
      --json           print results and errors as JSON
  -h, --help           print this text
  -V, --version        print the version

Exit codes:
  run      the exit code of COMMAND, or 128 + n if signal n ended it; 126 if COMMAND can't be
           run, 127 if it is not found
  status   0 all are free, 1 at least one is held
  wait     0 free
  break    0 the lock is gone, 1 refused: its holder is alive or may be, or permission is denied
  all      64 wrong usage, 70 internal error, 73 the lock can't be created, 75 timed out
`;

/** Reads the version from this package's package.json, by the package's name: the published file is in another folder. */
export function version(): string {
  const manifest = createRequire(import.meta.url)('holdfast/package.json') as { version: string };
  return manifest.version;
}
