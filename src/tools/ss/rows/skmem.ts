/**
 * What `-m` shows of a socket in most families.
 *
 * @module
 */
import { AsciiText, label } from "../../../text/ascii_text.ts";
import type { DiagMessage } from "../../../families/diag_message.ts";
import type { SsCells } from "./row.ts";

/** Letters that ss prints for SK_MEMINFO_*, in the kernel's order. The last two are younger than the others. */
const SKMEM_LABELS = ["(r", ",rb", ",t", ",tb", ",f", ",w", ",o", ",bl", ",d"].map(label);
const SKMEM = label(" skmem:");

/** ` skmem:(…)` from a u32 array, SK_MEMINFO_* (include/uapi/linux/sock_diag.h). A short array has fewer entries. */
export function putSkmem(text: AsciiText, view: DataView, offset: number, length: number): void {
  text.put(SKMEM);
  for (let i = 0; i < SKMEM_LABELS.length && 4 * i + 4 <= length; i++) {
    text.put(SKMEM_LABELS[i]!);
    text.decimal(view.getUint32(offset + 4 * i, true));
  }
  text.byte(0x29);
}

const skmem = new AsciiText();

/** The same of an attribute, for families that have no text of their own. */
export function writeSkmem(cells: SsCells, message: DiagMessage, attribute: number): void {
  skmem.clear();
  putSkmem(
    skmem,
    message.view,
    message.attributeOffset(attribute),
    message.attributeLength(attribute),
  );
  cells.text(skmem);
}
