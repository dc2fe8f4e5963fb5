/**
 * The core is one source and runs as JavaScript and as WebAssembly: both do the same with any bytes, and neither looks at what is
 * not part of the messages.
 *
 * @module
 */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { CELLS, COUNT, INPUT, LONGEST, OPTIONS, SHOWN, STOPPED } from "../../src/core/arena.ts";
import { LENGTH_SIZE } from "../../src/core/cells.ts";
import { Core, theCore } from "../../src/core/gears.ts";
import { LABEL_TEXTS } from "../../src/core/label_texts.ts";
import * as labels from "../../src/core/labels.ts";
import { setMemory } from "../../src/core/memory.ts";
import { STOPPED_AT_OWNERS } from "../../src/core/ss_row.ts";
import { SsTable } from "../../src/tools/ss/layout/table.ts";
import type { Writer } from "../../src/text/writer.ts";
import { attribute, message, viewOf } from "../support/bytes.ts";
import { inBothGears, SECOND_GEAR } from "../support/core.ts";

const byte = fc.nat(255);
const bytes = (length: number) => fc.array(byte, { minLength: length, maxLength: length });

/** Attributes that rows are made of, and others, of any length. */
const attributes = fc.array(
  fc.tuple(
    fc.oneof(fc.constantFrom(1, 2, 3, 4, 7, 9, 11, 16, 18, 19), fc.nat(0xffff)),
    fc.oneof(fc.array(byte, { maxLength: 40 }), bytes(248), bytes(280)),
  ).map(([type, payload]) => attribute(type, payload)),
  { maxLength: 6 },
).map((list) => list.flat());

/** A message that is whole, mostly of an ordinary socket. */
const whole = fc.tuple(bytes(72), attributes, fc.nat(3)).map(([body, more, odd]) => {
  if (odd > 0) body[0] = odd === 1 ? 2 : 10;
  if (odd > 0) body.fill(0, 40, 44);
  return message(20, 2, 1, 1, [...body, ...more]);
});

/** Whole messages of which some bytes are others, and which may end anywhere. */
const input = fc.tuple(
  fc.array(whole, { minLength: 1, maxLength: 4 }),
  fc.array(fc.tuple(fc.nat(1200), byte), { maxLength: 3 }),
  fc.nat(40),
).map(([messages, changes, cut]) => {
  const all = messages.flat();
  for (const [at, value] of changes) if (at < all.length) all[at] = value;
  return all.slice(0, Math.max(1, all.length - (cut > 30 ? 4 * (cut - 30) : 0)));
});

/** Everything that the core makes of the bytes. What follows them in the arena is filled with `behind`. */
function made(core: Core, given: readonly number[], options: number, behind: number) {
  const { view, functions } = core;
  view.setUint32(SHOWN, 0x3ff, true);
  view.setUint32(OPTIONS, options, true);
  core.bytes.fill(0, LONGEST, LONGEST + 40);
  functions.forgetCells();
  core.bytes.fill(behind, INPUT, INPUT + given.length + 1024);
  core.input(viewOf([...given]), 0, given.length);
  const end = INPUT + given.length;
  const stops: number[] = [];
  let at = INPUT;
  let cell: number = CELLS + LENGTH_SIZE;
  for (let round = 0; round < 50; round++) {
    at = functions.rows(at, end, cell);
    cell = functions.cursor();
    stops.push(at - INPUT, view.getUint32(STOPPED, true));
    if (stops.at(-1) !== STOPPED_AT_OWNERS) break;
    cell = functions.goToColumn(9, cell);
    cell = functions.finishRow(cell);
  }
  functions.saveCells(cell);
  const rest = [
    functions.writeDetails(INPUT, end, cell),
    Number(functions.startRow(INPUT, end, cell)),
  ];
  cell = functions.cursor();
  return {
    stops,
    rest,
    cells: Buffer.from(core.bytes.subarray(CELLS, cell)).toString("latin1"),
    count: view.getUint32(COUNT, true),
    longest: [...new Uint32Array(core.bytes.buffer, LONGEST, 10)],
  };
}

test("both gears do the same with any bytes, and look at nothing behind them", () => {
  fc.assert(
    fc.property(input, fc.nat(63), (given, options) => {
      const results = [0, 0xff, 0x41].map((behind) =>
        inBothGears((core) => made(core, given, options, behind))
      );
      expect(results[1]).toEqual(results[0]!);
      expect(results[2]).toEqual(results[0]!);
    }),
    { numRuns: 1000 },
  );
});

test("a message whose attributes do not add up is left to TypeScript, which says what is wrong with it", () => {
  const body = [2, 1, ...new Array<number>(70).fill(0)];
  const broken = message(20, 2, 1, 1, [...body, 200, 0, 2, 0]);
  const good = message(20, 2, 1, 1, body);
  const stops = (given: number[], options: number) =>
    inBothGears((core) => made(core, given, options, 0).stops);
  expect(stops([...good, ...broken, ...good], 2)).toEqual([good.length, 1]);
  // Where none are needed, they are not looked at.
  expect(stops([...good, ...broken, ...good], 0)).toEqual([2 * good.length + broken.length, 0]);
});

test("the second gear goes on in the middle of a row", () => {
  const rows = Array.from({ length: 3000 }, (_, i) => `10.0.${i >>> 8}.${i & 255}`);
  const printed = (core: Core): string => {
    let text = "";
    const out = { writeBytes: (part: Uint8Array) => text += Buffer.from(part).toString() };
    const shown = new Array<boolean>(10).fill(true);
    const table = new SsTable(
      out as unknown as Writer,
      { shown, screen: null, terminal: false },
      core,
    );
    table.header();
    for (const row of rows) {
      table.column(0);
      table.text("tcp");
      table.column(4);
      table.text(row);
      table.column(9);
      table.text(` of ${row}`);
    }
    table.render();
    return text;
  };
  const changing = new Core(0, SECOND_GEAR);
  const before = changing.functions;
  const text = printed(changing);
  expect(changing.functions).not.toBe(before);
  setMemory(theCore().bytes.buffer);
  expect(inBothGears(printed)).toBe(text);
  expect(text.split("\n")).toHaveLength(rows.length + 2);
});

test("every label has a place of its own, and fits", () => {
  const taken = new Map<number, string>();
  for (const [name, texts] of Object.entries(LABEL_TEXTS)) {
    const first = labels[name as keyof typeof LABEL_TEXTS];
    (typeof texts === "string" ? [texts] : texts).forEach((text, i) => {
      expect(taken.get(first + i)).toBeUndefined();
      expect(text.length).toBeLessThanOrEqual(24);
      taken.set(first + i, name);
    });
  }
  expect(Math.max(...taken.keys())).toBe(labels.COUNT - 1);
});
