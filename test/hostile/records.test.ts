/** The record's text: our records are read as written, and no other text is taken for one of ours. */
import { expect } from 'chai';
import fc from 'fast-check';
import { holderFrom } from '../../src/model/holder.js';
import { describeHolder } from '../../src/model/holder-text.js';
import { MAX_NOTE_BYTES, formatRecord, parseRecord, type HolderRecord } from '../../src/model/record.js';
import { judgeHolder } from '../../src/system/verdict.js';
import { thisMachine } from '../../src/system/machine.js';

const count = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const pid = fc.integer({ min: 1, max: 2 ** 31 - 1 });
const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 });

const anyRecord = fc.record(
  {
    token: fc.stringMatching(/^[0-9a-f]{24}$/),
    pid,
    host: fc.string({ unit: 'binary', maxLength: 64 }),
    since: count,
    thread: count,
    task: pid,
    taskStarted: name,
    boot: name,
    replacedBoot: fc.constant(true as const),
    pidNamespace: name,
    timeNamespace: name,
    started: name,
    image: name,
    local: fc.constant(true as const),
    beacon: fc.stringMatching(/^[0-9a-f]{8}$/),
    device: count,
    note: fc.string({ unit: 'binary', maxLength: 100 }),
  },
  { requiredKeys: ['token', 'pid', 'host', 'since'] },
) as fc.Arbitrary<HolderRecord>;

describe('a record', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(anyRecord, (record) => {
        expect(parseRecord(formatRecord(record))).to.deep.equal({ ...record });
      }),
    );
  });

  it('is invalid if any field is invalid', () => {
    const bad: [keyof HolderRecord, unknown][] = [
      ...[0, -1, 2 ** 31, 2 ** 53, 1.5, '1e9', '1', null, [1], {}].map(
        (value) => ['pid', value] as [never, never],
      ),
      ...['', 'a/b', '../x', 'A'.repeat(24), 'a'.repeat(25), `${'a'.repeat(23)}\n`, 7, null].map(
        (value) => ['token', value] as [never, never],
      ),
      ['thread', -1],
      ['task', 0],
      ['task', '7'],
      ['taskStarted', 7],
      ['host', 7],
      ['boot', ''],
      ['replacedBoot', false],
      ['pidNamespace', 4026531836],
      ['timeNamespace', null],
      ['started', 5],
      ['image', 5],
      ['local', 'yes'],
      ['beacon', true],
      ['beacon', '../../12'],
      ['beacon', 'a'.repeat(9)],
      ['device', -1],
      ['device', '7'],
      ['since', 1e300],
      ['since', -1],
      ['since', '2020-01-01'],
      ['note', 7],
    ];
    const good = { token: 'a'.repeat(24), pid: 1, host: '', since: 0 };
    expect(parseRecord(formatRecord(good))).to.deep.equal(good);
    for (const [field, value] of bad) {
      const changed = JSON.stringify({ holdfast: 1, ...good, [field]: value });
      expect(parseRecord(changed), changed).to.equal(undefined);
    }
  });

  it('is invalid in another version', () => {
    const text = formatRecord({ token: 'a'.repeat(24), pid: 1, host: '', since: 0 });
    expect(parseRecord(text.replace('"holdfast":1', '"holdfast":2'))).to.equal(undefined);
    expect(parseRecord(text.replace('"holdfast":1', '"holdfast":"1"'))).to.equal(undefined);
  });

  it('keeps no unknown field', () => {
    const text = `{"holdfast":1,"token":"${'a'.repeat(24)}","pid":1,"host":"","since":0,"verdict":"dead","__proto__":{"boot":"x"}}`;
    const record = parseRecord(text);
    expect(record).to.have.all.keys('token', 'pid', 'host', 'since');
    expect(record?.boot).to.equal(undefined);
  });

  it('of any text never makes the parser or the verdict throw', () => {
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.json(),
      fc
        .tuple(anyRecord, fc.dictionary(fc.string(), fc.jsonValue()))
        .map(([record, more]) => JSON.stringify({ holdfast: 1, ...record, ...more })),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const record = parseRecord(text);
        if (record === undefined) return;
        expect(['alive', 'dead', 'unknown']).to.include(judgeHolder(record, thisMachine, '/tmp').verdict);
      }),
    );
    for (const piece of ['[', '{"a":', '"']) expect(parseRecord(piece.repeat(100_000))).to.equal(undefined);
  });

  it('fits in a symbolic link of XFS, with the longest note and every field', () => {
    const record: Required<HolderRecord> = {
      token: 'a'.repeat(24),
      pid: 4194304,
      thread: 100_000,
      task: 4194304,
      taskStarted: '9'.repeat(12),
      host: 'h'.repeat(64),
      boot: 'b'.repeat(36),
      replacedBoot: true,
      pidNamespace: '4026531836',
      timeNamespace: '4026531834',
      started: '9'.repeat(12),
      image: 'f'.repeat(4),
      local: true,
      beacon: '0'.repeat(8),
      device: 2 ** 32,
      lifeline: 1_000_000,
      since: Date.now(),
      note: 'n'.repeat(MAX_NOTE_BYTES - 2),
    };
    expect(Buffer.byteLength(formatRecord(record))).to.be.below(1024);
  });

  it('never puts control characters into a message', () => {
    fc.assert(
      fc.property(anyRecord, (record) => {
        const holder = holderFrom(
          { kind: 'mkdir', records: [record] },
          { verdict: 'alive', reason: 'the process is alive' },
        );
        const words = describeHolder('/README.lock', holder, Date.now());
        expect(words).not.to.match(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
        expect(words.length).to.be.below(1000);
      }),
    );
  });
});
