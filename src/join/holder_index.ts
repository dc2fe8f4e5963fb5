/**
 * HolderIndex: all descriptors of an inode, last first, for rows that are printed as they come.
 *
 * Unlike OwnerIndex it is made before anybody knows which inodes will be asked for, so it holds them all.
 *
 * @module
 */
import { InodeMap } from "../store/inode_map.ts";
import type { DescriptorTable } from "../proc/descriptors.ts";

/** Descriptors by inode. */
export class HolderIndex {
  readonly #table: DescriptorTable;
  /** Of an inode row + 1 of its last descriptor. */
  readonly #heads: InodeMap;
  readonly #next: Int32Array;
  readonly #rows: number[] = [];

  constructor(table: DescriptorTable) {
    const { inodes, length } = table;
    this.#table = table;
    this.#heads = new InodeMap(length);
    this.#next = new Int32Array(length);
    for (let row = 0; row < length; row++) {
      this.#next[row] = this.#heads.put(inodes[row]!, row + 1);
    }
  }

  /** The row of the descriptor that holds an inode where there is just one; -1 where there are none, or more. */
  only(inode: number): number {
    const head = this.#heads.get(inode);
    return head !== 0 && this.#next[head - 1] === 0 ? head - 1 : -1;
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
    for (let row = this.#heads.get(inode); row !== 0; row = this.#next[row - 1]!) {
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
