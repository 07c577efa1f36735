/**
 * The floors of `src/`: the one table. A new file is added here first.
 *
 * Floor 0 is words, 1 protocols, 2 the world (drivers, processes), 3 locks, 4 what callers see. The rules that
 * follow from a file's floor are in `floor-rules.ts`; how well its tests must cover it, in `coverage.ts`.
 */
export type Floor = 0 | 1 | 2 | 3 | 4;

export const floors: Readonly<Record<string, Floor>> = {
  'step.ts': 0,
  'record.ts': 0,
  'claim.ts': 0,
  'foreign.ts': 0,
  'holder.ts': 0,
  'errors.ts': 0,
  'refusal.ts': 0,

  'inspect.ts': 1,
  'exclusive.ts': 1,
  'directory.ts': 1,
  'contend.ts': 1,
  'acquire.ts': 1,
  'release.ts': 1,
  'sweep.ts': 1,
  'twin.ts': 1,
  'pid.ts': 1,

  'proc.ts': 2,
  'disks.ts': 2,
  'machine.ts': 2,
  'verdict.ts': 2,
  'within.ts': 2,
  'writer.ts': 2,
  'perform.ts': 2,
  'drive.ts': 2,
  'directories.ts': 2,
  'replace.ts': 2,

  'options.ts': 3,
  'queue.ts': 3,
  'registry.ts': 3,
  'exit.ts': 3,
  'failures.ts': 3,
  'turn.ts': 3,
  'tenure.ts': 3,
  'lock-file.ts': 3,
  'kinds.ts': 3,
  'pid-lock-file.ts': 3,

  'locked.ts': 4,
  'update-file.ts': 4,
  'update-json.ts': 4,
  'index.ts': 4,
  'protocol.ts': 4,
  'zc.ts': 4,
  'contract.ts': 4,
  'contract-laws.ts': 4,
  'contract-form.ts': 4,
  'contract-crew.ts': 4,
  'contract-agent.ts': 4,
  'command/duration.ts': 4,
  'command/arguments.ts': 4,
  'command/help.ts': 4,
  'command/say.ts': 4,
  'command/run.ts': 4,
  'command/status.ts': 4,
  'command/wait.ts': 4,
  'command/break.ts': 4,
  'command/main.ts': 4,
};
