import { describe, expect, test } from "bun:test";
import { EventFilter } from "../../src/events/event_filter.ts";
import type { KernelRecord, RecordProcess } from "../../src/events/kernel/decode.ts";
import type { FlowCounts } from "../../src/events/kernel/maps.ts";
import { KIND } from "../../src/events/kernel/record.ts";
import { NetnsNames } from "../../src/events/netns_names.ts";
import { ProcessCache } from "../../src/events/process_cache.ts";
import { Tracker } from "../../src/events/tracker.ts";
import { Users } from "../../src/etc/users.ts";
import { parseFilter, unanswerable } from "../../src/filter/mod.ts";
import type { SocketEvent, WatchEvent } from "../../src/model/event.ts";
import { ProcRoot } from "../../src/proc/root.ts";
import { latin1Bytes } from "../../src/text/encoding.ts";
import { EventText } from "../../src/views/events/text.ts";
import { eventLine } from "../../src/views/events/json.ts";
import { expectValid } from "../support/sockeye.ts";

const SECOND = 1_000_000_000;
const NOWHERE = new ProcRoot("/nonexistent");

function process(pid: number, comm = "program"): RecordProcess {
  return {
    pid,
    tid: pid,
    startNs: pid * 1000,
    comm: latin1Bytes(comm),
    uid: 0,
    cgroup: 0n,
    ppid: null,
    path: null,
    arguments: null,
  };
}

const at = (text: string, port: number) => ({ text, port, name: null });

/** A record about a TCP socket. */
function record(kind: number, details: Partial<KernelRecord> = {}): KernelRecord {
  return {
    kind,
    family: 2,
    type: 1,
    protocol: 6,
    timeNs: SECOND,
    cookie: 1,
    netns: 4026531840,
    process: null,
    local: at("10.0.0.1", 40_000),
    peer: at("10.0.0.2", 443),
    oldState: 0,
    backlog: null,
    error: null,
    bytesSent: null,
    bytesReceived: null,
    interfaceIndex: 0,
    flow: null,
    counts: null,
    ...details,
  };
}

type Options = Partial<
  Pick<
    ConstructorParameters<typeof Tracker>[0],
    "seesStates" | "seesDatagrams" | "seesReleases" | "flowCounts"
  >
>;

function track(options: Options = {}) {
  const events: WatchEvent[] = [];
  const processes = new ProcessCache(NOWHERE, new Users("/nonexistent"));
  const tracker = new Tracker({
    clock: { wall: (ns) => BigInt(ns) },
    processes,
    netns: new NetnsNames(NOWHERE),
    emit: (event) => events.push(event),
    flowCounts: () => null,
    seesStates: true,
    seesDatagrams: true,
    seesReleases: true,
    ...options,
  });
  const socketEvents = () => events as SocketEvent[];
  return { tracker, processes, events: socketEvents };
}

