import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { SocketRows } from "../../src/store/socket_rows.ts";
import { inOrder, sorted } from "../../src/snapshot/order.ts";
import { Diagnostics } from "../../src/diagnostics.ts";
import { InetMessage } from "../../src/families/inet/message.ts";
import { InetTable } from "../../src/families/inet/table.ts";
import { attachOwners } from "../../src/join/attach.ts";
import type { InternetEndpoint, Socket, Transport } from "../../src/model/socket.ts";
import type { Sockets } from "../../src/model/sockets.ts";
import { DescriptorTable } from "../../src/proc/descriptors.ts";
import { Processes } from "../../src/origin/processes.ts";
import { ProcRoot } from "../../src/proc/root.ts";
import { fillReach } from "../../src/reach/bind.ts";
import { socketJson, writeJson, writeNdjson } from "../../src/views/json.ts";
import { writeTable } from "../../src/views/table.ts";
import type { Writer } from "../../src/text/writer.ts";
import { attribute, be16, u32, viewOf, zeros } from "../support/bytes.ts";
import { contextOf } from "../support/decoder.ts";
import { procTree } from "../support/proc_tree.ts";

/** One inet_diag_msg, from few values each, so that rows have much in common. */
const messages = fc.record({
  v6: fc.boolean(),
  state: fc.constantFrom(1, 1, 1, 3, 6, 7, 10, 12, 99),
  timer: fc.nat(6),
  ports: fc.tuple(fc.constantFrom(0, 22, 443, 65535), fc.constantFrom(0, 1, 40000)),
  addresses: fc.array(fc.constantFrom([0, 0], [127, 1], [10, 9], [0xfe, 0x80]), {
    minLength: 2,
    maxLength: 2,
  }),
  ifindex: fc.constantFrom(0, 0, 2, 3),
  cookie: fc.tuple(fc.nat(4), fc.constantFrom(0, 1, 0x20_0000, 0xffff_ffff)),
  queues: fc.tuple(fc.nat(12), fc.constantFrom(0, 128, 0xffff_ffff)),
  uid: fc.constantFrom(0, 1000),
  inode: fc.nat(6),
  attributes: fc.constantFrom([], attribute(11, [1]), attribute(11, [0]), attribute(10, [6])),
}).map((row) => [
  ...[row.v6 ? 10 : 2, row.state, row.timer, 3],
  ...be16(row.ports[0]),
  ...be16(row.ports[1]),
  ...row.addresses.flatMap(([first, second]) => [first!, second!, ...zeros(14)]),
  ...u32(row.ifindex),
  ...u32(row.cookie[0]),
  ...u32(row.cookie[1]),
  ...u32(204),
  ...u32(row.queues[0]),
  ...u32(row.queues[1]),
  ...u32(row.uid),
  ...u32(row.inode),
  ...row.attributes,
]);

const tables = fc.array(
  fc.tuple(
    fc.constantFrom<Transport>("tcp", "udp", "raw", "sctp"),
    fc.constantFrom("netlink" as const, "proc" as const),
    fc.array(messages, { maxLength: 12 }),
  ),
  { maxLength: 3 },
);

/** (pid, tid, fd, inode): shared sockets, threads, several descriptors of one. */
const descriptors = fc.array(
  fc.tuple(fc.constantFrom(5, 6, 7), fc.constantFrom(0, 0, 11), fc.nat(5), fc.nat(6)),
  { maxLength: 12 },
);

/** Two times the same sockets: in the form for very many, and as plain objects that have nothing in common with it. */
function bothForms(list: ReturnType<typeof build>): [SocketRows, Socket[]] {
  return [list, list.toArray().map(plain)];
}

function build(list: readonly (readonly [Transport, "netlink" | "proc", number[][]])[]) {
  const rows = SocketRows.empty();
  for (const [transport, source, bytes] of list) {
    const context = {
      ...contextOf(source),
      netns: { inode: 7, name: null },
      interfaceName: (index: number) => ["", "lo", "eth0", "a\u001b[2Jb"][index] || null,
    };
    const kind = { transport, type: "stream", protocol: 0, boundInactive: false } as const;
    const table = new InetTable(kind, context, null);
    const message = new InetMessage();
    for (const one of bytes) table.addMessage(message.at(viewOf(one), 0, one.length));
    rows.addTable(table);
  }
  return rows;
}

