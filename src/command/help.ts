/** What the command says of itself. */
import { readFileSync } from 'node:fs';

export const HELP = `Usage:
  holdfast run [OPTIONS] PATH -- COMMAND [ARG...]   run a command under the lock of PATH
  holdfast status [--json] PATH...                  say who holds the lock, and how many wait
  holdfast wait [OPTIONS] PATH                      wait until the lock is free, without taking it
  holdfast break [--force] [--json] PATH            remove the lock of a holder that is dead

The lock of PATH is the name PATH.lock beside it; PATH itself need not exist. The lock is advisory:
it keeps out those who ask for it.

Options:
  -t, --timeout TIME   wait no longer: 500ms, 30s, 2m, 1h; a bare number is seconds, 0 doesn't wait
  -E CODE              exit with CODE instead of 75 when the time is up (--timeout-code CODE)
      --kind KIND      run: make the lock as a link, mkdir or symlink
      --note TEXT      run: words for whoever finds the lock held; by default the command's name
      --force          break: remove the lock even if its holder lives
      --json           results and errors as JSON
  -h, --help           this text
  -V, --version        the version

Exit codes:
  run      that of COMMAND, or 128 + n if signal n ended it; 126 if it can't be run, 127 if it
           isn't found
  status   0 free, 1 held (any of several)
  wait     0 free
  break    0 nothing in the way any more, 1 refused: the holder lives, or may live,
           or the system does not permit it
  all      64 wrong usage, 73 the lock can't be made, 75 the time was up
`;

/** From the package that this file came with. */
export function version(): string {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
