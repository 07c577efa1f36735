/**
 * Beacons, which holders create by default in a container, but not in the initial PID namespace.
 *
 * Rule: where beacons are off, a test is as strict as if they didn't exist.
 */
import { namespace, INITIAL_PID_NAMESPACE } from '../../src/system/proc.js';

const pidNamespace = namespace('pid');

/** Does every holder here have a beacon by default? */
export const beaconsByDefault = pidNamespace !== undefined && pidNamespace !== INITIAL_PID_NAMESPACE;

export const isBeacon = (name: string): boolean => /^\.holdfast-[0-9a-f]{8}-[0-9a-f]{24}$/.test(name);

/** The names that dead processes or broken locks may leave until the next sweep: none where beacons are off. */
export function withoutBeacons(names: readonly string[]): string[] {
  return names.filter((name) => !(beaconsByDefault && isBeacon(name)));
}

/**
 * Options for a lock that sweeps leftover beacons immediately, as if their grace period were over. If a beacon's claim
 * was never made, or its owner died in the queue, only its age shows that it isn't being created just now.
 */
export const afterTheirGrace = beaconsByDefault ? { orphanGraceMs: 0 } : {};
