/** The verdict as a pure function: every system and sandbox, by the answers that its machine gives. */
import { expect } from 'chai';
import type { Identity, Machine, ProcessState, TaskState } from '../../src/system/machine.js';
import type { HolderRecord } from '../../src/model/record.js';
import type { BeaconState } from '../../src/model/steps.js';
import { judgeHolder } from '../../src/system/verdict.js';

const linux: Identity = {
  pid: 100,
  thread: 0,
  host: 'build-7',
  boot: 'boot-a',
  pidNamespace: '4026531836',
  timeNamespace: '4026531834',
  started: '1000',
};

const holder: HolderRecord = {
  ...linux,
  pid: 4242,
  started: '2000',
  token: 'a'.repeat(24),
  since: 0,
  local: true,
};

interface Answers {
  readonly platform?: NodeJS.Platform;
  readonly self?: Identity;
  readonly process?: ProcessState;
  readonly task?: TaskState;
  readonly isLocal?: boolean | undefined;
  readonly isVolatile?: boolean;
  readonly device?: number;
}

const there = (started?: string, zombie = false): ProcessState =>
  started === undefined ? { is: 'there', zombie } : { is: 'there', started, zombie };

function machine(answers: Answers = {}): Machine {
  const { platform = 'linux', self = linux, process = there('2000'), task = { is: 'gone' } } = answers;
  return {
    platform,
    self: () => self,
    process: () => process,
    task: () => task,
    isLocal: () => ('isLocal' in answers ? answers.isLocal : true),
    isVolatile: () => answers.isVolatile === true,
    device: () => answers.device ?? 7,
  };
}

const without = <T extends object, K extends keyof T>(record: T, ...fields: K[]): Omit<T, K> =>
  Object.fromEntries(Object.entries(record).filter(([field]) => !fields.includes(field as K))) as Omit<T, K>;

function verdict(record: HolderRecord, answers?: Answers, state?: BeaconState): string {
  return judgeHolder(record, machine(answers), '/somewhere', state).verdict;
}

