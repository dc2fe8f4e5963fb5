/**
 * OwnerIndex: from a socket's inode to the descriptors that hold it.
 *
 * @module
 */
import { InodeMap } from "./inode_map.ts";
import type { DescriptorTable } from "../proc/descriptors.ts";

/** The inodes that are asked for, and a chain of integers for the descriptors of each: those of other sockets take no room. */
export class OwnerIndex {
  readonly #table: DescriptorTable;
  /** Of an inode row + 1 of its last descriptor; 0 while there is none. */
  readonly #heads: InodeMap;
  #next: Int32Array;
  #indexed = 0;
  #unfound = 0;

  /** `count`: how many inodes will be asked for, as far as that is known. */
  constructor(table: DescriptorTable, count = 0) {
    this.#table = table;
    this.#heads = new InodeMap(count);
    this.#next = new Int32Array(table.length);
  }

  /** Asks for an inode, before the rows that hold it are taken in. */
  want(inode: number): void {
    if (inode === 0 || this.#heads.has(inode)) return;
    this.#heads.put(inode, 0);
    this.#unfound++;
  }

  /** How many of the inodes that were asked for no descriptor holds. */
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

  /** Row + 1 of one descriptor that holds this inode, from which {@linkcode rowsFrom} knows the others; 0 where none does. */
  first(inode: number): number {
    return this.#heads.get(inode);
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
