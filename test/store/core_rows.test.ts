/**
 * The listing by the core: stored, joined, sorted and written, in both gears as TypeScript does it.
 *
 * @module
 */
import { afterAll, expect, test } from "bun:test";
import fc from "fast-check";
import { INODE, RECORD_SIZE, STATES_KNOWN } from "../../src/core/record.ts";
import { Core } from "../../src/core/gears.ts";
import { Diagnostics } from "../../src/diagnostics.ts";
import { Users } from "../../src/etc/users.ts";
import { IPPROTO_TCP, IPPROTO_UDP } from "../../src/families/inet/uapi.ts";
import { InetTable } from "../../src/families/inet/table.ts";
import { attachOwners } from "../../src/join/attach.ts";
import { DecodeError } from "../../src/model/decode_error.ts";
import type { Snapshot } from "../../src/model/snapshot.ts";
import type { Sockets } from "../../src/model/sockets.ts";
import { ALL_STATES, STATES, TCP_BOUND_INACTIVE } from "../../src/model/state.ts";
import { Processes } from "../../src/origin/processes.ts";
import { DescriptorTable } from "../../src/proc/descriptors.ts";
import { ProcRoot } from "../../src/proc/root.ts";
import type { Scan } from "../../src/proc/scan.ts";
import { inOrder } from "../../src/snapshot/order.ts";
import { fillReachOfRows } from "../../src/snapshot/rows_reach.ts";
import { forgetOwners } from "../../src/store/core_owners.ts";
import { coreRows } from "../../src/store/in_core.ts";
import { SocketRows } from "../../src/store/socket_rows.ts";
import type { Writer } from "../../src/text/writer.ts";
import { writeJson, writeNdjson } from "../../src/views/json.ts";
import { writeTable } from "../../src/views/table.ts";
import { attribute, be16, message, u32, u64, viewOf, zeros } from "../support/bytes.ts";
import { bothGears, SECOND_GEAR } from "../support/core.ts";
import { procTree, statFile } from "../support/proc_tree.ts";

const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_DIAG_BY_FAMILY = 20;
const INET_DIAG_SKV6ONLY = 11;
const INET_DIAG_PROTOCOL = 10;

/** A socket as the kernel tells it. Few values of each, so that many are alike. */
interface Told {
  readonly state: number;
  readonly timer: number;
  readonly ports: readonly [number, number];
  readonly local: readonly number[];
  readonly peer: readonly number[];
  readonly device: number;
  readonly cookie: bigint;
  readonly queues: readonly [number, number];
  readonly uid: number;
  readonly inode: number;
  readonly v6only: number;
}

const ADDRESSES = [
  [127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  [10, 0, 0, 1, 9, 9, 9, 9, 0, 0, 0, 0, 0, 0, 0, 0],
  [192, 0, 2, 200, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
  [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xab, 1],
  [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 2],
  zeros(16),
];
const address = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...ADDRESSES) },
  { weight: 1, arbitrary: fc.array(fc.nat(255), { minLength: 16, maxLength: 16 }) },
);
const port = fc.constantFrom(0, 0, 80, 443, 8080, 65535);
const number = fc.oneof(
  fc.nat(12),
  fc.constantFrom(99, 100, 9999, 123456, 0x8000_0000, 0xffff_ffff),
);
const told: fc.Arbitrary<Told> = fc.record({
  state: fc.oneof({ weight: 20, arbitrary: fc.integer({ min: 1, max: 13 }) }, {
    weight: 1,
    arbitrary: fc.nat(255),
  }),
  timer: fc.constantFrom(0, 0, 0, 1, 2, 3, 4, 5, 9),
  ports: fc.tuple(port, port),
  local: address,
  peer: fc.oneof(fc.constant(zeros(16)), address),
  device: fc.constantFrom(...new Array<number>(30).fill(0), 7),
  cookie: fc.oneof(
    fc.bigInt(0n, 20n),
    fc.constantFrom((1n << 32n) + 5n, (1n << 53n) - 1n, 1n << 53n, (1n << 64n) - 1n),
  ),
  queues: fc.tuple(number, number),
  uid: number,
  inode: fc.nat(40),
  v6only: fc.constantFrom(-1, 0, 1),
});

