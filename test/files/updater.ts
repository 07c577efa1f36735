/**
 * A process that counts in a JSON file, and is killed at any moment: `updater.js FILE NAME COUNT SEEN`.
 *
 * It adds one to its own number until that is COUNT, and says on its output each number that has been written, after
 * `updateJson` says so. SEEN is the last one that it said in an earlier life: finding less is a lost update.
 */
import { writeSync } from 'node:fs';
import { updateJson } from '../../src/index.js';

const [, , file = '', name = '', count = '0', seen = '0'] = process.argv;
let said = Number(seen);

for (;;) {
  const counts = await updateJson<Record<string, number>>(file, (old = {}) => {
    const mine = old[name] ?? 0;
    if (mine < said) throw new Error(`${name} said ${said}, and finds ${mine}`);
    return mine < Number(count) ? { ...old, [name]: mine + 1 } : undefined;
  });
  if (counts === undefined) break;
  said = counts[name] ?? 0;
  writeSync(1, `${said}\n`);
}
