/**
 * When a table of ss is printed, in both gears.
 *
 * @module
 */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { CELLS, LONGEST, SHOWN } from "../../src/core/arena.ts";
import { LENGTH_SIZE } from "../../src/core/cells.ts";
import type { Core } from "../../src/core/gears.ts";
import { inBothGears } from "../support/core.ts";

const CHUNK = 1024 * 1024 - 16;

/** The same, written down as it is told: chunks of memory that are really filled. */
class Chunks {
  #chunks = 1;
  #used = 2;

  #put(length: number): void {
    if (length > 0 && this.#used + length >= CHUNK && this.#used !== 2) {
      this.#chunks++;
      this.#used = 2;
    }
    this.#used += length;
  }

  /** A cell that ends. */
  end(length: number): void {
    this.#put(length);
    this.#used += length & 1;
    if (CHUNK - this.#used >= 2) this.#used += 2;
    else {
      this.#chunks++;
      this.#used = 2;
    }
  }

  /** How many there are when a cell is written that has not ended. */
  with(length: number): number {
    return this.#chunks + Number(length > 0 && this.#used + length >= CHUNK && this.#used !== 2);
  }
}

/** After how many rows of the cells, whose lengths are given, the core has the table printed. */
function printedAfter(core: Core, lengths: readonly number[]): number[] {
  const prints: number[] = [];
  const { functions, view, bytes } = core;
  const columns = 10;
  view.setUint32(SHOWN, (1 << columns) - 1, true);
  bytes.fill(0, LONGEST, LONGEST + 4 * columns);
  functions.forgetCells();
  let at: number = CELLS + LENGTH_SIZE;
  lengths.forEach((length, i) => {
    const column = i % columns;
    const next = functions.goToColumn(column, at);
    if (next === 0) {
      prints.push(i);
      functions.forgetCells();
      at = functions.goToColumn(column, CELLS + LENGTH_SIZE);
    } else at = next;
    at += length;
  });
  functions.forgetCells();
  return prints;
}

/** The same by {@linkcode Chunks}: at the end of a row whose last cell is in the fifth chunk. */
function expectedAfter(lengths: readonly number[]): number[] {
  const prints: number[] = [];
  let chunks = new Chunks();
  for (let cell = 1; cell < lengths.length; cell++) {
    if (cell % 10 === 0 && chunks.with(lengths[cell - 1]!) >= 5) {
      prints.push(cell);
      chunks = new Chunks();
    } else chunks.end(lengths[cell - 1]!);
  }
  return prints;
}

test("a table is printed when a row ends in the fifth chunk of ss's", () => {
  const lengths = new Array(400).fill(32_000);
  // 32 cells of 32,002 bytes fit into a chunk: the row of the 129th is the last.
  expect(expectedAfter(lengths)).toEqual([130, 260, 390]);
  expect(inBothGears((core) => printedAfter(core, lengths))).toEqual([130, 260, 390]);
});

test("so it is whatever the cells are", () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.nat(80), fc.integer({ min: 60_000, max: 65_535 })), {
        minLength: 1,
        maxLength: 60,
      }),
      fc.integer({ min: 1, max: 8 }),
      (pattern, times) => {
        const lengths = Array.from({ length: times }, () => pattern).flat();
        expect(inBothGears((core) => printedAfter(core, lengths)))
          .toEqual(expectedAfter(lengths));
      },
    ),
    { numRuns: 300 },
  );
});

test("so it is for very many short cells", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(60), { minLength: 10, maxLength: 30 }), (pattern) => {
      const lengths = Array.from({ length: 20_000 }, () => pattern).flat();
      expect(inBothGears((core) => printedAfter(core, lengths))).toEqual(expectedAfter(lengths));
    }),
    { numRuns: 2 },
  );
});
