/**
 * What is on disk by itself in a container: beacons, which are off in the initial PID namespace.
 *
 * Rule: where they are off, a test is as strict as if there were none at all.
 */
import { namespace, INITIAL_PID_NAMESPACE } from '../../src/system/proc.js';

const pidNamespace = namespace('pid');

/** Does every holder here have a beacon, unless the option says otherwise? */
export const beaconsByDefault = pidNamespace !== undefined && pidNamespace !== INITIAL_PID_NAMESPACE;

export const isBeacon = (name: string): boolean => /^\.holdfast-[0-9a-f]{8}-[0-9a-f]{24}$/.test(name);

/** What may stay, of these names, of the dead or the broken until somebody sweeps: nothing where beacons are off. */
export function withoutBeacons(names: readonly string[]): string[] {
  return names.filter((name) => !(beaconsByDefault && isBeacon(name)));
}

/**
 * The option of one who comes after the grace of all that the dead left, and sweeps it. Where a beacon is of a claim
 * that never was, or of one that died in line, nothing but its age tells that it isn't just being lit.
 */
export const afterTheirGrace = beaconsByDefault ? { orphanGraceMs: 0 } : {};
