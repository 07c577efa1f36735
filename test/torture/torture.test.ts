import { existsSync } from 'node:fs';
import { expect } from 'chai';
import { memoryFilesystem, temporaryDirectory } from '../support/temporary.js';
import { Torture, type Figures, type TortureOptions } from './torture.js';

const OPTIONS: Omit<TortureOptions, 'directory'> = {
  seconds: 10,
  processes: 5,
  kinds: ['default', 'link', 'mkdir', 'symlink'],
  stops: true,
  delays: true,
  seed: 1,
};

describe('under torture', function () {
  // Ten seconds, and time to start and end on a busy machine.
  this.timeout(180_000);

  async function torture(options: TortureOptions): Promise<Figures> {
    const torture = new Torture(options);
    try {
      return await torture.play();
    } finally {
      await torture.cancel();
    }
  }

  function expectHarmless({ overlaps, errors, left }: Figures): void {
    expect({ overlaps, errors, left }).to.deep.equal({ overlaps: 0, errors: [], left: [] });
  }

  function expectSevere({ entries, killedInside, killedElsewhere, recoveries, stops }: Figures): void {
    expect(entries).to.be.above(20);
    expect(killedInside + killedElsewhere).to.be.above(2);
    expect(recoveries).not.to.deep.equal([]);
    expect(stops).to.be.above(0);
  }

  it('there are never two holders, no error and nothing left, on a disk', async () => {
    const figures = await torture({ ...OPTIONS, directory: temporaryDirectory().path });
    expectHarmless(figures);
    expectSevere(figures);
  });

  it('there are never two holders, no error and nothing left, in memory', async function () {
    if (!existsSync(memoryFilesystem)) this.skip();
    const figures = await torture({ ...OPTIONS, directory: temporaryDirectory(memoryFilesystem).path });
    expectHarmless(figures);
    expectSevere(figures);
  });

  it('a missing lock is detected', async () => {
    const directory = temporaryDirectory().path;
    const { overlaps } = await torture({ ...OPTIONS, directory, kinds: ['none'], seconds: 2, delays: false });
    expect(overlaps).to.be.above(0);
  });
});
