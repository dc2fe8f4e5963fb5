/**
 * Where there are many sockets the core has them: it finds, takes and writes the same files as TypeScript, in either gear.
 */
import { afterAll, expect, test } from "bun:test";
import fc from "fast-check";
import { AF_INET, AF_INET6 } from "../../../../ffi/socket.ts";
import * as arena from "../../../../src/core/arena.ts";
import type { Core } from "../../../../src/core/gears.ts";
import * as uapi from "../../../../src/families/inet/uapi.ts";
import { DecodeError } from "../../../../src/model/decode_error.ts";
import { DescriptorTable } from "../../../../src/proc/descriptors.ts";
import { OpenFileReader } from "../../../../src/proc/open_files.ts";
import { ProcRoot } from "../../../../src/proc/root.ts";
import type { Writer } from "../../../../src/text/writer.ts";
import { parseLsof } from "../../../../src/tools/lsof/arguments/parse.ts";
import { coreFilter } from "../../../../src/tools/lsof/gather/core_filter.ts";
import { gatherInCore } from "../../../../src/tools/lsof/gather/core_internet.ts";
import { CoreSockets } from "../../../../src/tools/lsof/gather/core_sockets.ts";
import { EarlyMessages } from "../../../../src/tools/lsof/gather/early_messages.ts";
import { gatherRecords } from "../../../../src/tools/lsof/gather/internet.ts";
import { InternetSockets } from "../../../../src/tools/lsof/gather/internet_sockets.ts";
import { Identities } from "../../../../src/tools/lsof/gather/open_process.ts";
import { Selection } from "../../../../src/tools/lsof/gather/selection.ts";
import { Cells } from "../../../../src/tools/lsof/layout/cells.ts";
import { writeTable } from "../../../../src/tools/lsof/layout/table.ts";
import type { LsofQuery } from "../../../../src/tools/lsof/query.ts";
import type { ProcessRow } from "../../../../src/tools/lsof/rows/row.ts";
import { message as netlinkMessage, u32, viewOf } from "../../../support/bytes.ts";
import { inBothGears } from "../../../support/core.ts";
import { procTree, statFile } from "../../../support/proc_tree.ts";

function query(args: string): LsofQuery {
  const lookups = { service: () => null, addresses: () => [], user: () => null };
  return parseLsof(args.split(" "), lookups) as LsofQuery;
}

/** The main thread of 3 has exited, and 5 is gone. */
const tree = procTree({
  "1/stat": statFile(1, "init"),
  "2/stat": statFile(2, "a b"),
  "3/stat": statFile(3, "third").replace(") S ", ") Z "),
  "4/stat": statFile(4, "f".repeat(15)),
});
afterAll(() => tree[Symbol.dispose]());
const root = new ProcRoot(tree.path);

/** Often nothing, or what is the same for many; the bytes of a message. */
const address = fc.oneof(
  fc.constant([0, 0, 0, 0]),
  fc.constant([0x0100007f, 0, 0, 0]),
  fc.constant([0, 0, 0xffff0000, 0x0100007f]),
  fc.constant([0, 0, 0xffff0000, 0]),
  fc.array(fc.integer({ min: 0, max: 0xffff_ffff }), { minLength: 4, maxLength: 4 }),
);
const port: fc.Arbitrary<number> = fc.constantFrom(0, 79, 80, 81, 443, 65535);
const socket = fc.record({
  family: fc.constantFrom(AF_INET, AF_INET, AF_INET6),
  protocol: fc.constantFrom(uapi.IPPROTO_TCP, uapi.IPPROTO_UDP, uapi.IPPROTO_UDPLITE),
  state: fc.oneof(fc.constantFrom(1, 10), fc.integer({ min: 0, max: 14 })),
  local: address,
  peer: address,
  ports: fc.tuple(port, port),
  inode: fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constantFrom(0xffff_ffff, 1 << 20)),
});
type Socket = typeof socket extends fc.Arbitrary<infer Made> ? Made : never;

function body(made: Socket): number[] {
  const v6 = made.family === AF_INET6;
  const words = (all: readonly number[]) => all.flatMap((word, i) => u32(v6 || i === 0 ? word : 0));
  return [
    made.family,
    made.state,
    ...[0, 0],
    ...made.ports.flatMap((port) => [port >>> 8, port & 255]),
    ...words(made.local),
    ...words(made.peer),
    ...new Array<number>(28).fill(0),
    ...u32(made.inode),
  ];
}

