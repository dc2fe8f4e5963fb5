/**
 * OwnerIndex: from a socket's inode to the descriptors that hold it.
 *
 * @module
 */
import type { Core } from "../core/gears.ts";
import type { DescriptorTable } from "../proc/descriptors.ts";
import { indexInCore } from "./core_owners.ts";
import { InodeMap } from "./inode_map.ts";

/** From an inode to a row of the table, and from there to the others that hold it. Rows are numbers from 1 on, 0 is none. */
interface Chains {
  first(inode: number): number;
  /** The row before one, of the same inode. */
  next(row: number): number;
}

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
 * const pids = index.rowsFrom(index.first(4711)).map((row) => scan.descriptors.pid(row));
 */
export class OwnerIndex {
  readonly #table: DescriptorTable;
  readonly #wanted: WantedChains;
  #chains: Chains;
  readonly #rows: number[] = [];

  /** An index of the inodes that {@linkcode want} asks for. `count`: how many there will be, as far as that is known. */
  constructor(table: DescriptorTable, count = 0) {
    this.#table = table;
    this.#wanted = new WantedChains(table, count);
    this.#chains = this.#wanted;
  }

  /**
   * An index of all inodes in the table. It does not take in rows that the table gains later. `core`: where a large one is made; there is
   * one in it at a time. `worth`: how many rows are many, for tests.
   */
  static ofAll(table: DescriptorTable, core: Core | null = null, worth?: number): OwnerIndex {
    if (core !== null && indexInCore(table, core, worth)) {
      const index = new OwnerIndex(table);
      index.#chains = new CoreChains(core);
      return index;
    }
    const index = new OwnerIndex(table, table.length);
    index.#wanted.takeAll();
    return index;
  }

  /** True if the core has the index, and finds owners by itself. */
  get isInCore(): boolean {
    return this.#chains !== this.#wanted;
  }

  /** Asks for an inode, before the rows that hold it are taken in. */
  want(inode: number): void {
    this.#wanted.want(inode);
  }

  /** How many of the inodes that were asked for have no descriptor. */
  get unfound(): number {
    return this.#wanted.unfound;
  }

  /** Takes in the rows that the table has gained since the last call. */
  update(): void {
    this.#wanted.update();
  }

  /** Row + 1 of one descriptor that holds this inode, from which {@linkcode rowsFrom} finds the others; 0 where there is none. */
  first(inode: number): number {
    return this.#chains.first(inode);
  }

  /** True when the descriptor of {@linkcode first} is the only one. */
  isAlone(first: number): boolean {
    return this.#chains.next(first) === 0;
  }

  /** The row of the only descriptor that holds an inode; -1 where there are none, or more. */
  only(inode: number): number {
    const first = this.first(inode);
    return first !== 0 && this.isAlone(first) ? first - 1 : -1;
  }

  /**
   * Rows of the descriptor table that hold an inode: the highest process first, within it the highest thread, then the
   * highest descriptor. Valid until the next call.
   */
  rows(inode: number): readonly number[] {
    const rows = this.#rows;
    rows.length = 0;
    const table = this.#table;
    const chains = this.#chains;
    let sorted = true;
    let before = -1;
    for (let row = chains.first(inode); row !== 0; row = chains.next(row)) {
      const at = row - 1;
      if (before >= 0 && order(before, at) > 0) sorted = false;
      rows.push(at);
      before = at;
    }
    if (!sorted) rows.sort(order);
    return rows;

    function order(a: number, b: number): number {
      return table.pid(b) - table.pid(a) || table.tid(b) - table.tid(a) ||
        table.fd(b) - table.fd(a);
    }
  }

  /**
   * Rows of the descriptor table that hold the socket with this first row, in no order. Inodes have 32 bits and are reused, so if both sides know a cookie it decides. With only one candidate the cookie is ignored,
   * because an MPTCP socket has the inode of its first subflow but another cookie.
   */
  rowsFrom(first: number, cookie: number | bigint | null = null): number[] {
    const rows: number[] = [];
    for (let row = first; row !== 0; row = this.#chains.next(row)) rows.push(row - 1);
    const table = this.#table;
    if (rows.length < 2 || !table.hasCookies || cookie === null) return rows;
    const [low, high] = words(cookie);
    const same = (row: number) => table.cookieLow(row) === low && table.cookieHigh(row) === high;
    return rows.some(same) ? rows.filter(same) : rows;
  }
}

/** The chains of the inodes that were asked for. */
class WantedChains implements Chains {
  readonly #table: DescriptorTable;
  /** Of an inode its last row; 0 while there is none. */
  readonly #heads: InodeMap;
  /** Of each row the one before it. */
  #next: Int32Array;
  #indexed = 0;
  unfound = 0;

  constructor(table: DescriptorTable, count: number) {
    this.#table = table;
    this.#heads = new InodeMap(count);
    this.#next = new Int32Array(table.length);
  }

  want(inode: number): void {
    if (inode === 0 || this.#heads.has(inode)) return;
    this.#heads.put(inode, 0);
    this.unfound++;
  }

  takeAll(): void {
    const table = this.#table;
    const { length } = table;
    const next = this.#next;
    for (let row = 0; row < length; row++) next[row] = this.#heads.put(table.inode(row), row + 1);
    this.#indexed = length;
  }

  update(): void {
    const table = this.#table;
    const { length } = table;
    if (length > this.#next.length) {
      const next = new Int32Array(length);
      next.set(this.#next);
      this.#next = next;
    }
    for (let row = this.#indexed; row < length; row++) {
      const before = this.#heads.replace(table.inode(row), row + 1);
      if (before < 0) continue;
      if (before === 0) this.unfound--;
      this.#next[row] = before;
    }
    this.#indexed = length;
  }

  first(inode: number): number {
    return this.#heads.get(inode);
  }

  next(row: number): number {
    return this.#next[row - 1]!;
  }
}

/** The chains of all inodes, in the core. */
class CoreChains implements Chains {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  first(inode: number): number {
    return inode > 0xffff_ffff ? 0 : this.#core.functions.firstOwner(inode);
  }

  next(row: number): number {
    return this.#core.functions.nextOwner(row);
  }
}

/** The two halves of a cookie, the low one first. */
function words(cookie: number | bigint): [low: number, high: number] {
  if (typeof cookie === "number") return [cookie >>> 0, Math.floor(cookie / 0x1_0000_0000)];
  return [Number(BigInt.asUintN(32, cookie)), Number(BigInt.asUintN(64, cookie) >> 32n)];
}
