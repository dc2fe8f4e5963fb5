/**
 * Rows for spreadsheets and scripts: CSV (RFC 4180) and TSV.
 *
 * @module
 */
import { sanitize } from "../../text/sanitize.ts";
import type { Writer } from "../../text/writer.ts";

/**
 * Writes rows. What would steer a terminal is an escape in both: `\x1b`, and so a backslash is doubled. Throws what the writer
 * throws.
 */
export function writeSeparated(
  names: readonly string[],
  rows: Iterable<readonly string[]>,
  format: "csv" | "tsv",
  header: boolean,
  writer: Writer,
): void {
  const line = (texts: readonly string[]) => {
    const cells = texts.map((text) => format === "csv" ? quoted(sanitize(text)) : sanitize(text));
    writer.write(`${cells.join(format === "csv" ? "," : "\t")}\n`);
  };
  if (header) line(names);
  for (const row of rows) line(row);
}

function quoted(text: string): string {
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