/** In the order of the processes, as the kernel tells them, or not. */
const descriptors = fc.tuple(
  fc.array(
    fc.record({
      pid: fc.integer({ min: 1, max: 5 }),
      thread: fc.constantFrom(0, 0, 0, 7),
      fd: fc.oneof(fc.nat(20), fc.constantFrom(9999, 10_000, 1_048_575)),
      inode: fc.oneof(fc.nat(12), fc.constantFrom(0xffff_ffff, 0x1_0000_0001)),
    }),
    { maxLength: 30 },
  ),
  fc.boolean(),
).map(([rows, sorted]) => {
  if (sorted) rows.sort((a, b) => a.pid - b.pid || a.thread - b.thread || a.fd - b.fd);
  const table = new DescriptorTable();
  for (const { pid, thread, fd, inode } of rows) {
    table.push(pid, thread && 10 * pid + thread, fd, inode);
  }
  return table;
});

const none = () => true;
const tcp = ({ protocol }: Socket) => protocol === uapi.IPPROTO_TCP;

/** Command lines, and what the kernel is asked for by them. */
const QUERIES: readonly (readonly [args: string, asks: (socket: Socket) => boolean])[] = [
  ["-nPi", none],
  ["-nPi4", ({ family }) => family === AF_INET],
  ["-nPi6", ({ family }) => family === AF_INET6],
  ["-nP -iTCP", tcp],
  ["-nP -iUDP", ({ protocol }) => protocol === uapi.IPPROTO_UDP],
  ["-nP -i4TCP", tcp],
  ["-nP -i6TCP:80", tcp],
  ["-nP -i :80-443", none],
  ["-nP -iUDP:443 -s", ({ protocol }) => protocol === uapi.IPPROTO_UDP],
  ["-nP -iTCP -sTCP:LISTEN", (socket) => tcp(socket) && socket.state === 10],
  ["-nPi -sTCP:^LISTEN", ({ state }) => state !== 10],
  ["-nPi -T", none],
  ["-nPi -Ts -R", none],
  ["-nPi -o +c0", none],
  ["-nPi -u^0", none],
  ["-nPi -p^2 -a", none],
];

/** What is printed, and what was found. */
function printed(rows: readonly ProcessRow[], selection: Selection): unknown {
  const { format } = selection.query;
  const names = { user: () => "root", host: () => null, service: () => null };
  let text = "";
  const writer = {
    write: (some: string) => text += some,
    writeBytes: (some: Uint8Array) => text += Buffer.from(some).toString("latin1"),
  } as unknown as Writer;
  writeTable(rows, format, new Cells(format, names, true), writer);
  const asObjects = rows.map((row) => ({ ...row, files: [...row.files] }));
  const before = text;
  text = "";
  writeTable(asObjects, format, new Cells(format, names, true), writer);
  expect(before).toBe(text);
  return [text, [...selection.found].map((what) => JSON.stringify(what)).sort()];
}

test("files are found, selected and written as those of records are: early, in runs and one by one", () => {
  fc.assert(
    fc.property(
      fc.array(socket, { maxLength: 20 }),
      descriptors,
      fc.constantFrom(...QUERIES),
      fc.nat(20),
      fc.boolean(),
      (sockets, table, [args, asks], early, oneByOne) => {
        const asked = query(args);
        const told = sockets.filter(asks);
        const identities = new Identities(root, new OpenFileReader(root));
        const kept = new InternetSockets();
        for (const made of told) kept.add(viewOf(body(made)), 0, 72, made.protocol);
        const plain = new Selection(asked);
        const expected = printed(gatherRecords(root, kept, table, identities, plain), plain);
        const inCore = inBothGears((core) => {
          const selection = new Selection(asked);
          const first = new EarlyMessages();
          for (const made of told.slice(0, early)) {
            if (made.inode !== 0) first.push(viewOf(body(made)), 0, made.protocol);
          }
          const sockets = new CoreSockets(first.kept, coreFilter(selection)!, core);
          for (const made of told.slice(early)) {
            sockets.begin(made.protocol);
            const wire = netlinkMessage(20, 2, 1, 1, body(made));
            if (oneByOne) sockets.message(viewOf(wire), 16, wire.length);
            else expect(sockets.messages(viewOf(wire), 0, wire.length)).toBe(wire.length);
          }
          const rows = gatherInCore(sockets, table, identities, selection);
          const result = printed(rows, selection);
          sockets.end();
          return result;
        });
        expect(inCore).toEqual(expected);
      },
    ),
    { numRuns: 600 },
  );
});

