import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { radixOrder } from "../../src/snapshot/radix_order.ts";

/** What it has to give, by comparing. */
function compared(columns: readonly Uint32Array[], count: number): number[] {
  return Array.from({ length: count }, (_, row) => row).sort((a, b) => {
    for (const column of columns.toReversed()) {
      if (column[a] !== column[b]) return column[a]! - column[b]!;
    }
    return a - b;
  });
}

describe("radixOrder()", () => {
  test("is the order of the last column, then of the one before, for few rows and for many", () => {
    const seeds = fc.array(fc.tuple(fc.nat(0xffff_ffff), fc.nat(0xffff_ffff)), { minLength: 1 });
    fc.assert(
      fc.property(seeds, fc.constantFrom(1, 100, 2047, 2048, 5000), (seed, count) => {
        const columns = [0, 1, 0].map((which, column) =>
          Uint32Array.from(
            { length: count },
            // Some columns with many different values, one with the same throughout.
            (_, row) =>
              column === 2
                ? 7
                : Math.imul(seed[row % seed.length]![which]!, 1 + row % 17) >>> (column * 9),
          )
        );
        expect([...radixOrder(columns, count)]).toEqual(compared(columns, count));
      }),
      { numRuns: 40 },
    );
  });

  test("is nothing for nothing", () => {
    expect(radixOrder([new Uint32Array(0)], 0)).toEqual(new Uint32Array(0));
  });
});
