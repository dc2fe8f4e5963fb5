/**
 * EarlyMessages: the first messages of a run, as the core keeps them. Where many follow, it begins with these.
 *
 * @module
 */
import { INET_DIAG_MSG_SIZE } from "../../../families/inet/uapi.ts";
import { FORCED, MANY } from "../../../core/worth.ts";

/** As LSOF_KEPT_SIZE of core/lsof_row.ts: a message, its protocol, and four bytes more. */
const KEPT_SIZE = INET_DIAG_MSG_SIZE + 8;
/** With so many the core pays. */
const FULL = FORCED === 0 ? Math.ceil(MANY / KEPT_SIZE) * KEPT_SIZE : 0;

/** Copies of messages with an inode, in the order they came. */
export class EarlyMessages {
  readonly #bytes = new Uint8Array(FULL);
  #length = 0;

  /** What is kept, each message with its protocol behind it. */
  get kept(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  get isFull(): boolean {
    return this.#length >= FULL;
  }

  /** How many bytes are kept: {@linkcode takeBack} forgets what comes after. */
  get length(): number {
    return this.#length;
  }

  /** Keeps a message, unless it is full. */
  push(view: DataView, start: number, protocol: number): void {
    if (this.isFull) return;
    const bytes = this.#bytes;
    const at = this.#length;
    bytes.set(new Uint8Array(view.buffer, view.byteOffset + start, INET_DIAG_MSG_SIZE), at);
    // Little-endian, of one byte.
    bytes[at + INET_DIAG_MSG_SIZE] = protocol;
    this.#length = at + KEPT_SIZE;
  }

  takeBack(length: number): void {
    this.#length = length;
  }
}
