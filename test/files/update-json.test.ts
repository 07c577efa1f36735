/** `updateJson` and its synchronous form: one suite over both. */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { UNCHANGED, LockFile, updateJson, updateJsonSync, type UpdateJsonOptions } from '../../src/index.js';
import { temporaryDirectory } from '../support/temporary.js';

type Form = (
  path: string,
  update: (old: unknown) => unknown,
  options?: UpdateJsonOptions,
) => Promise<unknown>;

const forms: Record<string, Form> = {
  updateJson,
  // eslint-disable-next-line @typescript-eslint/require-await -- a throw must become a rejection
  updateJsonSync: async (...args) => updateJsonSync(...args),
};

for (const [name, form] of Object.entries(forms)) {
  describe(name, () => {
    const file = (text?: string) => {
      const path = temporaryDirectory().expect('file.json').join('file.json');
      if (text !== undefined) writeFileSync(path, text);
      return path;
    };

    it('passes the value of the file, and writes the new one, indented and with a newline', async () => {
      const path = file('{"a":1}');
      const result = await form(path, (old) => ({ ...(old as object), b: [2] }));
      expect(result).to.deep.equal({ a: 1, b: [2] });
      expect(readFileSync(path, 'utf8')).to.equal('{\n  "a": 1,\n  "b": [\n    2\n  ]\n}\n');
    });

    it('indents by the option space', async () => {
      const path = file();
      await form(path, () => ({ a: 1 }), { space: 0 });
      expect(readFileSync(path, 'utf8')).to.equal('{"a":1}\n');
      await form(path, (old) => old, { space: '\t' });
      expect(readFileSync(path, 'utf8')).to.equal('{\n\t"a": 1\n}\n');
    });

    it('passes undefined for a missing file, and creates none for UNCHANGED', async () => {
      const path = file();
      let seen: unknown = 'nothing';
      const update = (old: unknown) => {
        seen = old;
        return UNCHANGED;
      };
      expect(await form(path, update)).to.equal(undefined);
      expect(seen).to.equal(undefined);
      expect(await new LockFile(path).isLocked()).to.equal(false);
    });

    it('returns the value in the file for UNCHANGED, also if the update modified the one that it got', async () => {
      const path = file('{"a":1}');
      const update = (old: unknown) => {
        (old as { a: number }).a = 2;
        return UNCHANGED;
      };
      expect(await form(path, update)).to.deep.equal({ a: 1 });
      expect(readFileSync(path, 'utf8')).to.equal('{"a":1}');
    });

    it('is an error, and leaves the file unchanged, if the update forgets to return the value', async () => {
      const path = file('{"a":1}');
      const update = (old: unknown) => {
        (old as { a: number }).a = 2;
      };
      const error = await form(path, update).catch((error: unknown) => error);
      expect(error).to.be.instanceOf(TypeError).with.property('message').that.includes('UNCHANGED');
      expect(readFileSync(path, 'utf8')).to.equal('{"a":1}');
    });

    it('distinguishes null from undefined', async () => {
      const path = file('null');
      expect(await form(path, (old) => [old])).to.deep.equal([null]);
      expect(await form(path, () => null)).to.equal(null);
      expect(readFileSync(path, 'utf8')).to.equal('null\n');
    });

    it('reads a file that begins with a byte order mark', async () => {
      const path = file('\uFEFF{"a":1}');
      expect(await form(path, (old) => old)).to.deep.equal({ a: 1 });
    });

    for (const text of ['{ "a": 1', '', 'undefined']) {
      it(`names the file and leaves it unchanged if it holds ${JSON.stringify(text)}`, async () => {
        const path = file(text);
        const error = await form(path, () => ({})).then(
          () => undefined,
          (error: unknown) => error,
        );
        expect(error).to.be.instanceOf(SyntaxError).with.property('message').that.includes(path);
        expect(error).to.have.property('cause').that.is.instanceOf(SyntaxError);
        expect(readFileSync(path, 'utf8')).to.equal(text);
        expect(await new LockFile(path).isLocked()).to.equal(false);
      });
    }

    it('leaves the file unchanged if the new value can’t be written as JSON', async () => {
      const path = file('1');
      const circle: unknown[] = [];
      circle.push(circle);
      for (const wrong of [() => 1, Symbol('a'), 1n, circle]) {
        const error = await form(path, () => wrong).then(
          () => undefined,
          (error: unknown) => error,
        );
        expect(error).to.be.instanceOf(TypeError);
      }
      expect(await form(path, 1 as never).catch(String)).to.equal('TypeError: update must be a function');
      expect(readFileSync(path, 'utf8')).to.equal('1');
    });
  });
}

describe('updateJson', () => {
  it('accepts an asynchronous update', async () => {
    const path = temporaryDirectory().expect('file.json').join('file.json');
    const add = () => updateJson<number>(path, async (old = 0) => (await Promise.resolve(old)) + 1);
    await Promise.all([add(), add(), add()]);
    expect(await add()).to.equal(4);
  });
});

describe('updateJsonSync', () => {
  it('refuses an asynchronous update, which would be written as an empty object', () => {
    const path = temporaryDirectory().expect('file.json').join('file.json');
    writeFileSync(path, '1');
    expect(() => updateJsonSync(path, () => Promise.resolve(2))).to.throw(TypeError, 'updateJson()');
    expect(readFileSync(path, 'utf8')).to.equal('1');
  });
});
