/**
 * Ipv4Rows: rows of two IPv4 endpoints, kept as numbers until they are printed.
 *
 * On a busy host nearly every row of `ss -tan` is one of these. Written in cells, a row is written, measured and copied;
 * here it is six words, the widths follow from the largest of each word, and every byte is written once, where it belongs.
 * That is a sixth of the work. The loops are small as well, so that they are compiled early in a program that ends before
 * it is warm. What is printed is what {@linkcode SsTable} would print of the same row written in cells: the tests compare
 * the two.
 *
 * @module
 */
import { decimalLength, ipv4Length, putDecimal, putIpv4Before } from "../../../text/digits.ts";
import { ssStateName } from "../../../model/state.ts";
import { chunkLength } from "./chunks.ts";
import { BARE, COLUMN, type Column, type Layout } from "./columns.ts";

/**
 * Words of a row as {@linkcode Ipv4Rows.add} takes it: state, both queues, both addresses as big-endian words, local port <<
 * 16 | peer's port. A port of 0 is printed as `*`.
 */
export const IPV4_ROW_WORDS = 6;
/** Added to the state: both addresses are shown as IPv4 addresses mapped into IPv6. */
export const IPV4_ROW_MAPPED = 1 << 8;
/** States of such rows are below this, and their queues are not negative. */
export const IPV4_ROW_STATES = 16;

/** Words that a row is kept in: as it came, and the lengths of its process cell and its extras. */
const PROCESS = IPV4_ROW_WORDS;
const EXTRAS = IPV4_ROW_WORDS + 1;
const WORDS = IPV4_ROW_WORDS + 2;
/** The netid's number, kept above the state. */
const NETID_SHIFT = 16;
const QUEUE_SIZE = 6;
/** "[::ffff:" */
const MAPPED_PREFIX = new Uint8Array([0x5b, 0x3a, 0x3a, 0x66, 0x66, 0x66, 0x66, 0x3a]);
/** What stands around an address: the colon behind it, in IPv6 also the prefix and a bracket. */
const UNMAPPED_LENGTH = 1;
const MAPPED_LENGTH = MAPPED_PREFIX.length + 1 + UNMAPPED_LENGTH;
/** What an address has beside its digits. */
const DOTS = 3;
/** The first queue that is longer than its padding. */
const LONG_QUEUE = 1_000_000;
const BLANK = 0x20;
const ASTERISK = 0x2a;
const BRACKET = 0x5d;
const COLON = 0x3a;
const NEWLINE = 0x0a;

/** Rows, and the widths that they need. */
export class Ipv4Rows {
  readonly #shown: readonly boolean[];
  #words = new Int32Array(WORDS * 512);
  #length = 0;
  readonly #netids: string[] = [];
  #netidNames = new Uint8Array(0);
  #netid = 0;
  /** How many digits an octet has. */
  readonly #digits = new Uint8Array(256);
  readonly #stateNames: Uint8Array;
  readonly #stateLengths = new Uint8Array(IPV4_ROW_STATES);
  /** What they take of a chunk of ss's; nothing where the column is hidden. */
  readonly #stateChunks = new Uint8Array(IPV4_ROW_STATES);
  #fixedLength = 0;
  #used = 0;
  // The largest of everything, since the table began: widths only grow.
  #stateMask = 0;
  #receiveQueue = 0;
  #sendQueue = 0;
  #source = 0;
  #destination = 0;
  #sourcePort = 0;
  #destinationPort = 0;
  /** Columns that are shown, and where each begins in a row; those of addresses, where they end. */
  readonly #columns: Column[] = [];
  readonly #places: number[] = [];
  #rowLength = 0;
  #extrasWidth = 0;
  /** Where the process cell of the row printed next is, and its extras behind it. */
  textAt = 0;
  /** Where that cell begins in a row, and its width; that is -1 where the column is hidden. */
  #process = 0;
  #processWidth = -1;
  /**
   * Blanks between the end of the last column before the extras and the newline, where that column is not filled up; -1 where
   * it is.
   */
  #behindBare = -1;

  constructor(shown: readonly boolean[]) {
    this.#shown = shown;
    this.#digits.fill(1, 0, 10).fill(2, 10, 100).fill(3, 100);
    const names: string[] = [];
    for (let state = 0; state < IPV4_ROW_STATES; state++) {
      const name = ssStateName(state);
      names.push(name);
      this.#stateLengths[state] = name.length;
      if (shown[COLUMN.state]) this.#stateChunks[state] = chunkLength(name.length);
    }
    this.#stateNames = nameBytes(names);
  }

