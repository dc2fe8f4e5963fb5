/**
 * KeptMessages: whole messages of the kernel that are printed later.
 *
 * A record has no attributes. Where rows must wait and may show some, their messages are copied.
 *
 * @module
 */

/** Where the address family is in a message of sock_diag. Kernel: the first byte of every reply, as `idiag_family`. */
const FAMILY = 0;

/** Copies of messages, in the order they came. */
export class KeptMessages {
  #bytes = new Uint8Array(4096);
  #length = 0;
  readonly #ends: number[] = [];

  get empty(): boolean {
    return this.#ends.length === 0;
  }

  /** Copies a message. */
  message(view: DataView, start: number, end: number): void {
    const length = end - start;
    if (this.#length + length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#length + length, 2 * this.#bytes.length));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(new Uint8Array(view.buffer, view.byteOffset + start, length), this.#length);
    this.#length += length;
    this.#ends.push(this.#length);
  }

  /** Hands on the messages of one address family. Each is valid during the call only. */
  replay(
    family: number,
    sink: { message(view: DataView, start: number, end: number): void },
  ): void {
    const view = new DataView(this.#bytes.buffer);
    let start = 0;
    for (const end of this.#ends) {
      if (view.getUint8(start + FAMILY) === family) sink.message(view, start, end);
      start = end;
    }
  }
}
