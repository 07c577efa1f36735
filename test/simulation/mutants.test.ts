/** Each rule is needed: without it, some exploration fails. */
import { expect } from 'chai';
import { temporaryDirectory } from '../support/temporary.js';
import { Explorer } from './explorer.js';
import { mutants, mutate } from './mutants.js';
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
});
