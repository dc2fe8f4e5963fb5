/**
 * AsciiText: text made of labels and numbers, as bytes.
 *
 * The `-i` part of a row is some forty of each. Strings and their concatenation would cost several times what is written
 * here, and small loops over letters as well: a label is put with four stores, whatever its length, and what it has too
 * many of is written over by what follows.
 *
 * @module
 */

/** Text of at most 16 bytes, ready to be put. */
export interface Label {
  readonly length: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
}

const LABEL_SIZE = 16;
/** No number that is put as one has more digits than 2^53. */
const NUMBER_SIZE = 16;
const ZERO = 0x30;

/** Prepares a label. Throws RangeError when it is too long. */
export function label(text: string): Label {
  if (text.length > LABEL_SIZE) {
    throw new RangeError(`A label has at most ${LABEL_SIZE} bytes: ${text}`);
  }
  const bytes = new DataView(new ArrayBuffer(LABEL_SIZE));
  for (let i = 0; i < text.length; i++) bytes.setUint8(i, text.charCodeAt(i));
  const word = (at: number) => bytes.getInt32(at, true);
  return { length: text.length, a: word(0), b: word(4), c: word(8), d: word(12) };
}

/** Text under construction. */
export class AsciiText {
  /** The text is at the front. */
  bytes = new Uint8Array(new ArrayBuffer(1024));
  length = 0;
  #view = new DataView(this.bytes.buffer);

  /** Forgets the text. */
  clear(): void {
    this.length = 0;
  }

  #grow(count: number): void {
    const bytes = new Uint8Array(new ArrayBuffer(2 * this.bytes.length + count));
    bytes.set(this.bytes.subarray(0, this.length));
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }

  /** Appends a label. */
  put(label: Label): void {
    if (this.length + LABEL_SIZE > this.bytes.length) this.#grow(LABEL_SIZE);
    const at = this.length;
    const view = this.#view;
    view.setInt32(at, label.a, true);
    view.setInt32(at + 4, label.b, true);
    view.setInt32(at + 8, label.c, true);
    view.setInt32(at + 12, label.d, true);
    this.length = at + label.length;
  }

  /** Appends one byte. */
  byte(byte: number): void {
    if (this.length === this.bytes.length) this.#grow(1);
    this.bytes[this.length++] = byte;
  }

  /** Appends text of bytes 0 to 255, one a character. */
  ascii(text: string): void {
    if (this.length + text.length > this.bytes.length) this.#grow(text.length);
    for (let i = 0; i < text.length; i++) this.bytes[this.length++] = text.charCodeAt(i);
  }

  /** Appends a whole number from 0 to 2^53 - 1 in decimal. */
  decimal(value: number): void {
    if (this.length + NUMBER_SIZE > this.bytes.length) this.#grow(NUMBER_SIZE);
    if (value < 10) {
      this.bytes[this.length++] = ZERO + value;
      return;
    }
    if (value > 0x7fff_ffff) {
      // Two halves that fit into a machine's integer; the upper one has at most seven digits.
      const upper = Math.floor(value / 1_000_000_000);
      this.decimal(upper);
      this.digits(value - upper * 1_000_000_000, 9);
      return;
    }
    this.digits(
      value,
      value < 10_000
        ? value < 100 ? 2 : value < 1000 ? 3 : 4
        : value < 1_000_000
        ? value < 100_000 ? 5 : 6
        : value < 10_000_000
        ? 7
        : value < 100_000_000
        ? 8
        : value < 1_000_000_000
        ? 9
        : 10,
    );
  }

  /** Appends the last `count` digits of a number below 2^31, zeros in front included. */
  digits(value: number, count: number): void {
    if (this.length + count > this.bytes.length) this.#grow(count);
    const { bytes, length } = this;
    this.length = length + count;
    for (let at = length + count - 1; at >= length; at--) {
      const rest = value / 10 | 0;
      bytes[at] = ZERO + value - rest * 10;
      value = rest;
    }
  }
}
