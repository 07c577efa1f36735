/**
 * Are file system calls of this thread under way in the thread pool?
 *
 * Node lists them. A call is listed until its callback has returned, though, and with it all that was awaited. So right
 * after `await rename(…)` the list names a call that has ended. That one is recognized by its promise, or because its
 * callback is what runs.
 *
 * Not promised: that an ended call is always recognized. Then the answer is yes. Node doesn't list the calls of native
 * add-ons, and other runtimes list none.
 */
import * as asyncHooks from 'node:async_hooks';
import { inspect } from 'node:util';

/** `FSReqCallback`, `FSReqPromise`. Closing a file (`CloseReq`) writes nothing. */
const FILE_CALL = /^FSReq/;

interface Runtime {
  getActiveResourcesInfo?: () => string[];
  _getActiveRequests?: () => object[];
}

export function hasFileCallsUnderWay(): boolean {
  const runtime = process as Runtime;
  const listed = runtime.getActiveResourcesInfo?.().filter((name) => FILE_CALL.test(name)) ?? [];
  if (listed.length === 0) return false;
  const calls = runtime._getActiveRequests?.().filter((call) => FILE_CALL.test(call.constructor.name)) ?? [];
  return calls.length !== listed.length || !calls.every(hasEnded);
}

function hasEnded(call: object): boolean {
  if ('promise' in call) return !inspect(call.promise, { depth: 0 }).includes('<pending>');
  return call === asyncHooks.executionAsyncResource();
}