describe("Tracker", () => {
  test("gives a connection the process that began it, though a packet decides it", () => {
    const { tracker, events } = track();
    tracker.take(record(KIND.connecting, { process: process(7), timeNs: SECOND }));
    tracker.take(record(KIND.connected, { timeNs: 1.5 * SECOND }));
    tracker.take(record(KIND.release, { process: process(8), timeNs: 2 * SECOND }));
    tracker.take(
      record(KIND.closed, { oldState: 5, bytesSent: 10, bytesReceived: 20, timeNs: 3.5 * SECOND }),
    );
    expect(events()).toMatchObject([
      {
        event: "connect",
        outcome: "established",
        process: { pid: 7 },
        how: "hook",
        durationMs: 500,
      },
      // It was handed over, and this one closed it.
      { event: "close", process: { pid: 8 }, reason: "fin", bytesSent: 10, durationMs: 2000 },
    ]);
    expect(tracker.size).toBe(0);
  });

  test("tells why a connect failed, and that the reason is not known where it never began", () => {
    const { tracker, events } = track();
    tracker.take(record(KIND.open, { process: process(7) }));
    tracker.take(record(KIND.connecting, { process: process(7) }));
    tracker.take(record(KIND.connectFailed, { error: 111 }));
    tracker.take(record(KIND.connecting, { process: process(7), peer: at("10.9.9.9", 1) }));
    tracker.take(record(KIND.release, { process: process(7), peer: null }));
    const connects = events().filter(({ event }) => event === "connect");
    expect(connects).toMatchObject([
      { outcome: "failed", error: "ECONNREFUSED", peer: { address: "10.0.0.2" } },
      { outcome: "failed", error: null, peer: { address: "10.9.9.9" } },
    ]);
    expect(events().at(-1)).toMatchObject({ event: "close" });
  });

  test("waits for the process of a connection from elsewhere, but not for ever", () => {
    const { tracker, events } = track();
    const server = { local: at("0.0.0.0", 80), peer: null };
    tracker.take(record(KIND.listen, { cookie: 9, process: process(5), ...server, backlog: 3 }));
    const incoming = { local: at("10.0.0.1", 80), peer: at("10.0.0.7", 50_000) };
    tracker.take(record(KIND.passive, { cookie: 10, ...incoming, timeNs: 2 * SECOND }));
    tracker.take(record(KIND.passive, { cookie: 11, ...incoming, timeNs: 2 * SECOND }));
    tracker.take(record(KIND.firstUse, { cookie: 10, process: process(6), ...incoming }));
    tracker.tick(2.1 * SECOND);
    expect(events().map(({ event }) => event)).toEqual(["listen", "accept"]);
    expect(events()[1]).toMatchObject({ process: { pid: 6 }, how: "first-io" });
    tracker.tick(2.4 * SECOND);
    expect(events()[2]).toMatchObject({ event: "accept", process: { pid: 5 }, how: "listener" });
    // Once is enough.
    tracker.tick(9 * SECOND);
    expect(events()).toHaveLength(3);
  });

  test("gives a connection that was refused service by nobody to whoever listens", () => {
    const { tracker, events } = track();
    tracker.take(record(KIND.passive, { cookie: 3, timeNs: SECOND }));
    tracker.take(record(KIND.closed, { cookie: 3, oldState: 1, timeNs: 1.1 * SECOND }));
    expect(events()).toMatchObject([
      { event: "accept", process: null, how: null },
      { event: "close", process: null, how: null, reason: "reset" },
    ]);
  });

  test("tells the end of a connection once, though its descriptor is closed later", () => {
    const { tracker, events } = track();
    tracker.take(record(KIND.open, { process: process(7) }));
    tracker.take(record(KIND.connecting, { process: process(7) }));
    tracker.take(record(KIND.connected));
    tracker.take(record(KIND.closed, { oldState: 1, error: 104 }));
    tracker.take(record(KIND.release, { process: process(7), peer: null }));
    expect(events().map(({ event }) => event)).toEqual(["open", "connect", "close"]);
    expect(events()[2]).toMatchObject({ reason: "reset", error: "ECONNRESET" });
    expect(tracker.size).toBe(0);
  });

  test("tells what goes on over a flow, and nothing twice", () => {
    const { tracker, events } = track();
    const key = new Uint8Array(32).fill(5);
    const datagram = { type: 2, protocol: 17, flow: { key }, bytesSent: 100, process: process(7) };
    tracker.take(record(KIND.send, datagram));
    tracker.flow(key, [4, 400, 1], 2 * SECOND);
    tracker.flow(key, [4, 400, 1], 3 * SECOND);
    tracker.flow(new Uint8Array(32), [9, 900, 0], 3 * SECOND);
    expect(events()).toMatchObject([
      { event: "send", datagrams: 1, bytesSent: 100, process: { pid: 7 } },
      { event: "send", datagrams: 3, bytesSent: 300, failed: 1, process: { pid: 7 } },
    ]);
  });

  test("takes no number for the bytes of datagrams whose length nothing tells", () => {
    const { tracker, events } = track({ seesDatagrams: false });
    const key = new Uint8Array(32).fill(5);
    const of = { type: 2, protocol: 17, flow: { key }, process: process(7) };
    tracker.take(record(KIND.open, { ...of, timeNs: SECOND }));
    tracker.take(record(KIND.send, of));
    tracker.flow(key, [4, 0, 0], 2 * SECOND);
    tracker.take(record(KIND.release, { ...of, timeNs: 3 * SECOND }));
    expect(events().slice(1)).toMatchObject([
      { event: "send", datagrams: 1, bytesSent: null },
      { event: "send", datagrams: 3, bytesSent: null },
      { event: "close", bytesSent: null, bytesReceived: null },
    ]);
    // Connections are followed all the same.
    tracker.take(record(KIND.connecting, { cookie: 8, process: process(7), timeNs: SECOND }));
    tracker.take(record(KIND.connected, { cookie: 8, timeNs: 2 * SECOND }));
    tracker.take(record(KIND.closed, { cookie: 8, oldState: 5, bytesSent: 10 }));
    expect(events().slice(-2)).toMatchObject([
      { event: "connect", outcome: "established" },
      { event: "close", bytesSent: 10 },
    ]);
  });

  test("tells what goes on in a slot, until the slot is another's", () => {
    const slots = new Map<string, FlowCounts>([["5 1", [4, 400, 0]]]);
    const { tracker, events } = track({
      flowCounts: (place, cookie) =>
        "slot" in place ? slots.get(`${place.slot} ${cookie}`) ?? null : null,
    });
    tracker.take(record(KIND.open, { type: 2, protocol: 17, process: process(7) }));
    const flow = { slot: 5 };
    const datagram = { type: 2, protocol: 17, flow, bytesSent: 100, process: process(7) };
    tracker.take(record(KIND.send, datagram));
    tracker.flowsInSlots(2 * SECOND);
    // The last count comes when the slot is given away, and the flow begins anew in another.
    tracker.take(record(KIND.counted, { flow, counts: [6, 600, 1] }));
    slots.clear();
    tracker.flowsInSlots(3 * SECOND);
    tracker.take(record(KIND.send, { ...datagram, flow: { slot: 9 } }));
    slots.set("9 1", [2, 200, 0]);
    tracker.take(record(KIND.release, { type: 2, protocol: 17, process: process(7), peer: null }));
    const told = events().filter(({ event }) => event === "send");
    expect(told.map(({ datagrams, bytesSent, failed }) => [datagrams, bytesSent, failed])).toEqual([
      [1, 100, 0],
      [3, 300, 0],
      [2, 200, 1],
      [1, 100, 0],
      [1, 100, 0],
    ]);
    expect(events().at(-1)).toMatchObject({ event: "close", bytesSent: 800 });
    expect(tracker.size).toBe(0);
    tracker.flowsInSlots(4 * SECOND);
  });

  test("tells a connection of MPTCP once, as that of the TCP socket below", () => {
    const { tracker, events } = track();
    const above = { cookie: 1, protocol: 262, process: process(7) };
    const below = { cookie: 2, process: process(7) };
    tracker.take(record(KIND.open, { ...above, peer: null }));
    for (const kind of [KIND.connecting, KIND.synSent]) {
      tracker.take(record(kind, above));
      tracker.take(record(kind, below));
    }
    tracker.take(record(KIND.connected, { ...below, process: null }));
    tracker.take(record(KIND.connected, { ...above, process: null }));
    tracker.take(record(KIND.release, above));
    tracker.take(record(KIND.closed, { ...above, process: null, oldState: 5 }));
    tracker.take(record(KIND.closed, { ...below, process: null, oldState: 5 }));
    expect(events().map(({ event, transport }) => `${event} ${transport}`)).toEqual([
      "open mptcp",
      "connect tcp",
      "close mptcp",
      "close tcp",
    ]);
  });

  test("tells a connection that ends before it is accepted once", () => {
    const { tracker, events } = track();
    tracker.take(record(KIND.passive, { timeNs: SECOND }));
    tracker.take(record(KIND.closed, { oldState: 1, timeNs: 1.1 * SECOND }));
    tracker.tick(9 * SECOND);
    expect(events().map(({ event }) => event)).toEqual(["accept", "close"]);
  });

  test("remembers no more than its bound, whatever it is told", () => {
    const { tracker } = track();
    for (let cookie = 1; cookie <= 150_000; cookie++) {
      tracker.take(record(KIND.open, { cookie, process: process(7) }));
    }
    expect(tracker.size).toBe(131_072);
  });

  test("keeps nothing of connections that end where nobody tells of descriptors", () => {
    const { tracker } = track({ seesReleases: false });
    tracker.take(record(KIND.synSent, { process: process(7) }));
    tracker.take(record(KIND.connected));
    tracker.take(record(KIND.closed, { oldState: 5 }));
    expect(tracker.size).toBe(0);
  });
});

