/** What `holdfast/contract` exports: the contract of a lock, as a test suite. */
export { contract, type Runner, type Subject } from './contract/suite.js';
