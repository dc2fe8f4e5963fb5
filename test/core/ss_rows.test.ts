/**
 * Rows that need no names are written by the core, in one gear or the other. That makes no difference to what is printed: here every
 * table is printed by both gears, and cell by cell from TypeScript.
 */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { InetPrinter } from "../../src/tools/ss/rows/inet/mod.ts";
import {
  INET_DIAG_CONG,
  INET_DIAG_INFO,
  INET_DIAG_SKMEMINFO,
  IPPROTO_TCP,
  IPPROTO_UDP,
} from "../../src/families/inet/uapi.ts";
import { COLUMN } from "../../src/tools/ss/layout/columns.ts";
import { NO_OPTIONS, type SsOptions } from "../../src/tools/ss/options.ts";
import type { SsContext } from "../../src/tools/ss/context.ts";
import type { Core } from "../../src/core/gears.ts";
import { SsTable } from "../../src/tools/ss/layout/table.ts";
import type { Writer } from "../../src/text/writer.ts";
import { attribute, u32 } from "../support/bytes.ts";
import { bothGears, inBothGears } from "../support/core.ts";

const PLAIN: SsOptions = { ...NO_OPTIONS, numeric: true };

interface Row {
  readonly address: "v4" | "mapped" | "v6" | "half";
  readonly state: number;
  readonly queues: readonly [number, number];
  readonly source: number;
  readonly destination: number;
  readonly ports: readonly [number, number];
  readonly ifindex: number;
  /** How long the process cell is; absent: it is empty. */
  readonly inode?: number;
  /** Its attributes. */
  readonly attributes?: readonly number[];
}

const HEADER = 16;
const SIZE = HEADER + 72;

/** The rows as a dump brings them. */
function datagram(rows: readonly Row[]): DataView {
  const sizes = rows.map(({ attributes }) => SIZE + (attributes?.length ?? 0));
  const view = new DataView(new ArrayBuffer(sizes.reduce((sum, size) => sum + size, 0)));
  const bytes = new Uint8Array(view.buffer);
  let next = 0;
  rows.forEach((row, i) => {
    const start = next;
    next += sizes[i]!;
    bytes.set(row.attributes ?? [], start + SIZE);
    view.setUint32(start, sizes[i]!, true);
    view.setUint16(start + 4, 20, true);
    const message = start + HEADER;
    view.setUint8(message, row.address === "v4" ? 2 : 10);
    view.setUint8(message + 1, row.state);
    view.setUint16(message + 4, row.ports[0]);
    view.setUint16(message + 6, row.ports[1]);
    for (const [at, word] of [[8, row.source], [24, row.destination]] as const) {
      if (row.address === "v4") view.setUint32(message + at, word);
      else {
        if (row.address === "v6") view.setUint32(message + at, 0x2001_0db8);
        else view.setUint32(message + at + 8, row.address === "half" && at === 24 ? 1 : 0xffff);
        view.setUint32(message + at + 12, word);
      }
    }
    view.setUint32(message + 40, row.ifindex, true);
    view.setUint32(message + 56, row.queues[0], true);
    view.setUint32(message + 60, row.queues[1], true);
    view.setUint32(message + 68, row.inode ?? 0, true);
  });
  return view;
}

interface Look {
  readonly shown: readonly boolean[];
  readonly screen: number | null;
}

/** A table that takes cells and nothing else, but for what is behind the ports. */
class CellTable extends SsTable {
  override startRow(): boolean {
    return false;
  }
}

/** What is printed by the core, in both gears; or cell by cell. */
function printed(
  tables: readonly (readonly Row[])[],
  look: Look,
  plain: boolean,
  options: Partial<SsOptions> = {},
) {
  return plain
    ? inBothGears((core) => printedBy(core, tables, look, true, options))
    : printedBy(bothGears()[0]![1], tables, look, false, options);
}