describe("ProcessCache", () => {
  test("does not take a process for another that had its number before", () => {
    const { processes } = track();
    const first = { ...process(7, "first"), arguments: latin1Bytes("first\0") };
    processes.learn(first, true, 5);
    expect(processes.of(first).comm).toEqual(latin1Bytes("first"));
    const second = { ...process(7, "second"), startNs: 999 };
    expect(processes.of(second)).toMatchObject({ comm: latin1Bytes("second"), cmdline: null });
    expect(processes.takeExec(7)).toBeNull();
  });

  test("gives the start of a program once", () => {
    const { processes } = track();
    processes.learn({ ...process(7), path: latin1Bytes("/bin/x") }, true, 5);
    expect(processes.of(process(7)).exe).toEqual(latin1Bytes("/bin/x"));
    expect(processes.takeExec(7)).toMatchObject({ timeNs: 5 });
    expect(processes.takeExec(7)).toBeNull();
  });

  test("gives a process that only forked the program of its parent", () => {
    const { processes } = track();
    processes.learn({ ...process(7), path: latin1Bytes("/bin/x") }, true, 5);
    const child = { ...process(8), ppid: 7 };
    expect(processes.of(child).exe).toEqual(latin1Bytes("/bin/x"));
    const other = { ...process(9, "other"), ppid: 7 };
    expect(processes.of(other).exe).toBeNull();
  });
});

