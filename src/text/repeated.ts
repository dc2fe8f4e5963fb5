/**
 * Repeated: text that is usually the same as in the row before, such as a state. It is encoded only when it changes.
 *
 * @module
 */
import type { RowBuffer } from "./row_buffer.ts";
import { cellWidth } from "./width.ts";
import { utf8Bytes } from "./encoding.ts";

/** One column of such text. */
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
