import { expect, test } from "bun:test";
import fc from "fast-check";
import { Cells } from "../../src/text/cells.ts";
import { RowBuffer } from "../../src/text/row_buffer.ts";
import { runs } from "../support/runs.ts";

/** The table that cells make: columns aligned alternately, one blank between. */
function table(rows: readonly (readonly string[])[], columns: number): string {
  const cells = new Cells(columns, rows.length, Array.from({ length: columns }, () => 0));
  for (const row of rows) {
    row.forEach((text, column) => {
      cells.out.utf8(text);
      cells.end(column);
    });
  }
  const out = new RowBuffer();
  for (const row of rows) {
    cells.nextRow();
    row.forEach((_, i) => {
      cells.copy(i, i % 2 === 0 ? "left" : "right", i === columns - 1 ? null : 1, out);
    });
    out.byte(0x0a);
  }
  return new TextDecoder().decode(out.take());
}

function expected(rows: readonly (readonly string[])[], columns: number): string {
  const width = (text: string) => Bun.stringWidth(text);
  const widths = Array.from(
    { length: columns },
    (_, i) => Math.max(0, ...rows.map((row) => width(row[i]!))),
  );
  const line = (row: readonly string[]) =>
    row.map((text, i) => {
      const blanks = " ".repeat(widths[i]! - width(text));
      if (i % 2 === 1) return blanks + text;
      return i === columns - 1 ? text : text + blanks;
    }).join(" ");
  return rows.map((row) => `${line(row)}\n`).join("");
}

test("cells of any length, also of 255 bytes and more, come back in their columns", () => {
  const cell = fc.oneof(
    fc.stringMatching(/^[a-zé漢]{0,9}$/),
    fc.constantFrom(250, 254, 255, 256, 700, 70_000).map((length) => "x".repeat(length)),
  );
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }).chain((columns) =>
        fc.array(fc.array(cell, { minLength: columns, maxLength: columns }), { maxLength: 6 })
      ),
      (rows) => {
        const columns = rows[0]?.length ?? 1;
        expect(table(rows, columns)).toBe(expected(rows, columns));
      },
    ),
    runs(50),
  );
}, 60_000);