describe('the verdict', () => {
  describe('under one boot and in one PID namespace', () => {
    it('a process that exists with its start time is alive', () => {
      expect(verdict(holder)).to.equal('alive');
    });

    it('a process that is gone is dead', () => {
      expect(verdict(holder, { process: { is: 'gone' } })).to.equal('dead');
    });

    it('a process that we may not check is unknown', () => {
      expect(verdict(holder, { process: { is: 'unknown' } })).to.equal('unknown');
    });

    it('a pid with another start time means a dead holder', () => {
      expect(verdict(holder, { process: there('2001') })).to.equal('dead');
    });

    it('our own pid with another start time means a dead holder', () => {
      expect(verdict({ ...holder, pid: linux.pid }, { process: there('1000') })).to.equal('dead');
    });

    it('another program in the same process means a dead holder', () => {
      const replaced: ProcessState = { is: 'there', started: '2000', image: 'beef', zombie: false };
      expect(verdict({ ...holder, image: 'cafe' }, { process: replaced })).to.equal('dead');
      expect(verdict({ ...holder, image: 'beef' }, { process: replaced })).to.equal('alive');
      expect(verdict({ ...holder, image: 'cafe' })).to.equal('alive');
      expect(verdict(holder, { process: replaced })).to.equal('alive');
    });

    it('a start time that one side lacks proves nothing', () => {
      expect(verdict(holder, { process: there() })).to.equal('alive');
      expect(verdict(without(holder, 'started'))).to.equal('alive');
    });

    it('start times of two time namespaces are not compared', () => {
      const self = { ...linux, timeNamespace: '4026532000' };
      expect(verdict(holder, { self, process: there('9') })).to.equal('alive');
      expect(verdict(without(holder, 'timeNamespace'), { process: there('9') })).to.equal('alive');
    });

    it('a zombie is dead', () => {
      expect(verdict(holder, { process: there('2000', true) })).to.equal('dead');
    });

    it('another host name changes nothing', () => {
      expect(verdict({ ...holder, host: 'renamed' })).to.equal('alive');
      expect(verdict({ ...holder, host: 'renamed' }, { process: { is: 'gone' } })).to.equal('dead');
    });

    it('the disk changes nothing', () => {
      const remote = without(holder, 'local');
      expect(verdict(remote, { isLocal: false })).to.equal('alive');
      expect(verdict(remote, { isLocal: false, process: { is: 'gone' } })).to.equal('dead');
    });
  });

  describe('on a worker thread', () => {
    const worker: HolderRecord = { ...holder, thread: 3, task: 4250, taskStarted: '2100' };

    it('that exists with its start time says alive', () => {
      expect(verdict(worker, { task: { is: 'there', started: '2100', ending: false } })).to.equal('alive');
    });

    it('that is gone says dead, though the process lives', () => {
      expect(verdict(worker, { task: { is: 'gone' } })).to.equal('dead');
    });

    it('that the kernel is ending says dead', () => {
      expect(verdict(worker, { task: { is: 'there', started: '2100', ending: true } })).to.equal('dead');
    });

    it('whose id is now another thread’s says dead', () => {
      expect(verdict(worker, { task: { is: 'there', started: '2101', ending: false } })).to.equal('dead');
    });

    it('says alive if the thread can’t be seen or compared', () => {
      const unseen: TaskState = { is: 'there', ending: false };
      const later: TaskState = { is: 'there', started: '9', ending: false };
      const self = { ...linux, timeNamespace: '4026532000' };
      expect(verdict(worker, { task: unseen })).to.equal('alive');
      expect(verdict(without(worker, 'taskStarted'), { task: later })).to.equal('alive');
      expect(verdict(worker, { self, task: later })).to.equal('alive');
    });

    it('says alive without a thread id while the process lives', () => {
      expect(verdict(without(worker, 'task'), { task: { is: 'gone' } })).to.equal('alive');
    });
  });

  describe('on another boot id', () => {
    const earlier: HolderRecord = { ...holder, boot: 'boot-b' };

    it('is dead on a disk that is local to both', () => {
      expect(verdict(earlier)).to.equal('dead');
    });

    it('is unknown on a disk that isn’t local to us, or of an unknown kind', () => {
      expect(verdict(earlier, { isLocal: false })).to.equal('unknown');
      expect(verdict(earlier, { isLocal: undefined })).to.equal('unknown');
    });

    it('is unknown if our own disk may be the holder’s network drive', () => {
      expect(verdict(without(earlier, 'local'))).to.equal('unknown');
    });

    it('is unknown if a container on either side has its own boot id', () => {
      expect(verdict({ ...earlier, replacedBoot: true })).to.equal('unknown');
      expect(verdict(earlier, { self: { ...linux, replacedBoot: true } })).to.equal('unknown');
    });

    it('is unknown on a memory filesystem, which survives no reboot', () => {
      expect(verdict(earlier, { isVolatile: true })).to.equal('unknown');
    });

    it('is what the beacon says on a memory filesystem, which only one kernel can have', () => {
      const sandboxed = { ...earlier, pidNamespace: '2', beacon: '0123abcd', device: 7 };
      const judge = (state?: BeaconState) =>
        judgeHolder(sandboxed, machine({ isVolatile: true }), '/somewhere', state);
      expect(judge()).to.have.property('beacon');
      expect(judge('dark').verdict).to.equal('dead');
    });

    it('of a container is dead on a disk that is local to both, as after a reboot of its host', () => {
      expect(verdict({ ...earlier, pidNamespace: '4026532500' })).to.equal('dead');
      const inAnother = { self: { ...linux, pidNamespace: '4026532600' } };
      expect(verdict({ ...earlier, pidNamespace: '4026532500' }, inAnother)).to.equal('dead');
    });

    it('goes by the pid within one container that has its own boot id', () => {
      const self: Identity = { ...linux, replacedBoot: true };
      expect(verdict({ ...holder, replacedBoot: true }, { self })).to.equal('alive');
      expect(verdict({ ...holder, replacedBoot: true }, { self, process: { is: 'gone' } })).to.equal('dead');
    });

    it('is not decided by the same host name, pid and start time', () => {
      expect(verdict(earlier, { isLocal: false, process: { is: 'gone' } })).to.equal('unknown');
    });
  });

  describe('on another PID namespace', () => {
    const container: HolderRecord = { ...holder, pidNamespace: '4026532500', beacon: '0123abcd', device: 7 };

    it('is unknown without a beacon, whatever its pid', () => {
      for (const process of [{ is: 'gone' } as const, there('2000'), there('9')])
        expect(verdict(without(container, 'beacon'), { process })).to.equal('unknown');
      expect(verdict(without(holder, 'pidNamespace'))).to.equal('unknown');
    });

    it('is what the beacon says', () => {
      expect(verdict(container, {}, 'lit')).to.equal('alive');
      expect(verdict(container, {}, 'dark')).to.equal('dead');
      expect(verdict(container, {}, 'silent')).to.equal('unknown');
    });

    it('is what the beacon says between containers with their own boot ids', () => {
      const nspawn: HolderRecord = { ...container, boot: 'boot-b', replacedBoot: true };
      expect(verdict(nspawn, {}, 'dark')).to.equal('dead');
      expect(verdict(nspawn, {}, 'lit')).to.equal('alive');
      const self = { ...linux, replacedBoot: true } as const;
      expect(verdict({ ...container, boot: 'boot-b' }, { self }, 'dark')).to.equal('dead');
    });

    it('doesn’t probe a beacon that could prove nothing', () => {
      const probed = (record: HolderRecord, answers?: Answers) =>
        judgeHolder(record, machine(answers), '/somewhere').beacon;
      expect(probed(container)).to.equal(`/somewhere/.holdfast-0123abcd-${container.token}`);
      expect(probed(without(container, 'beacon'))).to.equal(undefined);
      expect(probed(without(container, 'local'))).to.equal(undefined);
      expect(probed(container, { isLocal: false })).to.equal(undefined);
      expect(probed({ ...container, boot: 'boot-b' })).to.equal(undefined);
      expect(probed(without(container, 'boot'))).to.equal(undefined);
      expect(probed(container, { self: without(linux, 'boot') })).to.equal(undefined);
      expect(probed({ ...holder, beacon: '0123abcd' })).to.equal(undefined);
      // Seen through another mount, such as an overlay's upper directory, the socket is another inode, and refuses.
      expect(probed(container, { device: 8 })).to.equal(undefined);
      expect(probed(without(container, 'device'))).to.equal(undefined);
    });

    it('probes once: silence is an answer', () => {
      expect(judgeHolder(container, machine(), '/somewhere', 'silent')).not.to.have.property('beacon');
    });
  });

  describe('without a boot id', () => {
    const bare = without(holder, 'boot', 'pidNamespace', 'timeNamespace', 'started');
    const self = without(linux, 'boot', 'pidNamespace', 'timeNamespace', 'started');

    for (const platform of ['darwin', 'win32'] as const) {
      it(`on ${platform} it goes by the pid alone`, () => {
        expect(verdict(bare, { platform, self, process: there() })).to.equal('alive');
        expect(verdict(bare, { platform, self, process: { is: 'gone' } })).to.equal('dead');
      });

      it(`on ${platform} our own pid is said to be our own: it may have been reused`, () => {
        const judgement = judgeHolder(
          { ...bare, pid: linux.pid },
          machine({ platform, self, process: there() }),
          '/somewhere',
        );
        expect(judgement.reason).to.include('this very process');
      });

      it(`on ${platform} it is unknown on a disk that machines share`, () => {
        const gone = { platform, self, process: { is: 'gone' } } as const;
        expect(verdict(bare, { ...gone, isLocal: false })).to.equal('unknown');
        expect(verdict(bare, { ...gone, isLocal: undefined })).to.equal('unknown');
        expect(verdict(without(bare, 'local'), gone)).to.equal('unknown');
      });

      it(`on ${platform} a holder with a boot id runs on another system, in a guest or a container`, () => {
        expect(verdict(holder, { platform, self, process: { is: 'gone' } })).to.equal('unknown');
      });
    }

    it('in a Linux sandbox without /proc it is unknown', () => {
      expect(verdict(bare, { self, process: { is: 'gone' } })).to.equal('unknown');
      expect(verdict(holder, { self, process: { is: 'gone' } })).to.equal('unknown');
    });

    it('of a Linux holder without /proc it is unknown', () => {
      expect(verdict(bare, { process: { is: 'gone' } })).to.equal('unknown');
    });
  });

  it('of unknown gives the reason, and where to check', () => {
    const unknowns: [HolderRecord, Answers][] = [
      [{ ...holder, pidNamespace: '1' }, {}],
      [{ ...holder, boot: 'boot-b' }, { isLocal: false }],
      [{ ...holder, boot: 'boot-b', replacedBoot: true }, {}],
      [without(holder, 'boot'), {}],
      [{ ...holder, boot: 'boot-b' }, { isVolatile: true }],
      [{ ...holder, pidNamespace: '1', beacon: '0123abcd' }, {}],
      [without(holder, 'boot'), { platform: 'darwin', self: without(linux, 'boot'), isLocal: false }],
    ];
    for (const [record, answers] of unknowns) {
      const { verdict, reason } = judgeHolder(record, machine(answers), '/somewhere');
      expect(verdict).to.equal('unknown');
      expect(reason).to.match(/\. Check from /);
    }
  });
});
