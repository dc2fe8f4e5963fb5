/**
 * HolderIndex: all descriptors of an inode, last first, for rows that are printed as they come.
 *
 * Unlike OwnerIndex it is made before anybody knows which inodes will be asked for, so it holds them all: an open hash
 * table of integers, without an object per descriptor.
 *
 * @module
 */
import type { DescriptorTable } from "../proc/descriptors.ts";

/** Descriptors by inode. */
export class HolderIndex {
  readonly #table: DescriptorTable;
  /** Row + 1 of the last descriptor of an inode; 0 where the slot is free. */
  readonly #heads: Int32Array;
  readonly #next: Int32Array;
  readonly #mask: number;
  readonly #rows: number[] = [];

  constructor(table: DescriptorTable) {
    this.#table = table;
    let size = 64;
    while (size < table.length * 2) size *= 2;
    this.#heads = new Int32Array(size);
    this.#next = new Int32Array(table.length);
    this.#mask = size - 1;
    for (let row = 0; row < table.length; row++) {
      const slot = this.#slot(table.inodes[row]!);
      this.#next[row] = this.#heads[slot]!;
      this.#heads[slot] = row + 1;
    }
  }

  #slot(inode: number): number {
    const { inodes } = this.#table;
    // Inodes count up, so neighbours are the rule: a multiplication spreads them.
    let slot = Math.imul(inode | 0, 0x9e37_79b1) >>> 7 & this.#mask;
    for (;;) {
      const head = this.#heads[slot]!;
      if (head === 0 || inodes[head - 1] === inode) return slot;
      slot = slot + 1 & this.#mask;
    }
  }

  /**
   * Rows of the descriptor table that hold an inode: the highest process first, within it the highest descriptor. Good until
   * the next call.
   */
  rows(inode: number): readonly number[] {
    const rows = this.#rows;
    rows.length = 0;
    const { pids, tids, fds } = this.#table;
    let sorted = true;
    let before = -1;
    for (let row = this.#heads[this.#slot(inode)]!; row !== 0; row = this.#next[row - 1]!) {
      const at = row - 1;
      if (before >= 0 && order(before, at) > 0) sorted = false;
      rows.push(at);
      before = at;
    }
    if (!sorted) rows.sort(order);
    return rows;

    function order(a: number, b: number): number {
      return pids[b]! - pids[a]! || tids[b]! - tids[a]! || fds[b]! - fds[a]!;
    }
  }
}