/** Tables one after the other, each of a protocol of its own, and how many rows were plain. */
function printedBy(
  core: Core,
  tables: readonly (readonly Row[])[],
  look: Look,
  plain: boolean,
  options: Partial<SsOptions>,
) {
  const parts: Uint8Array[] = [];
  let taken = 0;
  const out = { writeBytes: (bytes: Uint8Array) => parts.push(bytes.slice()) };
  const Table = plain ? SsTable : CellTable;
  const table = new Table(out as unknown as Writer, { ...look, terminal: false }, core);
  table.header();
  const context: SsContext = {
    options: { ...PLAIN, processes: look.shown[COLUMN.process]!, ...options },
    selection: { tables: -1, states: -1, family: () => true, preferredFamily: 0 },
    cells: table,
    names: {
      interface: (index) => `if${index}`,
      processName: () => null,
      cgroup: String,
      localPortRange: { first: 32768, last: 60999 },
    },
    wants: () => true,
    process(inode) {
      table.column(COLUMN.process);
      table.text("p".repeat(inode));
      table.column(COLUMN.extras);
    },
  };
  tables.forEach((rows, i) => {
    const printer = new InetPrinter(context, {
      protocol: i % 2 === 0 ? IPPROTO_TCP : IPPROTO_UDP,
      names: { port: String, host: () => null },
      close: null,
      filtered: false,
    });
    const view = datagram(rows);
    for (let at = 0; at < view.byteLength;) {
      const next = plain ? runs(printer, view, at) : at;
      taken += Math.floor((next - at) / SIZE);
      at = next;
      if (at === view.byteLength) break;
      const length = view.getUint32(at, true);
      printer.row(view, at + HEADER, at + length, "netlink");
      at += length;
    }
  });
  table.render();
  return { text: Buffer.concat(parts).toString("latin1"), taken };
}

/** As a dump hands them over: a datagram at a time. Returns the offset of the first message that was not written. */
function runs(printer: InetPrinter, view: DataView, start: number): number {
  for (let at = start; at < view.byteLength;) {
    let end = at;
    while (end < view.byteLength && end - at < 32_768) end += view.getUint32(end, true);
    const next = printer.rows(view, at, end);
    if (next < end) return next;
    at = end;
  }
  return view.byteLength;
}

const word = fc.oneof(
  fc.constantFrom(0, 0x7f00_0001, 0xffff_ffff, 0x0a00_0001, 0xc0a8_6464),
  fc.nat(0xffff_ffff),
);
const port = fc.oneof(
  fc.constantFrom(0, 9, 10, 99, 100, 999, 1000, 9999, 10_000),
  fc.nat(0xffff),
);
const queue = fc.oneof(
  { weight: 6, arbitrary: fc.constant(0) },
  fc.nat(0x7fff_ffff),
  fc.constantFrom(999_999, 1_000_000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff),
);
const row: fc.Arbitrary<Row> = fc.record({
  address: fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom<Row["address"][]>("v4", "mapped") },
    fc.constantFrom<Row["address"][]>("v6", "half"),
  ),
  state: fc.oneof({ weight: 6, arbitrary: fc.integer({ min: 1, max: 13 }) }, fc.nat(255)),
  queues: fc.tuple(queue, queue),
  source: word,
  destination: word,
  ports: fc.tuple(port, port),
  ifindex: fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, fc.nat(9)),
  inode: fc.oneof(fc.constant(0), fc.nat(40), fc.nat(300)),
});
const flag = fc.boolean();
/** What the options can show and hide: netid, state, both queues, processes. */
const look: fc.Arbitrary<Look> = fc.record({
  shown: fc.tuple(flag, flag, flag, flag).map(([netid, state, queues, processes]) => [
    netid,
    state,
    queues,
    queues,
    true,
    true,
    true,
    true,
    processes,
    true,
  ]),
  screen: fc.option(fc.constantFrom(20, 39, 40, 80, 132, 200, 4096, 5000)),
});

test("rows of any kind, in any look, are printed as they are cell by cell", () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(row, { maxLength: 12 }), { minLength: 1, maxLength: 4 }),
      look,
      (tables, look) => {
        expect(printed(tables, look, true).text).toBe(printed(tables, look, false).text);
      },
    ),
    { numRuns: 500 },
  );
});