function diagMessage(family: number, socket: Told): number[] {
  const { state, timer, ports, local, peer, device, cookie, queues, uid, inode, v6only } = socket;
  return message(SOCK_DIAG_BY_FAMILY, 2, 1, 1, [
    family,
    state,
    timer,
    3,
    ...be16(ports[0]),
    ...be16(ports[1]),
    ...local,
    ...peer,
    ...u32(device),
    ...u64(cookie),
    ...u32(12345),
    ...u32(queues[0]),
    ...u32(queues[1]),
    ...u32(uid),
    ...u32(inode),
    ...attribute(INET_DIAG_PROTOCOL, [IPPROTO_TCP]),
    ...(v6only < 0 ? [] : attribute(INET_DIAG_SKV6ONLY, [v6only])),
  ]);
}

/** A run of messages, as a dump hands them over: see DumpSink. */
function feed(table: InetTable, bytes: readonly number[]): void {
  const view = viewOf([...bytes]);
  for (let at = 0; at < bytes.length;) {
    at = table.addRun(view, at, bytes.length);
    if (at >= bytes.length) return;
    const length = view.getUint32(at, true);
    table.add(view, at + 16, at + length);
    at += length + 3 & ~3;
  }
}

function inetTable(transport: "tcp" | "udp", states: number, core: Core | null): InetTable {
  const bound = states === 1 << TCP_BOUND_INACTIVE;
  return new InetTable(
    {
      transport,
      type: transport === "tcp" ? "stream" : "dgram",
      protocol: transport === "tcp" ? IPPROTO_TCP : IPPROTO_UDP,
      boundInactive: bound,
    },
    {
      source: "netlink",
      netns: { inode: 4026531840, name: transport === "tcp" ? null : "blüe" },
      interfaceName: (index) => index === 0 ? null : `wän${index}`,
      ...(core === null ? {} : { core: () => core }),
    },
    {
      wants: (message) => bound || (states & 1 << message.state) !== 0,
      states,
      facts: () => ({}) as never,
      info: false,
      cgroups: false,
      receiveBuffers: false,
    },
  );
}

type Holder = readonly [pid: number, tid: number, fd: number, inode: number];
const holders: fc.Arbitrary<readonly Holder[]> = fc.array(
  fc.tuple(
    fc.integer({ min: 1, max: 4 }),
    fc.constantFrom(0, 0, 0, 0, 0, 1, 2),
    fc.nat(20),
    fc.nat(40),
  ).map(([pid, thread, fd, inode]): Holder => [pid, thread && 10 * pid + thread, fd, inode]),
  { maxLength: 60 },
);

function scanOf(holders: readonly Holder[], cookies: boolean, denied: readonly number[]): Scan {
  const descriptors = new DescriptorTable(cookies);
  for (const [pid, tid, fd, inode] of holders) descriptors.push(pid, tid, fd, inode, inode % 7, 0);
  return {
    descriptors,
    pids: [1, 2, 3],
    denied,
    unlisted: 0,
    vanished: 0,
    hidden: false,
    namespaces: new Map(),
  };
}

using tree = procTree({
  "1/stat": statFile(1, "nginx"),
  "1/comm": "nginx\n",
  "1/cmdline": "nginx\0-g\0daemon off;\0",
  "2/stat": statFile(2, "a b"),
  "2/comm": "ü\x1b[31m\n",
  "3/stat": statFile(3, "postgres"),
  "3/comm": "postgres\n",
});
const root = new ProcRoot(tree.path);

