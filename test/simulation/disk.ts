/**
 * A simulated disk: names, files with several names, symbolic links, directories, and a clock that only the
 * explorer moves.
 *
 * Rule WORLD-1: Every call of this disk answers and fails as POSIX specifies. `conformance.test.ts` makes the same
 * calls here and on real disks, and requires the same answers.
 * Rule WORLD-2: A disk that was handed out never changes. To act on it, take a copy.
 *
 * Not modelled: permissions but for our mark, sizes, owners, mounts, and paths that lead through a symbolic link to
 * something.
 */

/** What a name leads to. Times are ticks of the explorer's clock: one tick is longer than any grace. */
export interface Inode {
  readonly is: 'file' | 'symlink' | 'directory';
  /** A file's content or a link's target. */
  readonly text: string;
  /** A file whose mode has our mark. */
  readonly isMarked?: boolean;
  readonly changed: number;
}

/** A system's refusal, as a driver throws it into a protocol. */
export class Refusal extends Error {
  readonly code: string;
  readonly syscall: string;

  constructor(code: string, syscall: string) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0; // There are millions of them, and nobody reads their stacks.
    super(`${code}: ${syscall}`);
    Error.stackTraceLimit = stackTraceLimit;
    this.code = code;
    this.syscall = syscall;
  }
}

/** The longest name that a directory holds, in bytes: what a link's target must not exceed to be looked up. */
const NAME_LIMIT = 255;

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));

export class Disk {
  /** Path to inode. The root is `''`; every other path starts with a slash. */
  readonly #names: Map<string, Inode>;
  #now: number;

  constructor(names?: ReadonlyMap<string, Inode>, now = 0) {
    this.#names = new Map(names ?? [['', { is: 'directory', text: '', changed: 0 }]]);
    this.#now = now;
  }

