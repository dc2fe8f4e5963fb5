/**
 * MessageStore: messages of the kernel's, kept one behind the other in large pieces of memory.
 *
 * @module
 */

/** A place is a piece and the 32-bit word in it, so that 32 bits are enough for 16 GiB. */
const WORD_BITS = 16;
const PIECE_SIZE = 4 << WORD_BITS;
/** Most hosts have few sockets. */
const FIRST_SIZE = 16 * 1024;
/** Each message has its length in front. */
const PREFIX = 4;

/** Messages by number, in the order they were added. */
export class MessageStore {
  #pieces: DataView<ArrayBuffer>[] = [];
  #places = new Uint32Array(64);
  /** Bytes of the last piece that are taken. */
  #used = 0;
  /** How many messages there are. */
  length = 0;
  /** Where the message is that {@linkcode MessageStore.find} found. */
  view: DataView = new DataView(new ArrayBuffer(0));
  start = 0;
  end = 0;

  /** Copies a message from `start` to `end`. Returns its number. */
  add(view: DataView, start: number, end: number): number {
    const size = end - start;
    let piece = this.#pieces.at(-1);
    if (piece === undefined || this.#used + PREFIX + size > piece.byteLength) {
      const usual = piece === undefined ? FIRST_SIZE : PIECE_SIZE;
      piece = new DataView(new ArrayBuffer(Math.max(usual, PREFIX + size)));
      this.#pieces.push(piece);
      this.#used = 0;
    }
    const number = this.length++;
    if (number === this.#places.length) {
      const places = new Uint32Array(2 * number);
      places.set(this.#places);
      this.#places = places;
    }
    let to = this.#used;
    this.#places[number] = (this.#pieces.length - 1 << WORD_BITS | to >>> 2) >>> 0;
    piece.setUint32(to, size, true);
    to += PREFIX;
    let from = start;
    for (; from + 4 <= end; from += 4, to += 4) {
      piece.setUint32(to, view.getUint32(from, true), true);
    }
    for (; from < end; from++, to++) piece.setUint8(to, view.getUint8(from));
    this.#used = to + 3 & ~3;
    return number;
  }

  /** Finds a message, for who reads it at `view`, `start` and `end`. */
  find(number: number): this {
    const place = this.#places[number]!;
    const piece = this.#pieces[place >>> WORD_BITS]!;
    const at = (place & (1 << WORD_BITS) - 1) << 2;
    this.view = piece;
    this.start = at + PREFIX;
    this.end = this.start + piece.getUint32(at, true);
    return this;
  }

  /** Forgets all messages. */
  clear(): void {
    this.#pieces = [];
    this.#used = 0;
    this.length = 0;
  }
}
