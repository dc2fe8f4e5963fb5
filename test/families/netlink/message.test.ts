import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  dumpRequest,
  joinedGroups,
  netlink,
  NETLINK_CONNECTED,
  netlinkEndpoint,
  netlinkMessage,
  netlinkSocket,
} from "../../../src/families/netlink.ts";
import { attribute, hex, u32, viewOf, zeros } from "../../support/bytes.ts";
import { contextOf, fuzzDecoder } from "../../support/decoder.ts";

/** A route socket in groups 1, 5 and 33, connected to group 2 of port 0. */
const ROUTE = [
  16, // ndiag_family: AF_NETLINK
  3, // ndiag_type: SOCK_RAW
  0, // ndiag_protocol: NETLINK_ROUTE
  1, // ndiag_state: NETLINK_CONNECTED
  ...u32(2630), // ndiag_portid
  ...u32(0), // ndiag_dst_portid
  ...u32(2), // ndiag_dst_group
  ...u32(4242), // ndiag_ino
  ...u32(5), // ndiag_cookie[0]
  ...u32(0), // ndiag_cookie[1]
  ...attribute(0, [512, 212992, 64, 212992, 0, 0, 0, 0, 0].flatMap((word) => u32(word))),
  ...attribute(1, [...u32(0x11), ...u32(1)]), // NETLINK_DIAG_GROUPS
  ...attribute(4, u32(0x21)), // NETLINK_DIAG_FLAGS: CB_RUNNING, CAP_ACK
];

const at = (bytes: number[]) => netlinkMessage().at(viewOf(bytes), 0, bytes.length);

describe("netlinkMessage()", () => {
  test("reads every field", () => {
    const message = at(ROUTE);
    const { type, protocol, state, portId, peerPortId, peerGroup, inode, cookie } = message;
    expect([type, protocol, state, portId, peerPortId, peerGroup, inode, cookie])
      .toEqual([3, 0, NETLINK_CONNECTED, 2630, 0, 2, 4242, 5]);
    expect(joinedGroups(message)).toEqual([1, 5, 33]);
    expect([message.receiveQueue, message.sendQueue]).toEqual([512, 64]);
  });

  test("any set of groups is read back", () => {
    fc.assert(fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 96 })), (groups) => {
      const bits = zeros(12);
      for (const group of groups) bits[(group - 1) >>> 3]! |= 1 << ((group - 1) & 7);
      const message = at([...ROUTE.slice(0, 28), ...attribute(1, bits)]);
      expect(joinedGroups(message)).toEqual(groups.toSorted((a, b) => a - b));
    }));
  });

  test("any bytes are a socket or a DecodeError, and the decoder works after that", () => {
    const message = netlinkMessage();
    fuzzDecoder(
      (view, start, end) => netlinkSocket(message.at(view, start, end), contextOf()),
      ROUTE,
    );
  });
});

describe("netlinkSocket()", () => {
  test("a socket of a process has a port ID, groups and a peer", () => {
    expect(netlinkSocket(at(ROUTE), contextOf())).toMatchObject({
      family: "netlink",
      transport: "netlink",
      type: "raw",
      state: "established",
      local: { protocol: 0, portId: 2630, groups: [1, 5, 33] },
      peer: { protocol: 0, portId: 0, groups: [2] },
      uid: null,
      inode: 4242,
      cookie: 5,
      recvQueue: 512,
      sendQueue: 64,
      ownership: "unknown",
    });
  });

  test("port ID 0 is the kernel's own, although it has an inode", () => {
    // TCP_CLOSE is what a fresh socket reports for "not connected".
    const bytes = [16, 3, 9, 7, ...u32(0), ...u32(0), ...u32(0), ...u32(15707222), ...zeros(8)];
    expect(netlinkSocket(at(bytes), contextOf())).toMatchObject({
      state: "close",
      local: { protocol: 9, portId: 0, groups: [] },
      peer: null,
      ownership: "kernel",
      recvQueue: null,
    });
  });
});

test("the socket that asks is not part of the answer", () => {
  const [request] = netlink.requests({
    families: new Set(["netlink"]),
    transports: new Set(),
    states: null,
    ports: null,
    pids: null,
    processes: null,
    users: null,
  });
  const own = [16, 3, 4, 7, ...u32(4711), ...zeros(8), ...u32(1), ...zeros(8)];
  const decode = (context = {}) =>
    request!.decode(viewOf(own), 0, own.length, { ...contextOf(), ...context });
  expect(decode()).not.toBeNull();
  expect(decode({ ownPortId: 4711 })).toBeNull();
  // Port IDs are counted per protocol.
  own[2] = 0;
  expect(decode({ ownPortId: 4711 })).not.toBeNull();
});

test("info() names every attribute of the header file", () => {
  const attributes = at(ROUTE).info();
  expect(attributes).toMatchObject({
    meminfo: { rmem_alloc: 512, wmem_alloc: 64 },
    groups: new Uint8Array([0x11, 0, 0, 0, 1, 0, 0, 0]),
    flags: { cb_running: true, pktinfo: false, cap_ack: true },
  });
});

test("dumpRequest() is a netlink_diag_req for all protocols", () => {
  expect(hex(dumpRequest(3).subarray(16))).toBe(hex(
    new Uint8Array([16, 255, 0, 0, ...u32(0), ...u32(3), ...u32(0xffff_ffff), ...u32(0xffff_ffff)]),
  ));
});

test("an endpoint is written and put into JSON with the protocol's name", () => {
  const endpoint = { protocol: 0, portId: 7, groups: [1, 5] };
  expect(netlinkEndpoint.text(endpoint)).toBe("route:7+1,5");
  expect(netlinkEndpoint.text({ protocol: 16, portId: 0, groups: null })).toBe("generic:kernel");
  expect(netlinkEndpoint.json(endpoint)).toEqual({ protocol: "route", port_id: 7, groups: [1, 5] });
  expect(netlinkEndpoint.json({ protocol: 31, portId: 7, groups: null }))
    .toEqual({ protocol: "protocol_31", port_id: 7, groups: null });
});