  copy(): Disk {
    return new Disk(this.#names, this.#now);
  }

  /** Every path but the root, sorted. */
  paths(): string[] {
    return [...this.#names.keys()].filter((path) => path !== '').sort();
  }

  get(path: string): Inode | undefined {
    return this.#names.get(path);
  }

  create(path: string, isMarked = false): void {
    this.#mustBeFree('open', path);
    this.#add(path, { is: 'file', text: '', isMarked, changed: this.#now });
  }

  /** Writes into a file that `create` made, by the descriptor: whether it still has a name or not. */
  fill(path: string, text: string): void {
    const inode = this.#names.get(path);
    if (inode?.is !== 'file') return;
    const filled: Inode = { ...inode, text, changed: this.#now };
    for (const [name, each] of this.#names) if (each === inode) this.#names.set(name, filled);
  }

  link(from: string, to: string): void {
    const inode = this.#find('link', from);
    this.#mustBeFree('link', to);
    if (inode.is === 'directory') throw new Refusal('EPERM', 'link');
    this.#add(to, inode);
  }

  symlink(text: string, path: string): void {
    if (text === '') throw new Refusal('ENOENT', 'symlink');
    this.#mustBeFree('symlink', path);
    this.#add(path, { is: 'symlink', text, changed: this.#now });
  }

  mkdir(path: string): void {
    this.#mustBeFree('mkdir', path);
    this.#add(path, { is: 'directory', text: '', changed: this.#now });
  }

  rename(from: string, to: string): void {
    this.#mustHaveParent('rename', from);
    this.#mustHaveParent('rename', to);
    const inode = this.#find('rename', from);
    const target = this.#names.get(to);
    if (inode.is === 'directory' && to.startsWith(`${from}/`)) throw new Refusal('EINVAL', 'rename');
    if (from.startsWith(`${to}/`)) throw new Refusal('ENOTEMPTY', 'rename');
    if (target === inode) return;
    if (target?.is === 'directory') {
      if (inode.is !== 'directory') throw new Refusal('EISDIR', 'rename');
      if (this.#children(to).length > 0) throw new Refusal('ENOTEMPTY', 'rename');
    } else if (target !== undefined && inode.is === 'directory') throw new Refusal('ENOTDIR', 'rename');
    const moved = [...this.#names].filter(([path]) => path.startsWith(`${from}/`));
    this.#remove(from);
    this.#add(to, inode);
    for (const [path, each] of moved) {
      this.#names.delete(path);
      this.#names.set(to + path.slice(from.length), each);
    }
  }

  /** What `open` without following links finds; a refusal if nothing. */
  open(path: string): Inode {
    return this.#find('open', path);
  }

  readlink(path: string): string {
    const inode = this.#find('readlink', path);
    if (inode.is !== 'symlink') throw new Refusal('EINVAL', 'readlink');
    return inode.text;
  }

  list(path: string): string[] {
    const inode = this.#find('opendir', path);
    if (inode.is === 'symlink') throw this.#through(inode, 'opendir');
    if (inode.is !== 'directory') throw new Refusal('ENOTDIR', 'opendir');
    return this.#children(path);
  }

  lstat(path: string): Inode {
    return this.#find('lstat', path);
  }

  unlink(path: string): void {
    if (this.#find('unlink', path).is === 'directory') throw new Refusal('EISDIR', 'unlink');
    this.#remove(path);
  }

  rmdir(path: string): void {
    if (this.#find('rmdir', path).is !== 'directory') throw new Refusal('ENOTDIR', 'rmdir');
    if (this.#children(path).length > 0) throw new Refusal('ENOTEMPTY', 'rmdir');
    this.#remove(path);
  }

  /** What proper-lockfile does to the lock that it holds. */
  touch(path: string): void {
    const inode = this.#find('utimes', path);
    this.#names.set(path, { ...inode, changed: this.#now });
  }

  /**
   * A power cut, and the time that it takes to start the machine again. Names are kept; of the marked files, in the
   * order of their paths, every third one loses its text whose bit is set.
   */
  cut(lost: number): void {
    const files = [...new Set(this.paths().map((path) => this.#names.get(path) as Inode))];
    for (const [index, file] of files.filter(({ isMarked }) => isMarked === true).entries()) {
      if ((lost & (1 << (index % 3))) === 0) continue;
      const erased: Inode = { ...file, text: '' };
      for (const [name, each] of this.#names) if (each === file) this.#names.set(name, erased);
    }
    this.tick();
  }

  /** Lets more time pass than any grace is long. */
  tick(): void {
    this.#now++;
  }

  /**
   * The same for two disks that no call can tell apart. Inodes count by which names share them; times by their
   * order, since a tick is longer than any grace and more than one are no more than that.
   */
  key(): string {
    const times = this.#times();
    const seen = new Map<Inode, number>();
    let key = (times.at(-1) ?? this.#now) === this.#now ? '' : '+';
    for (const path of this.paths()) {
      const inode = this.#names.get(path) as Inode;
      const first = seen.get(inode);
      if (first === undefined) seen.set(inode, seen.size);
      const mark = inode.isMarked === true ? '!' : '';
      const what = first ?? `${inode.is}${mark}${times.indexOf(inode.changed)}${inode.text}`;
      key += `${path}\0${what}\n`;
    }
    return key;
  }

  /** With the times that `key` counts by, so that disks with the same key are alike. */
  normal(): Disk {
    const times = this.#times();
    const made = new Map<Inode, Inode>();
    const names = new Map<string, Inode>();
    for (const [path, inode] of this.#names) {
      const copy = made.get(inode) ?? { ...inode, changed: Math.max(0, times.indexOf(inode.changed)) };
      made.set(inode, copy);
      names.set(path, copy);
    }
    return new Disk(names, times.length === 0 ? 0 : times.length - (times.at(-1) === this.#now ? 1 : 0));
  }

  /** The times that names tell, in order. The root's own tells nobody anything, and would tell disks apart. */
  #times(): number[] {
    const told = this.paths().map((path) => (this.#names.get(path) as Inode).changed);
    return [...new Set(told)].sort((a, b) => a - b);
  }

  #children(path: string): string[] {
    return this.paths()
      .filter((each) => parentOf(each) === path)
      .map((each) => each.slice(path.length + 1));
  }

  #find(syscall: string, path: string): Inode {
    this.#mustHaveParent(syscall, path);
    const inode = this.#names.get(path);
    if (inode === undefined) throw new Refusal('ENOENT', syscall);
    return inode;
  }

  #mustBeFree(syscall: string, path: string): void {
    this.#mustHaveParent(syscall, path);
    if (this.#names.has(path)) throw new Refusal('EEXIST', syscall);
  }

  #mustHaveParent(syscall: string, path: string): void {
    if (path === '') return;
    const parent = parentOf(path);
    this.#mustHaveParent(syscall, parent);
    const inode = this.#names.get(parent);
    if (inode === undefined) throw new Refusal('ENOENT', syscall);
    if (inode.is === 'symlink') throw this.#through(inode, syscall);
    if (inode.is !== 'directory') throw new Refusal('ENOTDIR', syscall);
  }

  /** A path through a link whose target, here always, does not exist. */
  #through(link: Inode, syscall: string): Refusal {
    const isTooLong = link.text.split('/').some((name) => Buffer.byteLength(name) > NAME_LIMIT);
    return new Refusal(isTooLong ? 'ENAMETOOLONG' : 'ENOENT', syscall);
  }

  #add(path: string, inode: Inode): void {
    this.#names.set(path, inode);
    this.#changed(parentOf(path));
  }

  #remove(path: string): void {
    this.#names.delete(path);
    this.#changed(parentOf(path));
  }

  #changed(directory: string): void {
    const inode = this.#names.get(directory) as Inode;
    if (directory !== '') this.#names.set(directory, { ...inode, changed: this.#now });
  }
}
