/**
 * Owners in the core: the index of descriptors, and the process column of ss. Both gears do what TypeScript does.
 *
 * @module
 */
import { afterAll, expect, test } from "bun:test";
import fc from "fast-check";
import { OWNER_SLOTS, OWNERS } from "../../src/core/arena.ts";
import type { Core } from "../../src/core/gears.ts";
import { IPPROTO_TCP } from "../../src/families/inet/uapi.ts";
import { DescriptorTable } from "../../src/proc/descriptors.ts";
import { ProcRoot } from "../../src/proc/root.ts";
import type { Scan } from "../../src/proc/scan.ts";
import { forgetOwners } from "../../src/store/core_owners.ts";
import { OwnerIndex } from "../../src/store/owner_index.ts";
import type { Writer } from "../../src/text/writer.ts";
import type { SsContext } from "../../src/tools/ss/context.ts";
import { COLUMN } from "../../src/tools/ss/layout/columns.ts";
import { SsTable } from "../../src/tools/ss/layout/table.ts";
import { NO_OPTIONS, type SsOptions } from "../../src/tools/ss/options.ts";
import { SsOwners } from "../../src/tools/ss/owners.ts";
import { InetPrinter } from "../../src/tools/ss/rows/inet/mod.ts";
import { message, u32 } from "../support/bytes.ts";
import { bothGears, inBothGears } from "../support/core.ts";
import { procTree, statFile } from "../support/proc_tree.ts";

// Other tests have the same arena.
afterAll(() => bothGears().forEach(([, core]) => forgetOwners(core)));

type Row = [pid: number, tid: number, fd: number, inode: number];

/** Few of each, so that sockets are shared, inherited, and held twice; of a process that has ended too (4). */
const rows: fc.Arbitrary<Row[]> = fc.array(
  fc.tuple(
    fc.integer({ min: 1, max: 4 }),
    fc.constantFrom(0, 0, 1, 2),
    fc.nat(4),
    fc.oneof(fc.nat(6), fc.constantFrom(0xffff_ffff, 0x8000_0000, 1 << 20)),
  ).map(([pid, thread, fd, inode]): Row => [pid, thread && 10 * pid + thread, fd, inode]),
  { maxLength: 40 },
);

function tableOf(rows: readonly Row[], cookies = false): DescriptorTable {
  const table = new DescriptorTable(cookies);
  for (const [i, row] of rows.entries()) table.push(...row, i, i);
  return table;
}

test("the index of the core has what that of TypeScript has", () => {
  const inodes = [0, 1, 2, 3, 4, 5, 6, 7, 1 << 20, 0x8000_0000, 0xffff_ffff, 0x1_0000_0001];
  fc.assert(fc.property(rows, fc.boolean(), (rows, cookies) => {
    const table = tableOf(rows, cookies);
    const found = (index: OwnerIndex) =>
      inodes.map((inode) => {
        const first = index.first(inode);
        return [first, index.only(inode), index.rows(inode).slice()];
      });
    const inCore = inBothGears((core) => {
      const index = OwnerIndex.ofAll(table, core, 0);
      expect(index.isInCore).toBe(true);
      return found(index);
    });
    expect(inCore).toEqual(found(OwnerIndex.ofAll(table)));
  }));
});

test("an inode of more than 32 bits, and a record that is of no socket, are left to TypeScript", () => {
  const good: Row = [1, 0, 3, 7];
  const isInCore = (table: DescriptorTable) =>
    inBothGears((core) => OwnerIndex.ofAll(table, core, 0).isInCore);
  expect(isInCore(tableOf([good, good]))).toBe(true);
  expect(isInCore(tableOf([good, [1, 0, 4, 0x1_0000_0007], good]))).toBe(false);
  const namespace = tableOf([good, good]);
  new DataView(namespace.bytes.buffer).setUint32(12, 1, true);
  expect(isInCore(namespace)).toBe(false);
  // What TypeScript has instead tells the two inodes apart.
  const index = OwnerIndex.ofAll(tableOf([good, [1, 0, 4, 0x1_0000_0007]]), bothGears()[1]![1], 0);
  expect([index.only(7), index.only(0x1_0000_0007)]).toEqual([0, 1]);
});

test("any bytes are indexed or refused, in both gears alike", () => {
  fc.assert(
    fc.property(fc.array(fc.array(fc.nat(255), { minLength: 24, maxLength: 24 })), (records) => {
      const table = new DescriptorTable();
      const bytes = Uint8Array.from(records.flat());
      table.room(bytes.length).set(bytes);
      table.length = records.length;
      inBothGears((core) => {
        const index = OwnerIndex.ofAll(table, core, 0);
        const { view } = core;
        return [
          index.isInCore,
          view.getUint32(OWNERS, true),
          view.getUint32(OWNER_SLOTS, true) === 0,
        ];
      });
    }),
  );
});

