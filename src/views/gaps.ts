/**
 * Gaps on standard error, one line for each sort.
 *
 * @module
 */
import { gapLines, type ToldGap } from "../model/gap.ts";
import { paint } from "../text/color.ts";
import { sanitize } from "../text/sanitize.ts";
import type { Writer } from "../text/writer.ts";

/** Tells the gaps. With `verbose`, the names of what is missing too. Throws what the writer throws. */
export function tellGaps(
  gaps: readonly ToldGap[],
  err: Writer,
  { verbose = false, color = false }: { readonly verbose?: boolean; readonly color?: boolean } = {},
): void {
  const head = paint("sockeye:", "dim", color);
  for (const line of gapLines(gaps, verbose)) err.write(`${head} ${sanitize(line)}\n`);
  err.flush();
}
