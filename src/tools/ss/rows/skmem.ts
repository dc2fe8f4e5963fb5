/**
 * What `-m` shows of a socket in most families.
 *
 * @module
 */
import { label } from "../../../text/label.ts";
import type { DiagMessage } from "../../../families/diag_message.ts";
import type { SsTable } from "../layout/table.ts";

/** Letters that ss prints for SK_MEMINFO_*, in the kernel's order. The last two are younger than the others. */
const SKMEM_LABELS = ["(r", ",rb", ",t", ",tb", ",f", ",w", ",o", ",bl", ",d"].map(label);
const SKMEM = label(" skmem:");

/** ` skmem:(…)` of an attribute: a u32 array, SK_MEMINFO_* (include/uapi/linux/sock_diag.h). A short one has fewer entries. */
export function writeSkmem(cells: SsTable, message: DiagMessage, attribute: number): void {
  const { view } = message;
  const at = message.attributeOffset(attribute);
  const length = message.attributeLength(attribute);
  cells.label(SKMEM);
  for (let i = 0; i < SKMEM_LABELS.length && 4 * i + 4 <= length; i++) {
    cells.label(SKMEM_LABELS[i]!);
    cells.decimal(view.getUint32(at + 4 * i, true));
  }
  cells.byte(0x29);
}
