/** How long a lock stays free after its holder was killed: the only promise here that is a time. */
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { Crew, type Contender, type ContenderProcess } from '../support/referee-crew.js';
import type { WaiterTask } from '../support/referee-waiter.js';
import { Referee, clock, quantile } from '../support/referee.js';
import { temporaryDirectory } from '../support/temporary.js';

const ROUNDS = 20;
const LIMIT_MS = 50;
/** After this time a waiter's pauses have reached their maximum. */
const WAIT_MS = 100;

const script = fileURLToPath(new URL('../support/referee-waiter.js', import.meta.url));

/** One process, and its last line of output. */
class Waiter {
  readonly process: ContenderProcess;
  #said = '';
  #wanted: { verb: string; resolve: () => void } | undefined;

  constructor(crew: Crew, task: WaiterTask) {
    this.process = crew.start(script, task, 1, ([verb = '']) => {
      this.#said = verb;
      if (this.#wanted?.verb === verb) this.#wanted.resolve();
    });
  }

  async says(verb: string): Promise<void> {
    if (this.#said !== verb) await new Promise<void>((resolve) => (this.#wanted = { verb, resolve }));
  }

  goOn(): void {
    (this.process.contenders[0] as Contender).answer('');
  }
}

for (const form of ['async', 'sync'] as const) {
  describe(`a contender (${form}) for a lock whose holder was killed has it in under ${LIMIT_MS} ms`, function () {
    this.timeout(120_000);

    let path: string;
    let crew: Crew;

    beforeEach(() => {
      path = temporaryDirectory().join('file');
      crew = new Crew(new Referee());
    });

    afterEach(() => crew.dismiss());

    /** The median time until the process enters that `round` lets in. */
    async function median(
      round: (holder: ContenderProcess, waiter: Waiter) => Promise<number>,
    ): Promise<number> {
      const waiter = new Waiter(crew, { path, form });
      const times: number[] = [];
      let next = new Waiter(crew, { path, form });
      for (let count = 0; count < ROUNDS; count++) {
        const holder = next;
        await holder.says('ready');
        holder.goOn();
        await holder.says('holds');
        next = new Waiter(crew, { path, form });
        await next.says('ready');
        await waiter.says('ready');
        const since = await round(holder.process, waiter);
        await waiter.says('holds');
        times.push((waiter.process.contenders[0]?.enteredAt ?? Infinity) - since);
        waiter.goOn();
      }
      await waiter.says('ready');
      return quantile(times, 0.5) ?? Infinity;
    }

    it('after the kill, when it was waiting already', async () => {
      const time = await median(async (holder, waiter) => {
        waiter.goOn();
        await waiter.says('waits');
        await sleep(WAIT_MS);
        const killedAt = clock();
        holder.kill();
        return killedAt;
      });
      expect(time).to.be.below(LIMIT_MS);
    });

    it('after it came, when it comes after the death', async () => {
      const time = await median(async (holder, waiter) => {
        holder.kill();
        await holder.ended;
        const cameAt = clock();
        waiter.goOn();
        return cameAt;
      });
      expect(time).to.be.below(LIMIT_MS);
    });
  });
}
