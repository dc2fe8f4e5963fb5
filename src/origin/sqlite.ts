/**
 * Tables of an SQLite file, read without the library: no lock, no journal, nothing written. Source: the file format
 * document of SQLite (sqlite.org/fileformat2.html).
 *
 * Only tables with a row ID are read, by walking them or by row ID. What stands in a write-ahead log is not seen.
 *
 * @module
 */
import { DecodeError } from "../model/decode_error.ts";
import { latin1Text } from "../text/encoding.ts";

/** Bytes that are read before they are used. */
interface Bytes {
  readonly bytes: Uint8Array;
  ensure(start: number, end: number): void;
}

/** A column of a row. Numbers above 2^53 lose their last digits. */
type Value = number | string | Uint8Array | null;

const HEADER = "SQLite format 3\0";
const INTERIOR_TABLE = 5;
const LEAF_TABLE = 13;
/** Of a page of 512 bytes at least two children: deeper than this is a loop. */
const MAX_DEPTH = 32;
/**
 * What is taken out of one file at most, because cells may overlap: rows, and bytes of them. The database of a desktop has a
 * million rows.
 */
const MAX_ROWS = 4_000_000;
const MAX_BYTES = 256 * 1024 * 1024;

/** An open file. Every method throws DecodeError where the file is not what it should be. */
export class SqliteFile {
  readonly #file: Bytes;
  readonly #view: DataView;
  readonly #pageSize: number;
  readonly #usable: number;
  readonly #tables = new Map<string, number>();
  #rows = 0;
  #bytes = 0;

