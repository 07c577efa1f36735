/**
 * A process that counts in a JSON file, and may be killed at any moment: `updater.js FILE NAME COUNT SEEN`.
 *
 * It increments its own number up to COUNT, and prints each number after `updateJson` has written it. SEEN is the last
 * number that it printed before it was killed: a smaller one in the file is a lost update.
 */
import { writeSync } from 'node:fs';
import { UNCHANGED, updateJson } from '../../src/index.js';

const [, , file = '', name = '', count = '0', seen = '0'] = process.argv;
let printed = Number(seen);

for (;;) {
  const counts = await updateJson<Record<string, number>>(file, (old = {}) => {
    const mine = old[name] ?? 0;
    if (mine < printed) throw new Error(`${name} printed ${printed}, and finds ${mine}`);
    return mine < Number(count) ? { ...old, [name]: mine + 1 } : UNCHANGED;
  });
  const mine = counts?.[name] ?? 0;
  if (mine === printed) break;
  printed = mine;
  writeSync(1, `${printed}\n`);
}
