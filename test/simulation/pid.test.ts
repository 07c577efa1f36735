/** The pid file: every order of every call at both its names, with kills, refusals, and other programs' pid files. */
import { explore } from './exploration.js';
import {
  pidContest,
  pidMeeting,
  pidOverwritten,
  pidRaid,
  pidReused,
  pidRobbery,
  pidStarts,
  pidTrouble,
} from './pid-scenarios.js';
import { shipped } from './programs.js';
import { refusals } from './scenarios.js';

describe('two contenders for a pid file: never two holders, never stuck:', () => {
  for (const start of pidStarts) {
    it(`two kills, initial file: ${start}, whether or not pids prove anything`, () => {
      explore(pidContest(2, start, 2));
      explore(pidContest(2, start, 2, shipped, true));
    });

    it(`one gives up or exits, initial file: ${start}`, () => {
      explore(pidTrouble(2, start, 'abort'));
      explore(pidTrouble(2, start, 'exit'));
    });
  }
});

describe('a pid file that is broken by force', () => {
  for (const start of pidStarts) {
    it(`gets no third holder, initial file: ${start}`, () => {
      explore(pidRobbery(1, start, 2));
    });
  }
});

describe('a call on a pid file is', () => {
  for (const how of Object.keys(refusals) as (keyof typeof refusals)[]) {
    it(`${how}: never two holders, and never half a lock`, () => {
      for (const start of pidStarts) explore(pidTrouble(1, start, how));
      explore(pidTrouble(2, 'ours', how));
      explore(pidRaid('free', how));
    });
  }
});

describe('another program’s pid file', () => {
  it('is never removed', () => {
    explore(pidMeeting(1));
    explore(pidMeeting(2));
  });

  it('is not taken for ours although a record with its pid was left beside it', () => {
    explore(pidReused());
  });

  it('is not taken for ours although it was written into our file', () => {
    explore(pidOverwritten());
  });
});
