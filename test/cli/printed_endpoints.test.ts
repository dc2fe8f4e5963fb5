/** Whatever the listing prints as an end of a socket can be typed back: as a target, and as a value of `src` and `dst`. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { matches } from "../../src/commands/explain/match.ts";
import { parseTarget } from "../../src/commands/explain/target.ts";
import type { ExplainInput } from "../../src/commands/explain/input.ts";
import { Hosts } from "../../src/etc/hosts.ts";
import { isEndpointText } from "../../src/families/mod.ts";
import { ethertypeOf } from "../../src/families/ethertypes.ts";
import { evaluator } from "../../src/filter/evaluate.ts";
import { parseFilter } from "../../src/filter/parser.ts";
import { NO_NAMES } from "../../src/filter/resolver.ts";
import { SocketSubject } from "../../src/filter/socket_subject.ts";
import { formatIpv4, formatIpv6 } from "../../src/model/endpoint.ts";
import type { Endpoint, FamilyName, Socket, Transport } from "../../src/model/socket.ts";
import { formatEndpoint } from "../../src/views/columns.ts";

const word = fc.integer({ min: 0, max: 0xffffffff });
const port = fc.integer({ min: 1, max: 0xffff });
const name = fc.uint8Array({ minLength: 1, maxLength: 20 })
  .map((bytes) => new Uint8Array([...bytes].map((byte) => byte || 1)));
const device: fc.Arbitrary<string> = fc.stringMatching(/^[a-z][a-z0-9._-]{0,13}$/);

const zone = fc.option(device, { nil: null });

/** Ends of every family, in the form that decoding gives them. */
const ENDS: Readonly<Record<FamilyName, fc.Arbitrary<Endpoint>>> = {
  inet: fc.record({ address: word.map(formatIpv4), port, interface: zone }),
  inet6: fc.record({
    address: fc.tuple(word, word, word, word).map((words) => formatIpv6(...words)),
    port,
    interface: zone,
  }),
  unix: fc.oneof(
    name.map((bytes) => ({
      path: new Uint8Array([0x2f, ...bytes]),
      name: null,
      inode: 7,
      file: null,
    })),
    name.map((bytes) => ({ path: null, name: new Uint8Array(bytes), inode: 7 })),
    fc.integer({ min: 1, max: 0xffffffff })
      .map((inode) => ({ path: null, name: null, inode })),
  ),
  packet: fc.record({
    ethertype: fc.oneof(
      fc.constantFrom(0, 3, 0x800, 0x86dd, 0x88cc),
      fc.integer({ min: 0, max: 0xffff }),
    ),
    interface: fc.option(device, { nil: null }),
  }),
  netlink: fc.record({
    protocol: fc.integer({ min: 0, max: 40 }),
    portId: word,
    groups: fc.oneof(
      fc.constant(null),
      fc.array(fc.integer({ min: 1, max: 99 }), { maxLength: 3 }),
    ),
  }),
  vsock: fc.record({
    cid: fc.oneof(fc.constantFrom(0, 1, 2, 0xffffffff), word),
    port: fc.oneof(port, word, fc.constantFrom(0xffff, 0x10000, 0xffffffff)),
  }),
  xdp: fc.record({ interface: device, queue: fc.integer({ min: 0, max: 63 }) }),
  tipc: fc.record({ node: word, ref: word }),
};

const TRANSPORTS: Readonly<Partial<Record<FamilyName, Transport>>> = {
  inet: "tcp",
  inet6: "tcp",
  packet: "packet",
  netlink: "netlink",
  xdp: "xdp",
};

function socketAt(family: FamilyName, local: Endpoint, peer: Endpoint | null): Socket {
  const inode = "path" in local ? (local as { inode: number }).inode : 99;
  return {
    netns: null,
    family,
    transport: TRANSPORTS[family] ?? "stream",
    type: "stream",
    protocol: null,
    state: "listen",
    local,
    peer,
    peerInode: null,
    v6only: null,
    uid: 0,
    inode,
    cookie: 1,
    recvQueue: null,
    sendQueue: null,
    acceptQueue: null,
    timer: null,
    ownership: "unknown",
    owners: [],
    peerOwners: null,
    reach: { scope: "unknown", reasons: [] },
  };
}

const tools = { hosts: new Hosts("/there/is/none"), isPrinted: isEndpointText };
const resolver = {
  ...NO_NAMES,
  isPrinted: isEndpointText,
  linkProtocol: ethertypeOf,
};
const lookups = {
  containerName: () => null,
  imageOf: () => null,
  nowMs: 0,
  printed: formatEndpoint,
};
/** Nothing is at the path of a made-up socket, so that its name alone decides. */
const input = {
  files: { find: () => ({ kind: "unknown" }), isSocket: () => false, status: () => null },
} as unknown as ExplainInput;

/** In double quotes a filter takes any text. */
const quoted = (text: string) => `"${text.replace(/["\\]/g, "\\$&")}"`;

describe("an end of a socket, as it is printed, finds the socket again:", () => {
  for (const family of Object.keys(ENDS) as FamilyName[]) {
    test(family, () => {
      fc.assert(fc.property(ENDS[family], ENDS[family], (local, other) => {
        // The interface is that of the socket, whichever end is looked at.
        const peer = "address" in other && "address" in local
          ? { ...other, interface: local.interface }
          : other;
        const text = formatEndpoint(family, local);
        const socket = socketAt(family, local, peer);
        expect([text, matches(socket, parseTarget(text, tools), input)]).toEqual([text, true]);
        const subject = new SocketSubject(
          socket,
          { first: 1, last: 2 },
          () => null,
          {},
          lookups,
        );
        for (const [field, end] of [["src", local], ["dst", peer]] as const) {
          const filter = `${field} = ${quoted(formatEndpoint(family, end))}`;
          const accepts = evaluator(parseFilter(filter, resolver)!, "sockeye");
          expect([filter, accepts(subject)]).toEqual([filter, true]);
        }
      }));
    });
  }
});
