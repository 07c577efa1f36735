import { expect } from 'chai';
import { Referee, clock } from './referee.js';

const A = { name: 'A' };
const B = { name: 'B' };
const C = { name: 'C' };

describe('the referee', () => {
  let referee: Referee<object>;

  beforeEach(() => (referee = new Referee()));

  function stays(contender: object, from: number, until: number): void {
    referee.enter(contender, from);
    referee.leave(contender, until);
  }

  it('sees that one who enters before the other has left overlaps', () => {
    stays(A, 1, 3);
    stays(B, 2, 4);
    expect(referee.judge().overlaps).to.equal(1);
  });

  it('goes by the times, in whatever order it hears of them', () => {
    referee.enter(B, 20);
    stays(A, 10, 15);
    referee.leave(B, 25);
    expect(referee.judge().overlaps).to.equal(0);
    stays(C, 14, 16);
    expect(referee.judge().overlaps).to.equal(1);
  });

  it('sees an overlap with a long stay that a short one has interrupted', () => {
    stays(A, 1, 10);
    stays(B, 2, 3);
    stays(C, 4, 5);
    expect(referee.judge().overlaps).to.equal(2);
  });

  it('takes one who was killed inside to have stayed until the kill, and no longer', () => {
    referee.enter(A, clock() - 10);
    stays(B, clock() - 5, clock() - 4);
    referee.kills(A);
    stays(C, clock() + 7, clock() + 8);
    expect(referee.died(A)).to.equal(true);
    const { overlaps, killedInside, recoveries } = referee.judge();
    expect({ overlaps, killedInside }).to.deep.equal({ overlaps: 1, killedInside: 1 });
    expect(recoveries).to.have.length(1);
    expect(recoveries[0]).to.be.within(7, 1_000);
  });

  it('knows who died outside', () => {
    stays(A, 1, 2);
    referee.kills(A);
    expect(referee.died(A)).to.equal(false);
    expect(referee.judge().killedInside).to.equal(0);
  });
});
