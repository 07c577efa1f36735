/**
 * Processes that update one file, and are killed while they do so. `HOLDFAST_UPDATES` is the number of updates that
 * each of the eight makes. Every update is synced to the disk, which takes most of the time.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { UNCHANGED, updateJson } from '../../src/index.js';
import { afterTheirGrace } from '../support/beacons.js';
import { temporaryDirectory } from '../support/temporary.js';

const updater = fileURLToPath(new URL('./updater.js', import.meta.url));
const count = Number(process.env['HOLDFAST_UPDATES'] ?? 25);
const updatesPerKill = 10;
const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

type Counts = Record<string, number>;

/** One counter, and the processes that count for it one after the other. */
class Life {
  printed = 0;
  kills = 0;
  child: ChildProcess | undefined;
  errors = '';
  #ended = false;

  end(): void {
    this.#ended = true;
    this.child?.kill('SIGKILL');
  }

  async live(file: string, name: string): Promise<void> {
    for (;;) {
      const child = spawn(process.execPath, [updater, file, name, String(count), String(this.printed)]);
      this.child = child;
      let output = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
      child.stderr.setEncoding('utf8').on('data', (text: string) => (this.errors += text));
      const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
      // The kill may have cut off the last line.
      this.printed = Number(output.split('\n').at(-2) ?? this.printed);
      if (signal !== 'SIGKILL' || this.#ended) {
        this.child = undefined;
        if (code !== 0) throw new Error(`${name} ended with ${code ?? signal}: ${this.errors}`);
        return;
      }
      this.kills++;
    }
  }
}

describe('a file that eight processes update, and are killed while they do so', function () {
  this.timeout(3_600_000);

  it('loses no update, and is never half a file', async () => {
    const file = temporaryDirectory().expect('counts.json').join('counts.json');
    const lives = names.map(() => new Life());
    const running = Promise.all(lives.map((life, index) => life.live(file, names[index] ?? '')));
    const state = { over: false };
    const watching = running.finally(() => (state.over = true));
    let reads = 0;
    let total = 0;
    let nextKill = updatesPerKill;
    try {
      while (!state.over) {
        // Without the lock, as any program might.
        const now = read(file);
        expect(now, 'what was there once stays there').to.be.at.least(total);
        total = now;
        reads++;
        if (total >= nextKill) {
          lives[Math.floor(Math.random() * lives.length)]?.child?.kill('SIGKILL');
          nextKill = total + updatesPerKill;
        }
        await sleep(1 + Math.random() * 4);
      }
    } finally {
      for (const life of lives) life.end();
      await watching;
    }
    const kills = lives.reduce((sum, life) => sum + life.kills, 0);
    expect(kills, 'kills').to.be.at.least(1);
    expect(reads, 'reads').to.be.at.least(10);
    // The last process that was killed may have left files: the next update removes them.
    expect(await updateJson<Counts>(file, () => UNCHANGED, afterTheirGrace)).to.deep.equal(
      Object.fromEntries(names.map((name) => [name, count])),
    );
    if (process.env['HOLDFAST_UPDATES'] !== undefined) console.log(`      ${kills} kills, ${reads} reads`);
  });
});

function read(file: string): number {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return 0;
  }
  return Object.values(JSON.parse(text) as Counts).reduce((sum, each) => sum + each, 0);
}
