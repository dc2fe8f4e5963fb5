/**
 * DescriptorTable: which process holds which socket, as records.
 *
 * One row is one descriptor. There may be hundreds of thousands of them, so no row becomes an object.
 *
 * @module
 */

/**
 * Offsets in a record, little-endian: tgid s32 0, pid s32 4, fd u32 8, kind u32 12, inode u64 16, and with cookies u64 24 (0: the
 * socket has no cookie, or it is not known). As everywhere in the kernel, `tgid` is the process ID and `pid` the thread ID.
 */
export const RECORD = { tgid: 0, pid: 4, fd: 8, kind: 12, inode: 16, cookie: 24 };

/** Bytes of a record. */
export function recordSize(cookies: boolean): number {
  return cookies ? 32 : 24;
}

/** Kinds of record: what the descriptor is. Namespaces of all types have one kind. Only the link in /proc tells the type. */
export const KIND_SOCKET = 0;
export const KIND_NAMESPACE = 1;
/** A socket of another network namespace than its process. The inode is that of the namespace. */
export const KIND_FOREIGN_SOCKET = 2;

const TGID = RECORD.tgid >> 2;
const PID = RECORD.pid >> 2;
const FD = RECORD.fd >> 2;
const KIND = RECORD.kind >> 2;
const INODE = RECORD.inode >> 2;
const COOKIE = RECORD.cookie >> 2;
/** Rows that there is room for at first. */
const FIRST_ROWS = 1024;

/**
 * A growing table of process, thread, descriptor and inode, with the cookie if the source of the rows knows it. A row is a record as
 * the owner program in the kernel writes it, so that what it wrote is read to where it stays.
 */
export class DescriptorTable {
  /** True if rows have the cookies of their sockets. */
  readonly hasCookies: boolean;
  readonly #stride: number;
  #words: Uint32Array<ArrayBuffer>;
  length = 0;

  /** Makes an empty table. */
  constructor(hasCookies = false) {
    this.hasCookies = hasCookies;
    this.#stride = recordSize(hasCookies) >> 2;
    this.#words = new Uint32Array(new ArrayBuffer(4 * this.#stride * FIRST_ROWS));
  }

  /** Process ID. */
  pid(row: number): number {
    return this.#words[row * this.#stride + TGID]!;
  }

  /** Thread whose own table has the descriptor; 0 when it is the process's main table. */
  tid(row: number): number {
    const at = row * this.#stride;
    const tid = this.#words[at + PID]!;
    return tid === this.#words[at + TGID]! ? 0 : tid;
  }

  fd(row: number): number {
    return this.#words[row * this.#stride + FD]!;
  }

  /** Inode of the socket. Kernel: 32 bits today, but nothing promises it. */
  inode(row: number): number {
    const at = row * this.#stride + INODE;
    return this.#words[at]! + this.#words[at + 1]! * 0x1_0000_0000;
  }

  /** Low half of the cookie; 0, like the high half, where it is not known or the table has none. */
  cookieLow(row: number): number {
    return this.hasCookies ? this.#words[row * this.#stride + COOKIE]! : 0;
  }

  cookieHigh(row: number): number {
    return this.hasCookies ? this.#words[row * this.#stride + COOKIE + 1]! : 0;
  }

  /** Kind of the record: what is no socket is there only while records are read. */
  kind(row: number): number {
    return this.#words[row * this.#stride + KIND]!;
  }

  /** Appends a row. `tid` is 0 for the main table of a process. */
  push(
    pid: number,
    tid: number,
    fd: number,
    inode: number,
    cookieLow = 0,
    cookieHigh = 0,
  ): void {
    const at = this.length * this.#stride;
    if (at === this.#words.length) this.#grow(at + this.#stride);
    const words = this.#words;
    words[at + TGID] = pid;
    words[at + PID] = tid === 0 ? pid : tid;
    words[at + FD] = fd;
    words[at + KIND] = KIND_SOCKET;
    words[at + INODE] = inode;
    words[at + INODE + 1] = inode / 0x1_0000_0000;
    if (this.hasCookies) {
      words[at + COOKIE] = cookieLow;
      words[at + COOKIE + 1] = cookieHigh;
    }
    this.length++;
  }

  /** Appends a row of another table of the same form. */
  pushRow(from: DescriptorTable, row: number): void {
    const at = this.length * this.#stride;
    if (at === this.#words.length) this.#grow(at + this.#stride);
    const start = row * from.#stride;
    for (let i = 0; i < this.#stride; i++) this.#words[at + i] = from.#words[start + i]!;
    this.length++;
  }

  /** Room for `size` bytes of records behind the last row. What is written there counts when {@linkcode length} says so. */
  room(size: number): Uint8Array<ArrayBuffer> {
    const start = this.length * this.#stride;
    if (4 * (this.#words.length - start) < size) this.#grow(start + Math.ceil(size / 4));
    return new Uint8Array(this.#words.buffer, 4 * start, size);
  }

  /** All rows as bytes, valid until the next row is added. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#words.buffer, 0, 4 * this.length * this.#stride);
  }

  // To a whole number of rows.
  #grow(words: number): void {
    const rows = Math.max(2 * this.#words.length / this.#stride, Math.ceil(words / this.#stride));
    const grown = new Uint32Array(new ArrayBuffer(4 * rows * this.#stride));
    grown.set(this.#words);
    this.#words = grown;
  }
}
