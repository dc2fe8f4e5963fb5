/**
 * InodeMap: a number for each of very many inodes, without an object for any.
 *
 * @module
 */

const SMALLEST = 64;

/**
 * A hash table of integers with open addressing. Inode 0 stands for "none" and is never in it. An inode that is not in it has
 * the number 0.
 *
 * @example
 * const map = new InodeMap();
 * map.put(4711, 1);
 * map.get(4711); // 1
 */
export class InodeMap {
  /** Inodes, 0 in a free slot. The kernel's are 32 bits wide today, which it does not promise. */
  #inodes: Float64Array;
  #values: Int32Array;
  #mask: number;
  #size = 0;

  /** `count`: how many inodes there will be, as far as that is known. */
  constructor(count = 0) {
    let slots = SMALLEST;
    while (slots < count * 2) slots *= 2;
    this.#inodes = new Float64Array(slots);
    this.#values = new Int32Array(slots);
    this.#mask = slots - 1;
  }

  /** How many inodes are in it. */
  get size(): number {
    return this.#size;
  }

  has(inode: number): boolean {
    return inode !== 0 && this.#inodes[this.#slot(inode)] === inode;
  }

  get(inode: number): number {
    return this.#values[this.#slot(inode)]!;
  }

  /** Gives an inode a number, and returns the one it had. */
  put(inode: number, value: number): number {
    if (inode === 0) return 0;
    let slot = this.#slot(inode);
    if (this.#inodes[slot] !== inode) {
      if (2 * (this.#size + 1) > this.#inodes.length) {
        this.#enlarge();
        slot = this.#slot(inode);
      }
      this.#inodes[slot] = inode;
      this.#size++;
    }
    const before = this.#values[slot]!;
    this.#values[slot] = value;
    return before;
  }

  /** The same as {@linkcode InodeMap.put} for an inode that is in the map. For any other it does nothing and returns -1. */
  replace(inode: number, value: number): number {
    const slot = this.#slot(inode);
    if (inode === 0 || this.#inodes[slot] !== inode) return -1;
    const before = this.#values[slot]!;
    this.#values[slot] = value;
    return before;
  }

  // Where the inode is, or would be. Inodes are given out in sequence, so many are neighbours: eight of them share one line of
  // the cache, and a multiplication spreads these groups.
  #slot(inode: number): number {
    const inodes = this.#inodes;
    let slot = (Math.imul(inode >>> 3, 0x9e37_79b1) >>> 4 & ~7 | inode & 7) & this.#mask;
    while (inodes[slot] !== inode && inodes[slot] !== 0) slot = slot + 1 & this.#mask;
    return slot;
  }

  #enlarge(): void {
    const inodes = this.#inodes;
    const values = this.#values;
    this.#inodes = new Float64Array(2 * inodes.length);
    this.#values = new Int32Array(2 * inodes.length);
    this.#mask = this.#inodes.length - 1;
    for (let old = 0; old < inodes.length; old++) {
      if (inodes[old] === 0) continue;
      const slot = this.#slot(inodes[old]!);
      this.#inodes[slot] = inodes[old]!;
      this.#values[slot] = values[old]!;
    }
  }
}
