/** Protocols that are known to be wrong die in the explorer; what it can't kill, it can't vouch for. */
import { expect } from 'chai';
import { Explorer, type Scenario } from './explorer.js';
import * as wrong from './known-wrong.js';
import { contest, meeting, old, robbery } from './scenarios.js';
import { format, tell } from './trace.js';

const protocols: Readonly<Record<string, [law: RegExp, scenario: Scenario]>> = {
  'check, then unlink': [/LAW-1/, contest(['link', 'link'], 'link', 0, wrong.checkThenUnlink)],
  'unlink under an eviction lock without looking again': [
    /LAW-1/,
    contest(['link', 'link'], 'link', 0, wrong.noSecondLook),
  ],
  'an eviction lock that nobody can break': [
    /LAW-5/,
    contest(['link', 'link'], 'link', 1, wrong.unbreakableEviction),
  ],
  'mkdir without listing': [/LAW-1/, contest(['mkdir', 'mkdir'], 'free', 0, wrong.mkdirWithoutListing)],
  'a prepared directory renamed onto the name': [
    /LAW-1/,
    meeting(['mkdir'], 'proper-lockfile', wrong.renamedDirectory),
  ],
  'a release that looks, then unlinks': [
    /LAW-2/,
    robbery(['link', 'link'], 'link', 0, wrong.checkingRelease),
  ],
  'what is old is removed': [/LAW-1/, old(['mkdir', 'mkdir'], wrong.removeWhatIsOld)],
  'what is old is renamed aside': [/LAW-1/, old(['mkdir', 'mkdir', 'mkdir'], wrong.moveWhatIsOld)],
};

describe('the explorer sees it die:', () => {
  for (const [name, [law, scenario]] of Object.entries(protocols)) {
    it(name, () => {
      const { failure } = new Explorer({ ...scenario, laws: law }).run();
      expect(failure?.law).to.match(law);
      const moves = failure?.moves ?? [];
      console.log(
        [`        ${failure?.law ?? ''} (${format(moves, scenario)})`, ...tell(moves, scenario)].join(
          '\n        ',
        ),
      );
    });
  }
});