for (
  const args of [
    "-i",
    "-nPi -F",
    "-nPi +fg",
    "-nPi -p1",
    "-nP -i @127.0.0.1",
    "-nP -iTCP -iUDP",
    "-nPi -sTCP:LISTEN,ESTABLISHED",
    "-nP -iTCP:80 -sTCP:LISTEN",
    "-nPi -E",
    "-nPi -Tq",
  ]
) {
  test(`what the core cannot tell is left to TypeScript: ${args}`, () => {
    expect(coreFilter(new Selection(query(args)))).toBeNull();
  });
}

test("a dump that begins again is forgotten, and more sockets than there was room for are kept", () => {
  const count = 8000;
  const made = (i: number): Socket => ({
    family: AF_INET,
    protocol: uapi.IPPROTO_TCP,
    state: 1,
    local: [0x0100007f, 0, 0, 0],
    peer: [0x0200007f, 0, 0, 0],
    ports: [i & 0xffff, 80],
    inode: 100 + i,
  });
  const wire = (from: number, to: number) =>
    viewOf(
      Array.from({ length: to - from }, (_, i) => netlinkMessage(20, 2, 1, 1, body(made(from + i))))
        .flat(),
    );
  const table = new DescriptorTable();
  for (let i = 0; i < count; i++) table.push(1, 0, i & 1023, 100 + i);
  const lines = inBothGears((core) => {
    const selection = new Selection(query("-nPi"));
    const identities = new Identities(root, new OpenFileReader(root));
    const sockets = new CoreSockets(new Uint8Array(0), coreFilter(selection)!, core);
    sockets.begin(uapi.IPPROTO_TCP);
    const first = wire(0, 300);
    sockets.messages(first, 0, first.byteLength);
    const { length } = sockets;
    const again = wire(300, 600);
    sockets.messages(again, 0, again.byteLength);
    sockets.takeBack(length);
    for (let from = 300; from < count; from += 300) {
      const view = wire(from, Math.min(from + 300, count));
      expect(sockets.messages(view, 0, view.byteLength)).toBe(view.byteLength);
    }
    const result = printed(gatherInCore(sockets, table, identities, selection), selection);
    sockets.end();
    return result;
  }) as [string, string[]];
  const rows = lines[0].trimEnd().split("\n");
  expect(rows).toHaveLength(count + 1);
  expect(rows.at(-1)).toContain(` ${100 + count - 1} `);
});

test("both gears keep the same of any bytes, and a message that is cut is told", () => {
  const byte = fc.nat(255);
  const wire = fc.tuple(
    fc.array(socket, { minLength: 1, maxLength: 4 }),
    fc.array(fc.tuple(fc.nat(400), byte), { maxLength: 3 }),
    fc.nat(40),
  ).map(([sockets, changes, cut]) => {
    const all = sockets.flatMap((made) => netlinkMessage(20, 2, 1, 1, body(made)));
    for (const [at, value] of changes) if (at < all.length) all[at] = value;
    return all.slice(0, Math.max(1, all.length - (cut > 30 ? 4 * (cut - 30) : 0)));
  });
  const keptOf = (core: Core, given: readonly number[], behind: number) => {
    const filter = coreFilter(new Selection(query("-nPi")))!;
    const sockets = new CoreSockets(new Uint8Array(0), filter, core);
    sockets.begin(uapi.IPPROTO_TCP);
    core.bytes.fill(behind, arena.INPUT, arena.INPUT + given.length + 1024);
    const stopped = sockets.messages(viewOf([...given]), 0, given.length);
    const { length } = sockets;
    const start = core.view.getUint32(arena.LSOF_KEPT, true);
    const kept = Buffer.from(core.bytes.subarray(start, start + length)).toString("latin1");
    sockets.end();
    return [stopped, length, kept];
  };
  fc.assert(
    fc.property(wire, (given) => {
      const [first, ...others] = [0, 0xff].map((behind) =>
        inBothGears((core) => keptOf(core, given, behind))
      );
      for (const other of others) expect(other).toEqual(first!);
    }),
    { numRuns: 500 },
  );
  inBothGears((core) => {
    const filter = coreFilter(new Selection(query("-nPi")))!;
    const sockets = new CoreSockets(new Uint8Array(0), filter, core);
    expect(() => sockets.message(viewOf(new Array<number>(72).fill(1)), 0, 71)).toThrow(
      DecodeError,
    );
    sockets.end();
  });
});