interface Asked {
  readonly tcp: readonly Told[];
  readonly tcp6: readonly Told[];
  readonly udp: readonly Told[];
  readonly holders: readonly Holder[];
  readonly cookies: boolean;
  readonly denied: readonly number[];
  readonly netns: boolean;
  readonly forwards: ReadonlySet<number>;
}

/** The listing and its JSON. Without a core everything is done by TypeScript. */
function listing(core: Core | null, asked: Asked): { text: string[]; isInCore: boolean } {
  const from = core?.isLarge ? core.take(0) : null;
  const rows = SocketRows.empty();
  const many = <T>(list: readonly T[]) =>
    Array.from({ length: 250 + list.length }, (_, i) => list[i % list.length]!);
  const add = (
    familyOf: (i: number) => number,
    table: InetTable,
    sockets: readonly Told[],
  ) => {
    if (sockets.length > 0) {
      feed(table, sockets.flatMap((one, i) => diagMessage(familyOf(i), one)));
    }
    rows.addTable(table);
  };
  const v4 = () => AF_INET;
  const v6 = () => AF_INET6;
  // A dump may be of both versions.
  const both = (i: number) => i % 3 === 0 ? AF_INET6 : AF_INET;
  add(both, inetTable("tcp", ALL_STATES, core), many(asked.tcp));
  add(v6, inetTable("tcp", ALL_STATES & ~(1 << 4), core), many(asked.tcp6));
  add(v4, inetTable("tcp", 1 << TCP_BOUND_INACTIVE, core), asked.tcp.slice(0, 3));
  add(v6, inetTable("udp", ALL_STATES, core), asked.udp);
  const isInCore = coreRows(rows) !== null;
  const scan = scanOf(asked.holders, asked.cookies, asked.denied);
  const diagnostics = new Diagnostics();
  attachOwners(rows, root, new Processes(root, new Users(tree.path)), diagnostics, {
    scan,
    search: () => scan,
  });
  fillReachOfRows(rows, () => null);
  const sockets = inOrder(rows);
  const text = [
    written((out) =>
      writeTable(sockets, out, { width: null, color: false, header: true, netns: asked.netns })
    ),
    written((out) => writeNdjson(snapshotOf(sockets), out)),
    written((out) =>
      writeJson(snapshotOf(sockets), out, new Map([...asked.forwards].map((inode) => [inode, []])))
    ),
    // As objects, which is how everything else looks at them.
    JSON.stringify(Array.from(sockets, ({ local, state, owners, inode }) => [
      "port" in local ? local.port : null,
      state,
      owners.map(({ pid }) => pid),
      inode,
    ])),
  ];
  if (core !== null) {
    forgetOwners(core);
    if (from !== null) core.giveBack(from);
  }
  return { text, isInCore };
}

function snapshotOf(sockets: Sockets): Snapshot<Sockets> {
  const host = { name: "h", bootId: null, kernel: "6.18", netns: null, ephemeralPorts: null };
  return { host, takenAtMs: 0, gaps: [], sockets };
}

function written(write: (out: Writer) => void): string {
  let text = "";
  write(
    {
      writeBytes: (part: Uint8Array) => text += Buffer.from(part).toString("latin1"),
    } as unknown as Writer,
  );
  return text;
}

// Other tests have the same arena.
afterAll(() => bothGears().forEach(([, core]) => forgetOwners(core)));

