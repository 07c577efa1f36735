/** Every rule is necessary: without it, some exploration fails. */
import { expect } from 'chai';
import { temporaryDirectory } from '../support/temporary.js';
import { Explorer } from './explorer.js';
import { mutants, realMutants } from './mutants.js';
import { mutate, runReal } from './mutate.js';
import { format } from './trace.js';

describe('without its rule the protocol fails:', () => {
  for (const [rule, mutant] of Object.entries(mutants)) {
    it(rule, async () => {
      const directory = temporaryDirectory();
      const scenario = mutant.scenario(await mutate(mutant, directory.path));
      const { states, failure } = new Explorer(scenario).run();
      directory.expect(...directory.leftovers());
      expect(failure?.law, `it survived ${states} states`).to.match(mutant.law);
      console.log(
        `        ${failure?.law ?? ''} (${scenario.name}: ${format(failure?.moves ?? [], scenario)})`,
      );
    });
  }

  for (const [rule, mutant] of Object.entries(realMutants)) {
    it(`${rule} (by the test that ${mutant.name})`, () => {
      const directory = temporaryDirectory();
      const said = runReal(mutant, directory.path);
      directory.expect(...directory.leftovers());
      expect(said, said).to.match(/ 1 failing[^]*AssertionError/);
    });
  }
});