const NAMES = ["nginx", "a b", "\x1b[31mred", "ü\x07", '")'];

/** A table of sockets with these inodes and their owners, as it is printed. */
function printed(
  core: Core,
  root: ProcRoot,
  scan: Scan,
  inodes: readonly number[],
  { terminal, threads, worth }: {
    readonly terminal: boolean;
    readonly threads: boolean;
    readonly worth: number;
  },
): string {
  const options: SsOptions = { ...NO_OPTIONS, numeric: true, processes: true, threads };
  const owners = new SsOwners(root, options, { scan, core, worth });
  expect(owners.areInCore).toBe(worth === 0);
  let text = "";
  const out = { writeBytes: (part: Uint8Array) => text += Buffer.from(part).toString("latin1") };
  const shown = new Array<boolean>(10).fill(true);
  const table = new SsTable(
    out as unknown as Writer,
    { shown, screen: null, terminal },
    core,
  );
  const context: SsContext = {
    options,
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
      owners.write(table, inode);
      table.column(COLUMN.extras);
    },
  };
  const printer = new InetPrinter(context, {
    protocol: IPPROTO_TCP,
    names: { port: String, host: () => null },
    close: null,
    filtered: false,
  });
  const bytes = inodes.flatMap((inode) => [
    ...message(20, 2, 1, 1, [2, 1, ...new Array<number>(66).fill(0), ...u32(inode)]),
  ]);
  const view = new DataView(Uint8Array.from(bytes).buffer);
  // As a dump brings them: 32 KiB at a time.
  for (let at = 0; at < view.byteLength;) {
    const end = Math.min(at + 300 * 88, view.byteLength);
    expect(printer.rows(view, at, end)).toBe(end);
    at = end;
  }
  table.render();
  return text;
}

test("the process column is what TypeScript writes: threads, repetitions, any order, names for a terminal", () => {
  using tree = procTree(Object.fromEntries(
    [[1, 1], [2, 2], [3, 3], [1, 11], [1, 12], [2, 21], [3, 32]].map(([pid, tid]) => [
      pid === tid ? `${pid}/stat` : `${pid}/task/${tid}/stat`,
      statFile(tid!, NAMES[tid! % NAMES.length]!),
    ]),
  ));
  const root = new ProcRoot(tree.path);
  fc.assert(
    fc.property(
      rows,
      fc.array(fc.oneof(fc.nat(7), fc.constantFrom(0xffff_ffff, 0x8000_0000)), { maxLength: 20 }),
      fc.boolean(),
      fc.boolean(),
      fc.boolean(),
      (held, inodes, inOrder, terminal, threads) => {
        if (inOrder) held.sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]);
        const scan: Scan = {
          descriptors: tableOf(held),
          pids: [],
          denied: [],
          unlisted: 0,
          vanished: 0,
          hidden: false,
          namespaces: new Map(),
        };
        const look = { terminal, threads };
        expect(
          inBothGears((core) => printed(core, root, scan, inodes, { ...look, worth: 0 })),
        ).toBe(
          printed(bothGears()[0]![1], root, scan, inodes, { ...look, worth: Infinity }),
        );
      },
    ),
    { numRuns: 300 },
  );
});

test(
  "a socket of very many owners is cut where a cell ends, and the processes beyond what the core knows are written all the same",
  () => {
    using tree = procTree({ "1/stat": statFile(1, "first") });
    const root = new ProcRoot(tree.path);
    const pids = Array.from({ length: 4300 }, (_, i) => i + 1);
    const held = pids.flatMap((pid): Row[] => [[pid, 0, 3, 7], [pid, 0, 4, 10_000 + pid]]);
    const scan: Scan = {
      descriptors: tableOf(held),
      pids: [],
      denied: [],
      unlisted: 0,
      vanished: 0,
      hidden: false,
      namespaces: new Map(),
    };
    const inodes = [7, ...pids.map((pid) => 10_000 + pid), 7];
    const look = { terminal: false, threads: false };
    const text = inBothGears((core) => printed(core, root, scan, inodes, { ...look, worth: 0 }));
    const expected = printed(bothGears()[0]![1], root, scan, inodes, { ...look, worth: Infinity });
    expect(text === expected).toBe(true);
    expect(text.length).toBeGreaterThan(2 * 65_000);
  },
  60_000,
);
