/** What the documents of this subject show is what runs, and no row of their tables is empty. */
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { acquire } from '../../src/protocol/acquire.js';
import { makeClaim } from '../../src/model/claim.js';
import { laws } from '../../src/contract/laws.js';
import { advance } from '../../src/driver/run.js';
import { LockFile } from '../../src/index.js';
import { thisMachine } from '../../src/system/machine.js';
import { executeSync } from '../../src/driver/syscalls.js';
import { parseRecord, type HolderRecord } from '../../src/model/record.js';
import { projectDirectory } from '../support/paths.js';
import { packageUrl } from '../support/script.js';
import { temporaryDirectory } from '../support/temporary.js';

const read = (...names: string[]): string => readFileSync(join(projectDirectory, ...names), 'utf8');

describe('the documents', () => {
  it('extending.md: the room is the code of docs/reference/extending.md', () => {
    const [, code] =
      /```ts\n(\/\*\*\n \* A lock that is a room[^]*?)```/.exec(read('docs/reference/extending.md')) ?? [];
    expect(code?.replace("'holdfast/protocol'", "'../../src/extending.js'")).to.equal(
      read('test/contract/room-lock.ts'),
    );
  });

  it('how-it-works.md: in the picture of a recovery, the recovering process makes the calls that are drawn', () => {
    const directory = temporaryDirectory();
    const lock = new LockFile(directory.join('config.json'));
    const take = `import(${JSON.stringify(packageUrl)}).then(({ LockFile }) => {
      new LockFile(${JSON.stringify(lock.path)}, { beacon: false }).acquireSync(); // Nobody sweeps here.
      process.kill(process.pid, 'SIGKILL');
    })`;
    expect(spawnSync(process.execPath, ['-e', take]).signal).to.equal('SIGKILL');

    const dead = parseRecord(readFileSync(lock.lockPath, 'utf8'));
    if (dead === undefined) throw new Error('nobody died');
    const record: HolderRecord = { ...dead, token: 'f'.repeat(24), pid: process.pid };
    const claim = makeClaim(lock.lockPath, 'link', record, { mode: 0o644, orphanGraceMs: 1_000 });
    const made: string[] = [];
    const outcome = advance(acquire(claim), (step) => {
      const path = step.call === 'link' ? step.to : 'path' in step ? step.path : '';
      const [, name] = /\/(config\.json\.lock(?:\.evict)?)$/.exec(path) ?? [];
      if (name !== undefined && step.call !== 'judge') made.push(`${step.call} ${name}`);
      if (step.call === 'pause' || step.call === 'backoff') throw new Error('it waits');
      return executeSync(step, thisMachine);
    });
    expect(outcome.previous?.pid).to.equal(dead.pid);
    lock.breakLockSync();

    const drawn = [
      ...read('docs/explanation/how-it-works.md').matchAll(/^ +P->>D: (\w+)(?:.*?(config\.json\S*))?/gm),
    ];
    expect(drawn.map(([, call, name = 'config.json.lock']) => `${call} ${name}`)).to.deep.equal(made);
  });

  it('originals.md: each row says what became of it, and a test that is there', () => {
    const rows = read('docs/explanation/originals.md')
      .split('\n')
      .filter((line) => line.startsWith('| ') && !line.startsWith('| ---') && !line.startsWith('| of the'))
      .map((line) =>
        line
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      );
    expect(rows).to.have.length.greaterThan(40);
    const titles = new Set(laws.map((law) => law.name));
    const sources = readdirSync(join(projectDirectory, 'test'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => read('test', name).replaceAll("\\'", "'"));
    for (const row of rows) {
      const [, , shown = ''] = row;
      expect(row, row.join()).to.have.lengthOf(3);
      expect(row.includes(''), row.join()).to.equal(false);
      const [, law] = /^Contract: (.*)$/.exec(shown) ?? [];
      if (law !== undefined) expect(titles.has(law), law).to.equal(true);
      else if (shown !== 'not there yet')
        expect(
          sources.some((source) => source.includes(shown)),
          shown,
        ).to.equal(true);
    }
  });
});
