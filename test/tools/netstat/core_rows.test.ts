/**
 * The core writes rows of netstat, in one gear or the other, as TypeScript does; whatever the bytes are, and whoever the owners.
 */
import { afterAll, expect, test } from "bun:test";
import fc from "fast-check";
import { INPUT, NETSTAT_OPTIONS, OUTPUT, PREFIX_SLOTS, STOPPED } from "../../../src/core/arena.ts";
import type { Core } from "../../../src/core/gears.ts";
import { Diagnostics } from "../../../src/diagnostics.ts";
import { InetMessage } from "../../../src/families/inet/message.ts";
import { DescriptorTable } from "../../../src/proc/descriptors.ts";
import { ProcRoot } from "../../../src/proc/root.ts";
import type { Scan } from "../../../src/proc/scan.ts";
import { forgetOwners } from "../../../src/store/core_owners.ts";
import { RowBuffer } from "../../../src/text/row_buffer.ts";
import { CoreRows } from "../../../src/tools/netstat/core_rows.ts";
import type { NetstatLayout } from "../../../src/tools/netstat/layout.ts";
import { NameCache } from "../../../src/tools/netstat/names.ts";
import { NetstatOwners } from "../../../src/tools/netstat/owners.ts";
import { tcpRows } from "../../../src/tools/netstat/rows/tcp.ts";
import { udpRows } from "../../../src/tools/netstat/rows/udp.ts";
import { message, u32, viewOf } from "../../support/bytes.ts";
import { bothGears, inBothGears } from "../../support/core.ts";
import { procTree, statFile } from "../../support/proc_tree.ts";

// Other tests have the same arena.
afterAll(() => bothGears().forEach(([, core]) => forgetOwners(core)));

const HEADER = 16;
const NUMBERS = { hosts: true, ports: true, users: true };

const byte = fc.nat(255);
const bytes = (length: number) => fc.array(byte, { minLength: length, maxLength: length });
/** Small ones are held by someone, and those above are not. */
const inode = fc.oneof(fc.nat(9), fc.constantFrom(0xffff_ffff, 0x8000_0000));
/** Addresses of which the shortest and the longest, and the mapped and compatible ones, are written in other ways. */
const address = fc.oneof(
  bytes(16),
  fc.constantFrom("1", "m", "c", "0").chain((kind) =>
    bytes(4).map((end) => {
      const all = new Array<number>(16).fill(0);
      if (kind === "1") all[15] = 1;
      if (kind === "m") all.splice(10, 6, 0xff, 0xff, ...end);
      if (kind === "c") all.splice(12, 4, ...end);
      return all;
    })
  ),
);
const port = fc.oneof(fc.constant([0, 0]), bytes(2), byte.map((low) => [0, low]));
const queue = fc.oneof(
  fc.nat(20),
  fc.constantFrom(99_999, 100_000, 999_999, 1_000_000, 0x7fff_ffff, 0xffff_ffff, 1_000_000_000),
);

const body = fc.record({
  family: fc.constantFrom(2, 2, 10),
  state: fc.oneof(fc.integer({ min: 1, max: 13 }), byte),
  ports: fc.tuple(port, port),
  addresses: fc.tuple(address, address),
  middle: bytes(16),
  queues: fc.tuple(queue, queue),
  inode,
}).map(({ family, state, ports, addresses, middle, queues, inode }) => [
  family,
  state,
  ...[0, 0],
  ...ports.flat(),
  ...addresses.flat(),
  ...middle,
  ...queues.flatMap(u32),
  ...[0, 0, 0, 0],
  ...u32(inode),
]);

const messages = fc.array(
  fc.tuple(body, fc.oneof(fc.constant(0), fc.nat(70))).map(([body, more]) =>
    message(20, 2, 1, 1, [...body, ...new Array<number>(more).fill(0x11)])
  ),
  { maxLength: 12 },
).map((list) => list.flat());

const layout: fc.Arbitrary<NetstatLayout> = fc.record({
  all: fc.boolean(),
  listening: fc.boolean(),
  extended: fc.constant(false),
  programs: fc.boolean(),
  timers: fc.constant(false),
  wide: fc.boolean(),
});

type Held = [pid: number, thread: number, fd: number, inode: number];

/** Few of each, so that sockets are shared and held twice, also by a thread alone; 4 and 5 have ended. */
const held: fc.Arbitrary<Held[]> = fc.array(
  fc.tuple(fc.integer({ min: 1, max: 5 }), fc.constantFrom(0, 0, 7), fc.nat(4), fc.nat(8)),
  { maxLength: 30 },
);

const tree = procTree({
  ...Object.fromEntries([1, 2, 3].map((pid) => [`${pid}/stat`, statFile(pid, "any")])),
  "1/cmdline": "/sbin/init\0",
  "2/cmdline": "/opt/with-a-very-long-name-indeed\0",
  "3/cmdline": "p\x1b[31m\0",
});
afterAll(() => tree[Symbol.dispose]());
const root = new ProcRoot(tree.path);

