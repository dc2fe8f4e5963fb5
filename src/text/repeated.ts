/**
 * Repeated: text that mostly is the same as the last time, such as the state of one connection after another.
 *
 * @module
 */
import type { RowBuffer } from "./row_buffer.ts";
import { cellWidth } from "./width.ts";
import { utf8Bytes } from "./encoding.ts";

/** One place where such text is written. */
export class Repeated {
  #text = "";
  #bytes: Uint8Array = new Uint8Array(0);
  #extraBytes = 0;

  /** Writes text of any characters. */
  write(text: string, out: RowBuffer): void {
    if (text !== this.#text) {
      this.#text = text;
      this.#bytes = utf8Bytes(text);
      this.#extraBytes = this.#bytes.length - cellWidth(text);
    }
    out.bytes(this.#bytes);
    out.extraBytes += this.#extraBytes;
  }
}

/** Text that is always the same, as bytes. */
export function constant(text: string): Uint8Array {
  return utf8Bytes(text);
}
