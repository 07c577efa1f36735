/** The coverage gates can fail. */
import { expect } from 'chai';
import { complaints, type Summary } from './coverage.js';

const files = ['model/word.ts', 'protocol/acquire.ts', 'driver/run.ts'];

describe('the coverage gates', () => {
  it('let pass what is covered', () => {
    expect(check({})).to.deep.equal([]);
  });

  it('want every branch in model/ and protocol/', () => {
    expect(check({ 'model/word.ts': 99.9, 'protocol/acquire.ts': 50, 'driver/run.ts': 50 })).to.deep.equal([
      'src/model/word.ts: 99.9 % of branches, 100 % are required in model/ and protocol/',
      'src/protocol/acquire.ts: 50 % of branches, 100 % are required in model/ and protocol/',
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
    expect(complaints({}, files)).to.have.lengthOf(5);
  });
});

function check(percents: Readonly<Record<string, number>>): string[] {
  const covered = {
    'model/word.ts': 100,
    'protocol/acquire.ts': 100,
    'driver/run.ts': 90,
    total: 90,
    ...percents,
  };
  const summary: Summary = Object.fromEntries(
    Object.entries(covered).map(([name, pct]) => [
      name,
      { lines: { pct }, branches: { pct }, functions: { pct } },
    ]),
  );
  return complaints(summary, files);
}