function ownersOf(rows: readonly Held[]): NetstatOwners {
  const descriptors = new DescriptorTable();
  for (const [pid, thread, fd, inode] of rows) {
    descriptors.push(pid, thread && 10 * pid + thread, fd, inode);
  }
  const scan: Scan = {
    descriptors,
    pids: [],
    denied: [],
    unlisted: 0,
    vanished: 0,
    hidden: false,
    namespaces: new Map(),
  };
  return new NetstatOwners(root, false, new Diagnostics(), { scan, search: () => scan });
}

/** What TypeScript makes of the messages. */
function expected(
  view: DataView,
  label: string,
  datagrams: boolean,
  layout: NetstatLayout,
  owners: NetstatOwners,
): string {
  const row = new RowBuffer();
  const names = new NameCache(NUMBERS).forRows((inode) => owners.label(inode));
  const format = datagrams ? udpRows : tcpRows;
  const socket = new InetMessage();
  for (let at = 0; at < view.byteLength;) {
    const length = view.getUint32(at, true);
    socket.at(view, at + HEADER, at + length);
    const facts = { retransmits: 0, probes: 0 };
    if (format.wants(socket, layout)) format.write(socket, label, facts, { row, layout, names });
    at += length + 3 & ~3;
  }
  return row.toText();
}

test("rows are what TypeScript writes: run by run, one by one, with owners and without", () => {
  fc.assert(
    fc.property(messages, layout, held, fc.boolean(), (given, layout, held, datagrams) => {
      const view = viewOf([...given]);
      const label = datagrams ? "udpl6" : "tcp";
      const written = (core: Core, oneByOne: boolean) => {
        const row = new RowBuffer();
        const rows = new CoreRows(row, layout.programs ? ownersOf(held) : null, core);
        rows.begin(label, datagrams, layout);
        if (oneByOne) {
          for (let at = 0; at < view.byteLength;) {
            const length = view.getUint32(at, true);
            expect(rows.message(view, at + HEADER, at + length)).toBe(true);
            at += length + 3 & ~3;
          }
        } else expect(rows.messages(view, 0, view.byteLength)).toBe(view.byteLength);
        rows.flush();
        return row.toText();
      };
      const text = expected(view, label, datagrams, layout, ownersOf(held));
      expect(inBothGears((core) => written(core, false))).toBe(text);
      expect(inBothGears((core) => written(core, true))).toBe(text);
    }),
    { numRuns: 500 },
  );
});

test("more rows than there is room for at a time, of processes of which one has ended, are all written", () => {
  const count = 9000;
  const held = Array.from({ length: count }, (_, i): Held => [1 + i % 5, 0, i, 100 + i]);
  const given = Array.from(
    { length: count },
    (_, i) => message(20, 2, 1, 1, [2, 1, ...new Array<number>(66).fill(i & 255), ...u32(100 + i)]),
  ).flat();
  const view = viewOf(given);
  const layout = {
    all: true,
    listening: false,
    extended: false,
    programs: true,
    timers: false,
    wide: false,
  };
  const text = inBothGears((core) => {
    const row = new RowBuffer();
    const rows = new CoreRows(row, ownersOf(held), core);
    rows.begin("tcp", false, layout);
    // As a dump brings them.
    for (let at = 0; at < view.byteLength;) {
      const end = Math.min(at + 300 * 88, view.byteLength);
      expect(rows.messages(view, at, end)).toBe(end);
      at = end;
    }
    rows.flush();
    return row.toText();
  });
  expect(text === expected(view, "tcp", false, layout, ownersOf(held))).toBe(true);
  expect(text.split("\n")).toHaveLength(count + 1);
});

/** Whole messages of which some bytes are others, and which may end anywhere. */
const hostile = fc.tuple(
  messages.filter((all) => all.length > 0),
  fc.array(fc.tuple(fc.nat(1200), byte), { maxLength: 3 }),
  fc.nat(40),
).map(([all, changes, cut]) => {
  for (const [at, value] of changes) if (at < all.length) all[at] = value;
  return all.slice(0, Math.max(1, all.length - (cut > 30 ? 4 * (cut - 30) : 0)));
});

test("both gears do the same with any bytes, and look at nothing behind them", () => {
  for (const [, core] of bothGears()) forgetOwners(core);
  const made = (core: Core, given: readonly number[], options: number, behind: number) => {
    const { view, functions } = core;
    view.setUint32(NETSTAT_OPTIONS, options, true);
    expect(view.getUint32(PREFIX_SLOTS, true)).toBe(0);
    core.bytes.fill(behind, INPUT, INPUT + given.length + 1024);
    core.input(viewOf([...given]), 0, given.length);
    const end = INPUT + given.length;
    const at = functions.netstatRows(INPUT, end, OUTPUT);
    const result: unknown[] = [at, view.getUint32(STOPPED, true)];
    result.push(functions.netstatRow(INPUT, end, functions.cursor()));
    result.push(view.getUint32(STOPPED, true));
    const text = Buffer.from(core.bytes.subarray(OUTPUT, functions.cursor())).toString("latin1");
    return [...result, text];
  };
  fc.assert(
    fc.property(hostile, fc.nat(31), (given, options) => {
      const [first, ...others] = [0, 0xff, 0x41].map((behind) =>
        inBothGears((core) => made(core, given, options, behind))
      );
      for (const other of others) expect(other).toEqual(first!);
    }),
    { numRuns: 1000 },
  );
});
