/**
 * OwnerIndex: from a socket's inode to the descriptors that hold it.
 *
 * @module
 */
import type { DescriptorTable } from "../proc/descriptors.ts";

/**
 * An open hash table of the inodes that are asked for, and a chain of integers for the descriptors of each: no object for
 * either, and descriptors of other sockets take no room.
 */
export class OwnerIndex {
  readonly #table: DescriptorTable;
  /** 0 where the slot is free: no socket has that inode. */
  #inodes: Float64Array;
  /** Row + 1 of the last descriptor of an inode; 0 while there is none. */
  #heads: Int32Array;
  #mask: number;
  #count = 0;
  #next: Int32Array;
  #indexed = 0;

  /** `count`: how many inodes will be asked for, as far as that is known. */
  constructor(table: DescriptorTable, count = 0) {
    this.#table = table;
    let size = 64;
    while (size < count * 2) size *= 2;
    this.#inodes = new Float64Array(size);
    this.#heads = new Int32Array(size);
    this.#mask = size - 1;
    this.#next = new Int32Array(table.length);
  }

  /** Asks for an inode, before the rows that hold it are taken in. */
  want(inode: number): void {
    let slot = this.#slot(inode);
    if (this.#inodes[slot] === inode) return;
    if (2 * (this.#count + 1) > this.#inodes.length) {
      this.#enlarge();
      slot = this.#slot(inode);
    }
    this.#count++;
    this.#inodes[slot] = inode;
  }

  /** Takes in the rows that the table has gained since the last call. */
  update(): void {
    const { inodes, length } = this.#table;
    if (length > this.#next.length) {
      const next = new Int32Array(length);
      next.set(this.#next);
      this.#next = next;
    }
    for (let row = this.#indexed; row < length; row++) {
      const inode = inodes[row]!;
      const slot = this.#slot(inode);
      if (inode === 0 || this.#inodes[slot] !== inode) continue;
      this.#next[row] = this.#heads[slot]!;
      this.#heads[slot] = row + 1;
    }
    this.#indexed = length;
  }

  // Where the inode is, or would be. Inodes count up, so neighbours are the rule: eight of them share a line of the cache,
  // and a multiplication spreads the eights.
  #slot(inode: number): number {
    const inodes = this.#inodes;
    let slot = (Math.imul(inode >>> 3, 0x9e37_79b1) >>> 4 & ~7 | inode & 7) & this.#mask;
    while (inodes[slot] !== inode && inodes[slot] !== 0) slot = slot + 1 & this.#mask;
    return slot;
  }

  #enlarge(): void {
    const inodes = this.#inodes;
    const heads = this.#heads;
    this.#inodes = new Float64Array(2 * inodes.length);
    this.#heads = new Int32Array(2 * inodes.length);
    this.#mask = this.#inodes.length - 1;
    for (let old = 0; old < inodes.length; old++) {
      if (inodes[old] === 0) continue;
      const slot = this.#slot(inodes[old]!);
      this.#inodes[slot] = inodes[old]!;
      this.#heads[slot] = heads[old]!;
    }
  }

  /** Row + 1 of one descriptor that holds this inode, from which {@linkcode rowsFrom} knows the others; 0 where none does. */
  first(inode: number): number {
    return this.#heads[this.#slot(inode)]!;
  }

  /** True when the descriptor of {@linkcode first} is the only one. */
  isAlone(first: number): boolean {
    return this.#next[first - 1] === 0;
  }

  /**
   * Rows of the descriptor table that hold the socket with this first row, in no order. Inodes are 32 bits and come round
   * again, so where both sides know a cookie it decides. It does not decide against an only candidate: the inode of an MPTCP
   * socket is also that of its first subflow, whose cookie is another.
   */
  rowsFrom(first: number, cookie: number | bigint | null = null): number[] {
    const rows: number[] = [];
    for (let row = first; row !== 0; row = this.#next[row - 1]!) rows.push(row - 1);
    const { cookies } = this.#table;
    if (rows.length < 2 || cookies === null || cookie === null) return rows;
    const [low, high] = words(cookie);
    const same = (row: number) => cookies[2 * row] === low && cookies[2 * row + 1] === high;
    return rows.some(same) ? rows.filter(same) : rows;
  }
}

/** The two halves of a cookie, the low one first. */
function words(cookie: number | bigint): [low: number, high: number] {
  if (typeof cookie === "number") return [cookie >>> 0, Math.floor(cookie / 0x1_0000_0000)];
  return [Number(BigInt.asUintN(32, cookie)), Number(BigInt.asUintN(64, cookie) >> 32n)];
}
