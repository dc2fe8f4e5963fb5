/**
 * Asks on the terminal.
 *
 * @module
 */
import { tryRead } from "../../../ffi/files.ts";
import { allocate } from "../../../ffi/memory.ts";
import { discardTyped } from "../../../ffi/terminal.ts";
import { utf8Text } from "../../text/encoding.ts";
import type { Writer } from "../../text/writer.ts";

/**
 * True for a yes on standard input. Anything else counts as no, and so does the end of input. What was typed before the
 * question was an answer to something else.
 */
export function answersYes(question: string, err: Writer): boolean {
  discardTyped(0);
  err.write(`${question} [y/N] `);
  err.flush();
  const line = allocate(256);
  const length = tryRead(0, line);
  return length > 0 && /^\s*y(es)?\s*$/i.test(utf8Text(line.subarray(0, length)));
}
