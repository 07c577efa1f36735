/** A set of rows of small numbers, in the order they were added: the explorer's states, some bytes each. */
export class Table {
  readonly width: number;
  size = 0;
  #cells: Uint32Array;
  #slots: Uint32Array; // Row number + 1; 0 is free.

  constructor(width: number) {
    this.width = width;
    this.#cells = new Uint32Array(1024 * width);
    this.#slots = new Uint32Array(4096);
  }

  cell(row: number, column: number): number {
    return this.#cells[row * this.width + column] as number;
  }

  /** Copies a row into `into`. */
  read(row: number, into: Uint32Array): void {
    const start = row * this.width;
    for (let column = 0; column < this.width; column++) into[column] = this.#cells[start + column] as number;
  }

  /** The row's number; `size` has grown if it is new. */
  add(row: Uint32Array): number {
    if (this.size * 2 >= this.#slots.length) this.#rehash();
    const mask = this.#slots.length - 1;
    let slot = hash(row, 0, this.width) & mask;
    for (let taken; (taken = this.#slots[slot] as number) !== 0; slot = (slot + 1) & mask)
      if (this.#isAt(taken - 1, row)) return taken - 1;
    if ((this.size + 1) * this.width > this.#cells.length) this.#grow();
    this.#cells.set(row, this.size * this.width);
    this.#slots[slot] = ++this.size;
    return this.size - 1;
  }

  #isAt(number: number, row: Uint32Array): boolean {
    const start = number * this.width;
    for (let column = 0; column < this.width; column++)
      if (this.#cells[start + column] !== row[column]) return false;
    return true;
  }

  #grow(): void {
    const cells = new Uint32Array(this.#cells.length * 2);
    cells.set(this.#cells);
    this.#cells = cells;
  }

  #rehash(): void {
    const slots = new Uint32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let number = 0; number < this.size; number++) {
      let slot = hash(this.#cells, number * this.width, this.width) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = number + 1;
    }
    this.#slots = slots;
  }
}

function hash(cells: Uint32Array, start: number, width: number): number {
  let value = 0x811c9dc5;
  for (let index = start; index < start + width; index++) {
    value = Math.imul(value ^ (cells[index] as number), 0x9e3779b1);
    value ^= value >>> 15;
  }
  return Math.imul(value, 0x85ebca6b) >>> 0;
}

/** A list of numbers that grows. */
export class Numbers {
  length = 0;
  #cells = new Int32Array(1024);

  get(index: number): number {
    return this.#cells[index] as number;
  }

  push(value: number): void {
    if (this.length === this.#cells.length) {
      const cells = new Int32Array(this.#cells.length * 2);
      cells.set(this.#cells);
      this.#cells = cells;
    }
    this.#cells[this.length++] = value;
  }
}