test("the listing and its JSON by the core are those of TypeScript, in both gears", () => {
  const sockets = fc.array(told, { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(
      fc.record({
        tcp: sockets,
        tcp6: sockets,
        udp: fc.array(told, { maxLength: 5 }),
        holders,
        cookies: fc.boolean(),
        denied: fc.constantFrom([], [4]),
        netns: fc.boolean(),
        forwards: fc.uniqueArray(fc.nat(40), { maxLength: 3 }).map((inodes) => new Set(inodes)),
      }),
      (asked) => {
        const expected = listing(null, asked);
        expect(expected.isInCore).toBe(false);
        for (const [, core] of bothGears()) {
          const { text, isInCore } = listing(core, asked);
          expect(isInCore).toBe(true);
          expect(text).toEqual(expected.text);
        }
      },
    ),
    { numRuns: 40 },
  );
}, 120_000);

test("the arena may be made larger in every step of it", () => {
  const [socket] = fc.sample(told, { numRuns: 1, seed: 7 });
  const plain: Told = { ...socket!, state: 1, device: 0, ports: [80, 443] };
  const asked: Asked = {
    tcp: Array.from({ length: 20 }, (_, i) => ({ ...plain, inode: i, cookie: BigInt(i) })),
    tcp6: [plain],
    udp: [plain],
    holders: Array.from({ length: 20 }, (_, i): Holder => [1 + i % 3, 0, i, i]),
    cookies: false,
    denied: [],
    netns: true,
    forwards: new Set(),
  };
  const { text } = listing(null, asked);
  // The arena ends at another place of the work each time.
  for (let used = 0; used < 0x10000; used += 1536) {
    const core = new Core(2, SECOND_GEAR);
    core.take(used);
    expect(listing(core, asked).text).toEqual(text);
  }
}, 120_000);

test("any bytes are stored or refused, in both gears as by TypeScript", () => {
  const good = diagMessage(AF_INET6, {
    state: 1,
    timer: 0,
    ports: [80, 81],
    local: ADDRESSES[3]!,
    peer: ADDRESSES[4]!,
    device: 0,
    cookie: 7n,
    queues: [0, 0],
    uid: 0,
    inode: 9,
    v6only: 1,
  });
  const stored = (core: Core | null, bytes: readonly number[]) => {
    const from = core?.isLarge ? core.take(0) : null;
    const table = inetTable("tcp", ALL_STATES, core);
    let error: string | null = null;
    try {
      feed(table, bytes);
    } catch (thrown) {
      if (!(thrown instanceof DecodeError)) throw thrown;
      error = thrown.message;
    }
    const sockets = Array.from({ length: table.length }, (_, i) => {
      const { local, peer, state, inode, v6only, cookie } = table.at(i);
      return [local.address, local.port, peer?.address, state, inode, v6only, String(cookie)];
    });
    if (from !== null) core!.giveBack(from);
    return { error, sockets };
  };
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 6 }),
      fc.nat(30),
      (changes, place) => {
        const bad = [...good];
        for (const [at, value] of changes) if (at >= 16) bad[at] = value;
        const run = Array.from({ length: 260 }, (_, i) => i === 240 + place % 20 ? bad : good);
        const bytes = run.flat();
        const expected = stored(null, bytes);
        for (const [, core] of bothGears()) expect(stored(core, bytes)).toEqual(expected);
      },
    ),
    { numRuns: 60 },
  );
}, 120_000);

test("a socket that is bound to an interface is stored between the others", () => {
  const plain: Told = {
    state: 10,
    timer: 0,
    ports: [80, 0],
    local: zeros(16),
    peer: zeros(16),
    device: 0,
    cookie: 1n,
    queues: [0, 128],
    uid: 0,
    inode: 5,
    v6only: 0,
  };
  for (const [, core] of bothGears()) {
    const from = core.take(0);
    const table = inetTable("tcp", ALL_STATES, core);
    const run = Array.from(
      { length: 300 },
      (_, i) => ({ ...plain, inode: i, device: i % 100 ? 0 : 7 }),
    );
    feed(table, run.flatMap((one) => diagMessage(AF_INET, one)));
    expect(table.core).toBe(core);
    expect(table.length).toBe(300);
    expect(core.view.getUint32(table.records.address + RECORD_SIZE * 299 + INODE, true)).toBe(299);
    expect(table.at(200).local.interface).toBe("wän7");
    expect(table.at(201).local.interface).toBeNull();
    core.giveBack(from);
  }
});

test("the core knows as many states as have a name", () => {
  expect(STATES_KNOWN).toBe(STATES.length);
});