function plain(socket: Socket): Socket {
  const { netns, family, transport, type, protocol, state, local, peer, peerInode } = socket;
  const { v6only, uid, inode, cookie, recvQueue, sendQueue, acceptQueue, timer } = socket;
  return {
    ...{ netns, family, transport, type, protocol, state, peerInode },
    local: end(local as InternetEndpoint),
    peer: peer && end(peer as InternetEndpoint),
    ...{ v6only, uid, inode, cookie, recvQueue, sendQueue, acceptQueue, timer },
    ownership: "unknown",
    owners: [],
    peerOwners: null,
    reach: { scope: "unknown", reasons: [] },
  };
}

function end({ address, port, interface: name }: InternetEndpoint): InternetEndpoint {
  return { address, port, interface: name };
}

/** Everything that a listing does after reading. */
function list(sockets: Sockets, root: ProcRoot, table: DescriptorTable): Sockets {
  const scan = {
    descriptors: table,
    pids: [5, 6, 7],
    denied: [],
    unlisted: 0,
    vanished: 0,
    hidden: false,
    namespaces: new Map(),
  };
  const walk = { scan, search: () => scan };
  attachOwners(sockets, root, new Processes(root), new Diagnostics(), walk);
  fillReach(sockets);
  return inOrder(sockets);
}

/** What a writer was given, as text. */
function written(write: (writer: Writer) => void): string {
  const decoder = new TextDecoder();
  let text = "";
  write({
    write: (some: string) => text += some,
    writeBytes: (bytes: Uint8Array) => text += decoder.decode(bytes),
    flush() {},
  } as unknown as Writer);
  return text;
}

describe("SocketRows", () => {
  test("gives the same text and JSON as the same sockets as objects", () => {
    using tree = procTree({
      "5/stat": "5 (a) S 1",
      "6/stat": "6 (b c) S 5",
      "7/stat": "7 (日本) S 1",
    });
    const root = new ProcRoot(tree.path);
    fc.assert(fc.property(tables, descriptors, (made, held) => {
      const table = new DescriptorTable();
      for (const row of held) table.push(...row);
      const [rows, objects] = bothForms(build(made)).map((form) => list(form, root, table));
      for (const width of [null, 200, 80, 30]) {
        for (const color of [false, true]) {
          const options = { width, color, header: color };
          expect(written((out) => writeTable(rows!, out, options))).toBe(
            written((out) => writeTable(objects!, out, options)),
          );
        }
      }
      const snapshot = (sockets: Sockets) => ({
        host: { name: "h", bootId: null, kernel: "6", netns: 7, ephemeralPorts: null },
        takenAtMs: 0,
        gaps: [],
        sockets,
      });
      const [, ...lines] = written((out) => writeNdjson(snapshot(rows!), out)).split("\n");
      expect(lines.slice(0, -1)).toEqual(
        Array.from(objects!, (socket) => JSON.stringify(socketJson(socket))),
      );
      for (const write of [writeJson, writeNdjson]) {
        expect(written((out) => write(snapshot(rows!), out))).toBe(
          written((out) => write(snapshot(objects!), out)),
        );
      }
    }));
  });

  test("keeps sockets for good, while the object that moves shows one after another", () => {
    fc.assert(fc.property(tables, (made) => {
      const rows = build(made);
      const kept = rows.toArray();
      const seen = kept.map(plain);
      expect([...rows].length).toBe(kept.length);
      expect(kept.map(plain)).toEqual(seen);
      expect(Array.from(rows, plain)).toEqual(seen);
    }));
  });

  test("narrows and orders without a change to what it came from", () => {
    fc.assert(fc.property(tables, (made) => {
      const rows = build(made);
      const before = Array.from(rows, plain);
      expect(Array.from(rows.filter(({ peer }) => peer === null), plain)).toEqual(
        before.filter(({ peer }) => peer === null),
      );
      expect(Array.from(inOrder(rows), plain)).toEqual(sorted(before));
      expect(Array.from(rows, plain)).toEqual(before);
    }));
  });
});
