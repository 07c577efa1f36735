/**
 * State that all copies of this package in one thread share (two bundles, or a bundle and an installed package). They
 * must agree on its shape, so each name ends with a version number. Change the number when you change the shape.
 */
export function threadGlobal<T>(name: string, make: () => T): T {
  const all = globalThis as { [key: symbol]: T | undefined };
  return (all[Symbol.for(`holdfast.${name}`)] ??= make());
}
