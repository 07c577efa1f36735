/** Watches that replace a check. */
import { linkSync, mkdirSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { watchName } from '../../src/driver/watch.js';
import { temporaryDirectory } from '../support/temporary.js';

const makers = {
  link: (name: string) => {
    writeFileSync(`${name}.private`, '');
    linkSync(`${name}.private`, name);
    unlinkSync(`${name}.private`);
  },
  mkdir: (name: string) => {
    mkdirSync(name);
  },
  symlink: (name: string) => {
    symlinkSync('a text that leads nowhere', name);
  },
};

describe('a watch over a name', () => {
  for (const [kind, make] of Object.entries(makers) as [keyof typeof makers, (name: string) => void][]) {
    it(`stands only if the name does: ${kind}`, () => {
      const name = temporaryDirectory().join('data.lock');
      const unheard = () => {
        throw new Error('nothing happened');
      };
      expect(watchName(name, kind, unheard), 'after its end').to.equal('gone');
      make(name);
      const watch = watchName(name, kind, unheard);
      if (typeof watch !== 'object') throw new Error(`it is ${watch}`);
      watch.close();
      rmSync(name, { recursive: true });
    });
  }
});
