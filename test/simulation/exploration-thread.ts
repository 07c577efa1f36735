/** A thread of `exploreSideBySide`. It explores scenarios by name until it gets no more of them. */
import { parentPort } from 'node:worker_threads';
import { catalogue } from './catalogue.js';
import { explored, type ExplorationReport } from './exploration.js';

function report(name: string): ExplorationReport {
  const scenario = catalogue().find((each) => each.name === name);
  if (scenario === undefined) return { failure: `catalogue.ts has no ${name}` };
  try {
    return { words: explored(scenario) };
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}

parentPort?.on('message', (name: string | undefined) => {
  if (name === undefined) parentPort?.close();
  else parentPort?.postMessage(report(name));
});