  constructor(file: Bytes) {
    this.#file = file;
    file.ensure(0, 100);
    const { bytes } = file;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let i = 0; i < HEADER.length; i++) {
      if (bytes[i] !== HEADER.charCodeAt(i)) throw new DecodeError("SQLite", 0, "no such file");
    }
    if (bytes.length < 100) throw new DecodeError("SQLite", 0, "it is cut off");
    const size = this.#view.getUint16(16);
    this.#pageSize = size === 1 ? 65536 : size;
    this.#usable = this.#pageSize - bytes[20]!;
    if (this.#pageSize < 512 || this.#usable < 480) {
      throw new DecodeError("SQLite", 16, "page size");
    }
    // sqlite_schema: type, name, tbl_name, rootpage, sql.
    for (const { values } of this.#walk(1)) {
      const [type, name, , root] = values();
      if (type === "table" && typeof name === "string" && typeof root === "number") {
        this.#tables.set(name, root);
      }
    }
  }

  /** Every row of a table, in the order of their IDs. */
  *rows(table: string): Generator<Value[]> {
    for (const { values } of this.#walk(this.#root(table))) yield values();
  }

  /** The row with an ID; `null` where there is none. */
  row(table: string, id: number): Value[] | null {
    let page = this.#root(table);
    for (let depth = 0; depth < MAX_DEPTH; depth++) {
      const { kind, cells, right } = this.#page(page);
      if (kind === LEAF_TABLE) {
        for (const at of cells) {
          const cell = this.#leaf(at);
          if (cell.id === id) return cell.values();
        }
        return null;
      }
      page = right;
      for (const at of cells) {
        if (id > this.#varint(at + 4)[0]) continue;
        page = this.#view.getUint32(at);
        break;
      }
    }
    throw new DecodeError("SQLite", page, "pages without end");
  }

  #root(table: string): number {
    const root = this.#tables.get(table);
    if (root === undefined) throw new DecodeError("SQLite", 0, `no table ${table}`);
    return root;
  }

  // A sound file leads to no page twice; a damaged or hostile one may form a circle.
  *#walk(page: number, seen = new Set<number>()): Generator<{ id: number; values(): Value[] }> {
    if (seen.has(page) || seen.size > 1e6) {
      throw new DecodeError("SQLite", page, "pages without end");
    }
    seen.add(page);
    const { kind, cells, right } = this.#page(page);
    if (kind === LEAF_TABLE) {
      for (const at of cells) yield this.#leaf(at);
      return;
    }
    for (const at of cells) yield* this.#walk(this.#view.getUint32(at), seen);
    yield* this.#walk(right, seen);
  }

  // Page header: kind u8 0, cells u16 3, of an interior page the rightmost child u32 8; then offsets of cells.
  #page(number: number): { kind: number; cells: number[]; right: number } {
    const base = (number - 1) * this.#pageSize;
    if (number < 1 || base + this.#pageSize > this.#file.bytes.length) {
      throw new DecodeError("SQLite page", number, "it is outside the file");
    }
    this.#file.ensure(base, base + this.#pageSize);
    const start = number === 1 ? 100 : base;
    const kind = this.#view.getUint8(start);
    if (kind !== LEAF_TABLE && kind !== INTERIOR_TABLE) {
      throw new DecodeError("SQLite page", number, `kind ${kind}`);
    }
    const count = this.#view.getUint16(start + 3);
    const head = start + (kind === LEAF_TABLE ? 8 : 12);
    if (head + 2 * count > base + this.#pageSize) {
      throw new DecodeError("SQLite page", number, `${count} cells`);
    }
    const cells = Array.from({ length: count }, (_, i) => {
      const offset = this.#view.getUint16(head + 2 * i);
      // The longest head of a cell is two variable integers.
      if (offset + 18 > this.#pageSize + 14) throw new DecodeError("SQLite page", number, "a cell");
      return base + offset;
    });
    return { kind, cells, right: kind === LEAF_TABLE ? 0 : this.#view.getUint32(start + 8) };
  }

  #leaf(at: number): { id: number; values(): Value[] } {
    if (++this.#rows > MAX_ROWS) throw new DecodeError("SQLite", at, "too many rows");
    const [length, afterLength] = this.#varint(at);
    const [id, start] = this.#varint(afterLength);
    return { id, values: () => record(this.#payload(start, length)) };
  }

  // What does not fit goes to a chain of pages, whose numbers stand first in each.
  #payload(start: number, length: number): Uint8Array {
    const { bytes } = this.#file;
    this.#bytes += length;
    if (this.#bytes > MAX_BYTES) throw new DecodeError("SQLite", start, "too many bytes");
    if (length > bytes.length) throw new DecodeError("SQLite cell", start, `length ${length}`);
    const usable = this.#usable;
    const most = usable - 35;
    if (length <= most) return bytes.subarray(start, start + length);
    const least = Math.floor((usable - 12) * 32 / 255) - 23;
    const kept = least + (length - least) % (usable - 4);
    const here = kept <= most ? kept : least;
    const whole = new Uint8Array(length);
    whole.set(bytes.subarray(start, start + here));
    let filled = here;
    let page = this.#u32(start + here);
    while (filled < length) {
      const base = (page - 1) * this.#pageSize;
      if (page < 1 || base + usable > bytes.length) {
        throw new DecodeError("SQLite overflow page", page, "it is outside the file");
      }
      this.#file.ensure(base, base + usable);
      const part = bytes.subarray(base + 4, base + Math.min(usable, 4 + length - filled));
      whole.set(part, filled);
      filled += part.length;
      page = this.#u32(base);
    }
    return whole;
  }

  #u32(at: number): number {
    if (at + 4 > this.#file.bytes.length) throw new DecodeError("SQLite", at, "it is cut off");
    return this.#view.getUint32(at);
  }

  #varint(at: number): [value: number, next: number] {
    return varint(this.#file.bytes, at);
  }
}

/** A variable integer: seven bits a byte, the highest first; the ninth byte counts whole. */
function varint(bytes: Uint8Array, at: number): [value: number, next: number] {
  let value = 0;
  for (let i = 0; i < 9; i++) {
    const byte = bytes[at + i];
    if (byte === undefined) throw new DecodeError("varint", at, "it is cut off");
    if (i === 8) return [value * 256 + byte, at + 9];
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return [value, at + i + 1];
  }
  return [value, at];
}

// Head: its length, a type for each column; then the columns.
function record(bytes: Uint8Array): Value[] {
  const [head, first] = varint(bytes, 0);
  const values: Value[] = [];
  let body = head;
  for (let at = first; at < head;) {
    const [type, next] = varint(bytes, at);
    at = next;
    const size = type < 12
      ? [0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0][type]!
      : Math.floor((type - 12) / 2);
    const part = bytes.subarray(body, body + size);
    if (part.length < size) throw new DecodeError("SQLite record", body, "it is cut off");
    body += size;
    if (type === 0 || type === 7) values.push(null);
    else if (type >= 12) values.push(type % 2 === 0 ? part : latin1Text(part));
    else if (type >= 8) values.push(type - 8);
    else {values.push(part.reduce((sum, byte, i) =>
        sum * 256 + (i === 0 ? byte << 24 >> 24 : byte), 0));}
  }
  return values;
}
