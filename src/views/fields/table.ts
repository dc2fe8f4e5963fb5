/**
 * Chosen columns as aligned text: a row for each socket or group, on a terminal as in a pipe.
 *
 * @module
 */
import { paint } from "../../text/color.ts";
import { sanitize } from "../../text/sanitize.ts";
import { cellWidth, pad } from "../../text/width.ts";
import type { Writer } from "../../text/writer.ts";

/** A column of such a table. */
interface TextColumn {
  readonly header: string;
  readonly align: "left" | "right";
}

const GAP = "  ";

/**
 * Writes rows of texts. A missing text is `-`, and blanks inside one are written `\x20`, except in the last column, so that
 * columns can be counted. Throws what the writer throws.
 */
export function writeColumns(
  columns: readonly TextColumn[],
  rows: readonly (readonly string[])[],
  writer: Writer,
  { header, color }: { readonly header: boolean; readonly color: boolean },
): void {
  const last = columns.length - 1;
  const cells = rows.map((row) =>
    row.map((text, i) => {
      const safe = sanitize(text);
      if (safe === "") return "-";
      return i === last ? safe : safe.replaceAll(" ", "\\x20");
    })
  );
  const widths = columns.map(({ header: name }, i) =>
    cells.reduce((most, row) => Math.max(most, cellWidth(row[i]!)), header ? name.length : 0)
  );
  const line = (texts: readonly string[]) =>
    texts.map((text, i) =>
      i === last && columns[i]!.align === "left" ? text : pad(text, widths[i]!, columns[i]!.align)
    ).join(GAP);
  if (header) {
    writer.write(`${paint(line(columns.map(({ header }) => header)), "header", color)}\n`);
  }
  for (const row of cells) writer.write(`${line(row)}\n`);
}
