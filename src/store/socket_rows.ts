/**
 * SocketRows: the sockets of a listing. Each is a number in the table of its request.
 *
 * @module
 */
import type { ListedRows } from "./listed_rows.ts";
import type { SocketTable } from "./socket_table.ts";
import type { Socket } from "../model/socket.ts";
import type { Sockets } from "../model/sockets.ts";

/** Sockets of many tables in one order. The object that it returns is valid until the next socket is asked for. */
export class SocketRows implements Sockets {
  readonly #tables: SocketTable[];
  /** Of each socket its table and its number there. */
  #table: Uint32Array;
  #number: Uint32Array;
  #length: number;
  /** False while the two above are not filled, and the core's rows stand for them. */
  #isFilled = true;
  /** The rows in the form that the core writes, and those behind them; `null` where it has none. */
  listed: { readonly listed: ListedRows; readonly others: SocketRows } | null = null;
  /** True while these are all sockets of the tables, in the order of the tables. */
  #isWhole = true;

  private constructor(
    tables: SocketTable[],
    table: Uint32Array = new Uint32Array(64),
    number: Uint32Array = new Uint32Array(64),
    length = 0,
  ) {
    this.#tables = tables;
    this.#table = table;
    this.#number = number;
    this.#length = length;
  }

  /** None yet. */
  static empty(): SocketRows {
    return new SocketRows([]);
  }

  /** Rows that the core has in order, and others behind them. */
  static listed(listed: ListedRows, others: SocketRows): SocketRows {
    const nothing = new Uint32Array(0);
    const tables = [...listed.tables, ...others.#tables];
    const rows = new SocketRows(tables, nothing, nothing, listed.length + others.length);
    rows.#isWhole = false;
    rows.listed = { listed, others };
    rows.#isFilled = false;
    return rows;
  }

  get length(): number {
    return this.#length;
  }

  /** The tables, where these are all their sockets, in the order of the tables; otherwise `null`. */
  get whole(): readonly SocketTable[] | null {
    return this.#isWhole ? this.#tables : null;
  }

  #fill(): void {
    if (this.#isFilled) return;
    this.#isFilled = true;
    const { listed, others } = this.listed!;
    this.#table = new Uint32Array(this.#length);
    this.#number = new Uint32Array(this.#length);
    listed.fill(this.#table, this.#number);
    others.#fill();
    for (let i = 0; i < others.length; i++) {
      this.#table[listed.length + i] = listed.tables.length + others.#table[i]!;
      this.#number[listed.length + i] = others.#number[i]!;
    }
  }

  #selected(table: Uint32Array, number: Uint32Array): SocketRows {
    const rows = new SocketRows(this.#tables, table, number, table.length);
    rows.#isWhole = false;
    return rows;
  }

  /** Adds all sockets of a table, in its order. */
  addTable(table: SocketTable): void {
    const count = table.length;
    if (count === 0) return;
    const start = this.#length;
    const end = start + count;
    if (end > this.#table.length) {
      const size = Math.max(end, 2 * this.#table.length);
      this.#table = enlarged(this.#table, size);
      this.#number = enlarged(this.#number, size);
    }
    this.#table.fill(this.#tables.push(table) - 1, start, end);
    for (let i = 0; i < count; i++) this.#number[start + i] = i;
    this.#length = end;
  }

  at(place: number): Socket {
    if (!this.#isFilled) this.#fill();
    return this.#tables[this.#table[place]!]!.at(this.#number[place]!);
  }

  /** The socket at a place, as an object that stays valid. The same place gives the same object. */
  keep(place: number): Socket {
    if (!this.#isFilled) this.#fill();
    return this.#tables[this.#table[place]!]!.keep(this.#number[place]!);
  }

  /** All of them, as objects that stay. */
  toArray(): Socket[] {
    return Array.from({ length: this.#length }, (_, place) => this.keep(place));
  }

  /** The sockets at these places, in this order. */
  select(places: Uint32Array): SocketRows {
    this.#fill();
    const table = new Uint32Array(places.length);
    const number = new Uint32Array(places.length);
    for (let i = 0; i < places.length; i++) {
      const place = places[i]!;
      table[i] = this.#table[place]!;
      number[i] = this.#number[place]!;
    }
    return this.#selected(table, number);
  }

  /** The sockets from a place on. */
  from(place: number): SocketRows {
    this.#fill();
    return this.#selected(
      this.#table.subarray(place, this.#length),
      this.#number.subarray(place, this.#length),
    );
  }

  filter(wanted: (socket: Socket) => boolean): SocketRows {
    const places = new Uint32Array(this.#length);
    let count = 0;
    for (let place = 0; place < this.#length; place++) {
      if (wanted(this.at(place))) places[count++] = place;
    }
    return count === this.#length ? this : this.select(places.subarray(0, count));
  }

  some(test: (socket: Socket) => boolean): boolean {
    for (let place = 0; place < this.#length; place++) if (test(this.at(place))) return true;
    return false;
  }

  [Symbol.iterator](): Iterator<Socket> {
    return new RowIterator(this);
  }
}

/** Gives the same result object each time. A generator would cost as much as all the work on a row. */
class RowIterator implements Iterator<Socket>, IteratorYieldResult<Socket> {
  readonly #rows: SocketRows;
  #place = 0;
  done: false = false;
  value!: Socket;

  constructor(rows: SocketRows) {
    this.#rows = rows;
  }

  next(): IteratorResult<Socket> {
    if (this.#place === this.#rows.length) return { done: true, value: undefined };
    this.value = this.#rows.at(this.#place++);
    return this;
  }
}

/** The same sockets as objects that stay. */
export function kept(sockets: Sockets): readonly Socket[] {
  if (sockets instanceof SocketRows) return sockets.toArray();
  return Array.isArray(sockets) ? sockets : [...sockets];
}

function enlarged(from: Uint32Array, size: number): Uint32Array {
  const to = new Uint32Array(size);
  to.set(from);
  return to;
}