test("so are rows with something behind the ports", () => {
  const attributes = fc.oneof(
    fc.constant([]),
    fc.array(fc.nat(0xffff_ffff), { minLength: 1, maxLength: 9 })
      .map((words) => attribute(INET_DIAG_SKMEMINFO, words.flatMap(u32))),
  );
  fc.assert(
    fc.property(
      fc.array(
        fc.array(fc.tuple(row, attributes), { maxLength: 12 }),
        { minLength: 1, maxLength: 4 },
      ),
      look,
      fc.boolean(),
      (tables, look, oneline) => {
        const rows = tables.map((table) =>
          table.map(([row, attributes]) => ({ ...row, attributes }))
        );
        const options = { memory: true, oneline };
        expect(printed(rows, look, true, options).text)
          .toBe(printed(rows, look, false, options).text);
      },
    ),
    { numRuns: 500 },
  );
});

const ORDINARY: Row = {
  address: "v4",
  state: 1,
  queues: [0, 0],
  source: 0x7f00_0001,
  destination: 0x7f00_0001,
  ports: [22, 0],
  ifindex: 0,
};

test("the core writes every row but those that need the name of an interface", () => {
  const taken = (row: Partial<Row>, processes = false) => {
    const shown = [false, true, true, true, true, true, true, true, processes, true];
    return printed([[{ ...ORDINARY, ...row }]], { shown, screen: null }, true).taken;
  };
  expect(taken({})).toBe(1);
  expect(taken({}, true)).toBe(1);
  expect(taken({ address: "mapped" })).toBe(1);
  expect(taken({ address: "v6" })).toBe(1);
  expect(taken({ address: "half" })).toBe(1);
  expect(taken({ state: 16 })).toBe(1);
  expect(taken({ queues: [0x8000_0000, 0] })).toBe(1);
  expect(taken({ ifindex: 3 })).toBe(0);
});

test("a process cell is cut where a cell ends", () => {
  const rows = [65_600, 10, 0, 65_535].map((inode): Row => ({ ...ORDINARY, inode }));
  const shown = [false, true, true, true, true, true, true, true, true, true];
  for (const screen of [null, 80]) {
    const text = printed([rows, rows], { shown, screen }, true).text;
    expect(text === printed([rows, rows], { shown, screen }, false).text).toBe(true);
    expect(text.length).toBeGreaterThan(4 * 65_000);
  }
});

test("what is behind the ports is cut where a cell ends", () => {
  const info = attribute(INET_DIAG_INFO, new Array(232).fill(0));
  const long = [...attribute(INET_DIAG_CONG, new Array(65_500).fill(0x78)), ...info];
  const rows = [long, info, long].map((attributes): Row => ({ ...ORDINARY, attributes }));
  const shown = [false, true, true, true, true, true, true, true, false, true];
  for (const screen of [null, 80]) {
    const options = { info: true, oneline: true };
    const text = printed([rows, rows], { shown, screen }, true, options).text;
    expect(text === printed([rows, rows], { shown, screen }, false, options).text).toBe(true);
    expect(text.length).toBeGreaterThan(2 * 65_000);
  }
});

test("long tables are cut into portions where ss cuts them", () => {
  // Rows get wider, so that each portion is set in its own way.
  const rows = Array.from({ length: 100_000 }, (_, i): Row => ({
    address: i % 1000 === 7 ? "v6" : i > 70_000 ? "mapped" : "v4",
    state: i % 7 === 0 ? 6 : 1,
    queues: [i % 11 === 0 ? i * 13 : 0, i % 501 === 0 ? 1_000_000 + i : 0],
    source: i,
    destination: i * 2000,
    ports: [i % 65_536, i % 1013],
    ifindex: 0,
    inode: i % 50,
  }));
  const shown = [true, true, true, true, true, true, true];
  for (const screen of [null, 100]) {
    for (const [netid, processes] of [[true, false], [false, false], [true, true]] as const) {
      const look = { shown: [netid, ...shown, processes, true], screen };
      const plain = printed([rows], look, true);
      const cells = printed([rows], look, false);
      expect(plain.taken).toBeGreaterThan(99_000);
      expect(plain.text === cells.text).toBe(true);
      const lengths = new Set(
        plain.text.split("\n").map((line) => line.trimEnd().lastIndexOf(":")),
      );
      expect(lengths.size).toBeGreaterThan(1);
    }
  }
}, 400_000);
