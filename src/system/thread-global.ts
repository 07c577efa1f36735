/**
 * What all copies of this package in one thread have in common (two bundles, or a bundle and an installed one). They
 * must agree on its shape, so a name ends with a number, to be changed with the shape.
 */
export function threadGlobal<T>(name: string, make: () => T): T {
  const all = globalThis as { [key: symbol]: T | undefined };
  return (all[Symbol.for(`holdfast.${name}`)] ??= make());
}