  /** How many there are. */
  get count(): number {
    return this.#length / WORDS;
  }

  /** Forgets the rows, not their widths. */
  clear(): void {
    this.#length = 0;
  }

  /** Name of the rows that are added from here on. */
  set netid(netid: string) {
    let known = this.#netids.indexOf(netid);
    if (known < 0) {
      known = this.#netids.push(netid) - 1;
      this.#netidNames = nameBytes(this.#netids);
    }
    this.#netid = known << NETID_SHIFT;
    // What is as long in every row: the empty cell at its end, and queues that are not long.
    this.#fixedLength = chunkLength(0) +
      (this.#shown[COLUMN.netid] ? chunkLength(netid.length) : 0) +
      (this.#shown[COLUMN.receiveQueue] ? 2 * chunkLength(QUEUE_SIZE) : 0);
  }

  /**
   * Adds rows `from` to `to` of `rows`, as far as they fit into `room` bytes of a chunk of ss's. Returns the row that it
   * stopped at; {@linkcode Ipv4Rows.used} has the bytes of those added, including the empty cells at their ends.
   */
  add(rows: Int32Array, from: number, to: number, room: number): number {
    const needed = this.#length + (to - from) * WORDS;
    if (needed > this.#words.length) {
      const larger = new Int32Array(Math.max(needed, this.#words.length * 2));
      larger.set(this.#words);
      this.#words = larger;
    }
    const words = this.#words;
    const digits = this.#digits;
    const stateChunks = this.#stateChunks;
    const queues = this.#shown[COLUMN.receiveQueue]!;
    let at = this.#length;
    let states = this.#stateMask;
    let mostReceived = this.#receiveQueue;
    let mostSent = this.#sendQueue;
    let widestSource = this.#source;
    let widestDestination = this.#destination;
    let highestPort = this.#sourcePort;
    let highestPeerPort = this.#destinationPort;
    const fixed = this.#fixedLength;
    const netid = this.#netid;
    let used = 0;
    let row = from;
    for (; row < to; row++) {
      const word = row * IPV4_ROW_WORDS;
      const kind = rows[word]!;
      const receiveQueue = rows[word + 1]!;
      const sendQueue = rows[word + 2]!;
      const source = rows[word + 3]!;
      const destination = rows[word + 4]!;
      const ports = rows[word + 5]!;
      const around = DOTS + ((kind & IPV4_ROW_MAPPED) !== 0 ? MAPPED_LENGTH : UNMAPPED_LENGTH);
      const sourceLength = digits[source >>> 24]! + digits[source >>> 16 & 255]! +
        digits[source >>> 8 & 255]! + digits[source & 255]! + around;
      const destinationLength = digits[destination >>> 24]! + digits[destination >>> 16 & 255]! +
        digits[destination >>> 8 & 255]! + digits[destination & 255]! + around;
      const port = ports >>> 16;
      const peerPort = ports & 0xffff;
      let cells = fixed + stateChunks[kind & 0xff]! + (sourceLength + 3 & ~1) +
        (destinationLength + 3 & ~1) + (port >= 10_000 ? 8 : port >= 100 ? 6 : 4) +
        (peerPort >= 10_000 ? 8 : peerPort >= 100 ? 6 : 4);
      if (queues && (receiveQueue >= LONG_QUEUE || sendQueue >= LONG_QUEUE)) {
        cells += chunkLength(queueLength(receiveQueue)) + chunkLength(queueLength(sendQueue)) -
          2 * chunkLength(QUEUE_SIZE);
      }
      if (used + cells > room) break;
      used += cells;
      words[at] = kind | netid;
      words[at + 1] = receiveQueue;
      words[at + 2] = sendQueue;
      words[at + 3] = source;
      words[at + 4] = destination;
      words[at + 5] = ports;
      words[at + PROCESS] = 0;
      words[at + EXTRAS] = 0;
      at += WORDS;
      states |= 1 << (kind & 0xff);
      if (receiveQueue > mostReceived) mostReceived = receiveQueue;
      if (sendQueue > mostSent) mostSent = sendQueue;
      if (sourceLength > widestSource) widestSource = sourceLength;
      if (destinationLength > widestDestination) widestDestination = destinationLength;
      if (port > highestPort) highestPort = port;
      if (peerPort > highestPeerPort) highestPeerPort = peerPort;
    }
    this.#length = at;
    this.#stateMask = states;
    this.#receiveQueue = mostReceived;
    this.#sendQueue = mostSent;
    this.#source = widestSource;
    this.#destination = widestDestination;
    this.#sourcePort = highestPort;
    this.#destinationPort = highestPeerPort;
    this.#used = used;
    return row;
  }

  /** Length of the process cell of the row added last. The bytes stay with the table. */
  set process(length: number) {
    this.#words[this.#length - WORDS + PROCESS] = length;
  }

  /** As {@linkcode Ipv4Rows.process}, of the extras. */
  set extras(length: number) {
    this.#words[this.#length - WORDS + EXTRAS] = length;
  }

  /** Bytes that the rows added last take of a chunk. */
  get used(): number {
    return this.#used;
  }

  /** Lengths of the shown cells of the row added last, as far as its ports. Returns how many. */
  lengths(into: Int32Array): number {
    const at = this.#length - WORDS;
    const words = this.#words;
    const shown = this.#shown;
    const around = (words[at]! & IPV4_ROW_MAPPED) !== 0 ? MAPPED_LENGTH : UNMAPPED_LENGTH;
    const ports = words[at + 5]!;
    let count = 0;
    if (shown[COLUMN.netid]) into[count++] = this.#netids[words[at]! >>> NETID_SHIFT]!.length;
    if (shown[COLUMN.state]) into[count++] = this.#stateLengths[words[at]! & 0xff]!;
    if (shown[COLUMN.receiveQueue]) into[count++] = queueLength(words[at + 1]!);
    if (shown[COLUMN.sendQueue]) into[count++] = queueLength(words[at + 2]!);
    into[count++] = ipv4Length(words[at + 3]!) + around;
    into[count++] = decimalLength(ports >>> 16);
    into[count++] = ipv4Length(words[at + 4]!) + around;
    into[count++] = decimalLength(ports & 0xffff);
    return count;
  }

  /** Widens the columns to what the rows need. */
  measure(longest: Int32Array): void {
    if (this.#stateMask === 0) return;
    const shown = this.#shown;
    const widen = (column: number, length: number) => {
      if (shown[column] && length > longest[column]!) longest[column] = length;
    };
    for (const netid of this.#netids) widen(COLUMN.netid, netid.length);
    for (let state = 0; state < IPV4_ROW_STATES; state++) {
      if ((this.#stateMask & 1 << state) !== 0) widen(COLUMN.state, this.#stateLengths[state]!);
    }
    widen(COLUMN.receiveQueue, queueLength(this.#receiveQueue));
    widen(COLUMN.sendQueue, queueLength(this.#sendQueue));
    widen(COLUMN.address, this.#source);
    widen(COLUMN.port, decimalLength(this.#sourcePort));
    widen(COLUMN.peerAddress, this.#destination);
    widen(COLUMN.peerPort, decimalLength(this.#destinationPort));
  }

  /**
   * Finds out where in a row each cell goes. Returns how long a row is at most, newline included, if its process cell and its
   * extras are no wider than their columns. Call it before {@linkcode Ipv4Rows.lay}.
   */
  place({ widths, delimiters, aligns }: Layout): number {
    let at = 0;
    let visible = 0;
    let bare = -1;
    this.#columns.length = 0;
    for (let column: Column = 0; column <= COLUMN.extras; column++) {
      if (!this.#shown[column]) continue;
      at += delimiters[visible]!;
      const width = widths[visible]!;
      if (column < COLUMN.process) {
        // Addresses stand at the right of their columns.
        const right = column === COLUMN.address || column === COLUMN.peerAddress;
        this.#places[this.#columns.length] = right ? at + width : at;
        this.#columns.push(column as Column);
      } else if (column === COLUMN.process) {
        this.#process = at;
        this.#processWidth = width;
      }
      at += width;
      if (aligns[visible] === BARE) bare = at;
      visible++;
    }
    this.#behindBare = bare < 0 ? -1 : at - bare;
    this.#rowLength = at;
    this.#extrasWidth = widths[visible - 1]!;
    return at + 1;
  }

  /**
   * Prints rows `from` to `to` into `output` at `at`, where everything is blank. Returns where they end. `bytes` has the process
   * cell and the extras of the first at {@linkcode Ipv4Rows.textAt}, which moves past those that are printed.
   *
   * Cells are printed by functions of their own: as one function it would take several times as long to be compiled.
   */
  lay(output: Uint8Array, at: number, from: number, to: number, bytes: Uint8Array): number {
    const columns = this.#columns;
    const places = this.#places;
    const count = columns.length;
    const rowLength = this.#rowLength;
    const behindBare = this.#behindBare;
    const processWidth = this.#processWidth;
    for (let row = from; row < to; row++) {
      let end = 0;
      for (let i = 0; i < count; i++) {
        end = this.#put(output, at + places[i]!, columns[i]!, row * WORDS);
      }
      if (processWidth < 0) at = behindBare < 0 ? at + rowLength : end + behindBare;
      else at = this.#putProcess(output, at, bytes, this.#words[row * WORDS + PROCESS]!);
      const extras = this.#words[row * WORDS + EXTRAS]!;
      if (extras > 0) at = this.#putExtras(output, at, bytes, extras);
      output[at++] = NEWLINE;
    }
    return at;
  }

  /** `start` is where the row begins. Returns where it would end without extras. */
  #putProcess(output: Uint8Array, start: number, bytes: Uint8Array, length: number): number {
    const at = start + this.#process;
    const from = this.textAt;
    for (let i = 0; i < length; i++) output[at + i] = bytes[from + i]!;
    this.textAt = from + length;
    if (this.#behindBare >= 0) return at + length + this.#behindBare;
    // A cell that is longer than its column moves what follows.
    return start + this.#rowLength + Math.max(0, length - this.#processWidth);
  }

  /** `end` is where the row would end without them. */
  #putExtras(output: Uint8Array, end: number, bytes: Uint8Array, length: number): number {
    const start = end - this.#extrasWidth;
    output.set(bytes.subarray(this.textAt, this.textAt + length), start);
    this.textAt += length;
    return Math.max(end, start + length);
  }

  /** Prints a cell. Returns where it ends, of a port at least. */
  #put(output: Uint8Array, at: number, column: Column, word: number): number {
    const words = this.#words;
    switch (column) {
      case COLUMN.netid:
        return putText(output, at, this.#netidNames, words[word]! >>> NETID_SHIFT);
      case COLUMN.state:
        return putText(output, at, this.#stateNames, words[word]! & 0xff);
      case COLUMN.receiveQueue:
        return putDecimal(output, at, words[word + 1]!);
      case COLUMN.sendQueue:
        return putDecimal(output, at, words[word + 2]!);
      case COLUMN.address:
        return putAddress(output, at, words[word + 3]!, words[word]!);
      case COLUMN.port:
        return putPort(output, at, words[word + 5]! >>> 16);
      case COLUMN.peerAddress:
        return putAddress(output, at, words[word + 4]!, words[word]!);
      default:
        return putPort(output, at, words[word + 5]! & 0xffff);
    }
  }
}

/** Names in so many bytes each. */
const NAME_SIZE = 10;

function nameBytes(names: readonly string[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(names.length * NAME_SIZE).fill(BLANK);
  for (let i = 0; i < names.length; i++) {
    const name = names[i]!;
    for (let at = 0; at < name.length; at++) bytes[i * NAME_SIZE + at] = name.charCodeAt(at);
  }
  return bytes;
}

function putText(output: Uint8Array, at: number, names: Uint8Array, name: number): number {
  const start = name * NAME_SIZE;
  // Blanks at the end of a name may lie in the next column, which is printed later.
  for (let i = 0; i < NAME_SIZE; i++) output[at + i] = names[start + i]!;
  return at;
}

function queueLength(value: number): number {
  return Math.max(QUEUE_SIZE, decimalLength(value));
}

/** A port, or an asterisk for 0. Returns where it ends. */
function putPort(output: Uint8Array, at: number, port: number): number {
  if (port > 0) return putDecimal(output, at, port);
  output[at] = ASTERISK;
  return at + 1;
}

/** Ends at `end`, colon included. */
function putAddress(output: Uint8Array, end: number, word: number, kind: number): number {
  const mapped = (kind & IPV4_ROW_MAPPED) !== 0;
  let at = end - 1;
  output[at] = COLON;
  if (mapped) output[--at] = BRACKET;
  at = putIpv4Before(output, at, word);
  if (!mapped) return end;
  for (let i = MAPPED_PREFIX.length - 1; i >= 0; i--) output[--at] = MAPPED_PREFIX[i]!;
  return end;
}
