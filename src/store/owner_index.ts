/**
 * OwnerIndex: from a socket's inode to the descriptors that hold it.
 *
 * @module
 */
import type { DescriptorTable } from "../proc/descriptors.ts";
import { InodeMap } from "./inode_map.ts";

/**
 * Rows of a descriptor table by inode: for each inode a chain of integers.
 *
 * A listing knows its sockets first. It asks for their inodes, and the descriptors of other sockets take no room. A mode that
 * prints rows as they come knows its owners first, and takes the index of all inodes.
 *
 * @example
 * const index = new OwnerIndex(scan.descriptors);
 * index.want(4711);
 * index.update();
 * const pids = index.rowsFrom(index.first(4711)).map((row) => scan.descriptors.pids[row]);
 */
export class OwnerIndex {
  readonly #table: DescriptorTable;
  /** Of an inode row + 1 of its last descriptor; 0 while there is none. */
  readonly #heads: InodeMap;
  /** Of a row the descriptor of the same inode before it, as row + 1; 0 for none. */
  #next: Int32Array;
  #indexed = 0;
  #unfound = 0;
  readonly #rows: number[] = [];

  /** An index of the inodes that {@linkcode want} asks for. `count`: how many there will be, as far as that is known. */
  constructor(table: DescriptorTable, count = 0) {
    this.#table = table;
    this.#heads = new InodeMap(count);
    this.#next = new Int32Array(table.length);
  }

  /** An index of all inodes in the table. It does not take in rows that the table gains later. */
  static ofAll(table: DescriptorTable): OwnerIndex {
    const { inodes, length } = table;
    const index = new OwnerIndex(table, length);
    const heads = index.#heads;
    const next = index.#next;
    for (let row = 0; row < length; row++) next[row] = heads.put(inodes[row]!, row + 1);
    index.#indexed = length;
    return index;
  }

  /** Asks for an inode, before the rows that hold it are taken in. */
  want(inode: number): void {
    if (inode === 0 || this.#heads.has(inode)) return;
    this.#heads.put(inode, 0);
    this.#unfound++;
  }

  /** How many of the inodes that were asked for have no descriptor. */
  get unfound(): number {
    return this.#unfound;
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
      const before = this.#heads.replace(inodes[row]!, row + 1);
      if (before < 0) continue;
      if (before === 0) this.#unfound--;
      this.#next[row] = before;
    }
    this.#indexed = length;
  }

  /** Row + 1 of one descriptor that holds this inode, from which {@linkcode rowsFrom} finds the others; 0 where there is none. */
  first(inode: number): number {
    return this.#heads.get(inode);
  }

  /** True when the descriptor of {@linkcode first} is the only one. */
  isAlone(first: number): boolean {
    return this.#next[first - 1] === 0;
  }

  /** The row of the only descriptor that holds an inode; -1 where there are none, or more. */
  only(inode: number): number {
    const head = this.#heads.get(inode);
    return head !== 0 && this.#next[head - 1] === 0 ? head - 1 : -1;
  }

  /**
   * Rows of the descriptor table that hold an inode: the highest process first, within it the highest thread, then the
   * highest descriptor. Valid until the next call.
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

  /**
   * Rows of the descriptor table that hold the socket with this first row, in no order. Inodes have 32 bits and are reused, so if both sides know a cookie it decides. With only one candidate the cookie is ignored,
   * because an MPTCP socket has the inode of its first subflow but another cookie.
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