describe("EventFilter", () => {
  function sent(): SocketEvent {
    const { tracker, events } = track();
    const datagram = {
      type: 2,
      protocol: 17,
      flow: { key: new Uint8Array(32) },
      process: process(7, "dig"),
    };
    tracker.take(record(KIND.send, { ...datagram, peer: at("10.0.0.53", 53) }));
    return events()[0]!;
  }

  test.each<[string, boolean]>([
    ["udp and dst 10.0.0.53", true],
    ["udp and dst 10.0.0.54", false],
    ["dport 53 and process dig", true],
    ["pid 8", false],
    ["user 0 or tcp", true],
    ["family unix", false],
    ["netns 4026531840", true],
  ])("%s", (text, expected) => {
    expect(new EventFilter(parseFilter(text)).accepts(sent())).toBe(expected);
  });

  test("says what no event has", () => {
    expect(unanswerable(parseFilter("udp and reach any")!)).toBe("reach");
    expect(unanswerable(parseFilter("not dev eth0")!)).toBe("dev");
    expect(unanswerable(parseFilter("udp and pid 7")!)).toBeNull();
  });
});

describe("events as lines", () => {
  const event = (): SocketEvent => {
    const { tracker, events } = track();
    const evil = process(7, "a\x1b[2Jb");
    tracker.take(record(KIND.connecting, { process: evil }));
    tracker.take(record(KIND.connectFailed, { error: 111 }));
    return events()[0]!;
  };

  test("columns grow and never shrink, and no name steers the terminal", () => {
    const text = new EventText(false, 4026531840);
    const [header, first] = [text.header(), text.line(event())];
    expect(first).toContain("a\\x1b[2Jb(7)");
    expect(first).toContain("failed: ECONNREFUSED");
    expect(first.indexOf("10.0.0.2")).toBe(header.indexOf("PEER"));
    const long = {
      ...event(),
      local: { address: "2001:db8::1:2:3:4", port: 65_000, interface: null },
    };
    text.line({ ...long, family: "inet6" });
    expect(text.line(event()).indexOf("10.0.0.2")).toBeGreaterThan(header.indexOf("PEER"));
  });

  test("every line is JSON of the schema", () => {
    for (const line of [event(), { event: "lost", atNs: 5n, count: 2, of: { send: 2 } } as const]) {
      expectValid(JSON.parse(eventLine(line)), "sockeye.watch/1");
    }
  });
});
