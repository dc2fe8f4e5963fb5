import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { COLUMN_STYLES, columnWidths } from "../../../../src/tools/ss/layout/columns.ts";

const ALL = COLUMN_STYLES.map(() => true);
const LONGEST = [5, 10, 6, 6, 14, 5, 13, 5, 0, 0];

describe("without a screen", () => {
  test("a column is as wide as its longest cell, and its delimiter unless it comes first", () => {
    expect(columnWidths(LONGEST, ALL, null)).toEqual([5, 11, 7, 7, 15, 5, 14, 5, 0, 0]);
  });

  test("the first column that is shown has no delimiter", () => {
    const shown = ALL.with(0, false);
    expect(columnWidths(LONGEST, shown, null).slice(0, 3)).toEqual([0, 10, 7]);
  });

  test("a column of empty cells takes no room, and what follows it may be first", () => {
    expect(columnWidths([0, 3, 0, 0, 0, 0, 0, 0, 0, 0], ALL, null).slice(0, 2)).toEqual([0, 3]);
  });
});

describe("with a screen", () => {
  test("what is left of a line is shared out, the remainder from the right", () => {
    const widths = columnWidths([5, 4, 0, 0, 0, 0, 0, 0, 0, 0], ALL, 15);
    // 5 and 1 + 4 leave 5: two each, and one more for the second.
    expect(widths.slice(0, 2)).toEqual([7, 8]);
  });

  test("a column that does not fit begins the next line", () => {
    const widths = columnWidths([10, 9, 9, 0, 0, 0, 0, 0, 0, 0], ALL, 20);
    expect(widths.slice(0, 3)).toEqual([10, 10, 20]);
  });

  test("a column wider than the screen is cut to it", () => {
    expect(columnWidths([5, 100, 0, 0, 0, 0, 0, 0, 0, 0], ALL, 40).slice(0, 2)).toEqual([40, 40]);
  });

  test("every line is exactly as wide as the screen", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(120), { minLength: 10, maxLength: 10 }),
        fc.array(fc.boolean(), { minLength: 10, maxLength: 10 }),
        fc.integer({ min: 1, max: 300 }),
        (longest, shown, screen) => {
          let line = 0;
          for (const width of columnWidths(longest, shown, screen)) {
            line += width;
            expect(line).toBeLessThanOrEqual(screen);
            if (line === screen) line = 0;
          }
          expect(line).toBe(0);
        },
      ),
    );
  });
});
