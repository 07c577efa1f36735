/** The gates that `coverage.ts` closes after the suite can close. */
import { expect } from 'chai';
import { complaints, type Summary } from './coverage.js';

const table = { 'word.ts': 0, 'protocol.ts': 1, 'drive.ts': 2 };

describe('the coverage gates', () => {
  it('let pass what is covered', () => {
    expect(check({})).to.deep.equal([]);
  });

  it('want every branch on floors 0 and 1', () => {
    expect(check({ 'word.ts': 99.9, 'protocol.ts': 50, 'drive.ts': 50 })).to.deep.equal([
      'src/word.ts: 99.9 % of branches, 100 % are required on floors 0 and 1',
      'src/protocol.ts: 50 % of branches, 100 % are required on floors 0 and 1',
    ]);
  });

  it('want 90 % overall', () => {
    expect(check({ total: 89 })).to.deep.equal([
      'overall: 89 % of lines, 90 % are required',
      'overall: 89 % of branches, 90 % are required',
      'overall: 89 % of functions, 90 % are required',
    ]);
  });

  it('want to have measured at all', () => {
    expect(complaints({}, table)).to.have.lengthOf(5);
  });
});

function check(percents: Readonly<Record<string, number>>): string[] {
  const covered = { 'word.ts': 100, 'protocol.ts': 100, 'drive.ts': 90, total: 90, ...percents };
  const summary: Summary = Object.fromEntries(
    Object.entries(covered).map(([name, pct]) => [
      name,
      { lines: { pct }, branches: { pct }, functions: { pct } },
    ]),
  );
  return complaints(summary, table);
}
