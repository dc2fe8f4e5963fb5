/**
 * A writer into a text, for what is written to a descriptor otherwise.
 *
 * @module
 */
import type { Writer } from "../../src/text/writer.ts";

/** The writer, and what was written to it. */
export function textWriter(): { readonly writer: Writer; readonly text: () => string } {
  let text = "";
  const writer = {
    write: (part: string) => void (text += part),
    writeBytes: (bytes: Uint8Array) => void (text += new TextDecoder().decode(bytes)),
    flush: () => {},
  };
  return { writer: writer as unknown as Writer, text: () => text };
}
