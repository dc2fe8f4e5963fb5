import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  dumpRequest,
  packetEndpoint,
  packetMessage,
  packetSocket,
} from "../../../src/families/packet.ts";
import { attribute, hex, u16, u32, viewOf, zeros } from "../../support/bytes.ts";
import { contextOf, fuzzDecoder } from "../../support/decoder.ts";

/** A raw socket for IPv4 on interface 2, with a ring, a fanout group and a filter: every attribute of Linux 6.18. */
export const RAW = [
  17, // pdiag_family: AF_PACKET
  3, // pdiag_type: SOCK_RAW
  ...u16(0x0800), // pdiag_num: ETH_P_IP, host order
  ...u32(99), // pdiag_ino
  ...u32(0x1f), // pdiag_cookie[0]
  ...u32(0), // pdiag_cookie[1]
  ...attribute(0, [
    ...u32(2), // pdi_index
    ...u32(1), // pdi_version: TPACKET_V2
    ...u32(0), // pdi_reserve
    ...u32(12), // pdi_copy_thresh
    ...u32(0), // pdi_tstamp
    ...u32(0x1 | 0x2 | 0x10), // pdi_flags: running, auxdata, loss
  ]),
  ...attribute(1, [
    ...u32(2), // pdmc_index
    ...u32(1), // pdmc_count
    ...u16(1), // pdmc_type
    ...u16(6), // pdmc_alen
    ...[1, 2, 3, 4, 5, 6],
    ...zeros(26),
  ]),
  ...attribute(2, [4096, 4, 2048, 8, 60, 0, 1].flatMap((word) => u32(word))), // PACKET_DIAG_RX_RING
  ...attribute(4, u32(1 << 16 | 7)), // PACKET_DIAG_FANOUT: lb, group 7
  ...attribute(5, u32(1000)), // PACKET_DIAG_UID
  ...attribute(6, [768, 212992, 64, 212992, 0, 0, 0, 0, 3].flatMap((word) => u32(word))),
  ...attribute(7, [...u16(0x30), 0, 0, ...u32(9), ...u16(6), 0, 1, ...u32(0xffff)]),
];

const at = (bytes: number[]) => packetMessage().at(viewOf(bytes), 0, bytes.length);

describe("packetMessage()", () => {
  test("reads every field", () => {
    const message = at(RAW);
    expect([message.type, message.ethertype, message.inode, message.cookie]).toEqual([
      3,
      0x0800,
      99,
      0x1f,
    ]);
    expect([message.interfaceIndex, message.receiveQueue, message.sendQueue]).toEqual([2, 768, 64]);
  });

  test("what was not asked for is -1", () => {
    const message = at(RAW.slice(0, 16));
    expect([message.interfaceIndex, message.receiveQueue, message.sendQueue]).toEqual([-1, -1, -1]);
  });

  test("any fields are read back", () => {
    const word = fc.integer({ min: 0, max: 0xffff_ffff });
    fc.assert(fc.property(fc.nat(0xffff), word, word, word, (ethertype, inode, index, rmem) => {
      const message = at([
        ...[17, 2, ...u16(ethertype), ...u32(inode), ...zeros(8)],
        ...attribute(0, [...u32(index), ...zeros(20)]),
        ...attribute(6, u32(rmem)),
      ]);
      expect([message.ethertype, message.inode, message.interfaceIndex, message.receiveQueue])
        .toEqual([ethertype, inode, index, rmem]);
    }));
  });

  test("any bytes are a socket or a DecodeError, and the decoder works after that", () => {
    const message = packetMessage();
    fuzzDecoder(
      (view, start, end) => packetSocket(message.at(view, start, end), contextOf()),
      RAW,
    );
  });
});

describe("packetSocket()", () => {
  test("taps an interface, and is in reach of its link", () => {
    const socket = packetSocket(at(RAW), contextOf());
    expect(socket).toMatchObject({
      family: "packet",
      transport: "packet",
      type: "raw",
      state: "close",
      local: { ethertype: 0x0800, interface: "eth2" },
      peer: null,
      uid: 1000,
      inode: 99,
      cookie: 0x1f,
      recvQueue: 768,
      sendQueue: 64,
      reach: { scope: "link_local", reasons: ["sees frames of eth2, before any firewall"] },
    });
  });

  test("one without a protocol only sends; one without an interface sees all", () => {
    const none = packetSocket(at([17, 3, 0, 0, ...zeros(12)]), contextOf());
    expect([none.reach.scope, none.inode, none.uid, none.recvQueue])
      .toEqual(["host", null, null, null]);
    const all = packetSocket(at([17, 2, ...u16(3), ...zeros(12)]), contextOf());
    expect(all.reach.reasons).toEqual(["sees frames of every interface, before any firewall"]);
    expect(packetEndpoint.text(all.local)).toBe("all:*");
  });
});

test("info() names every attribute of the header file", () => {
  const attributes = at(RAW).info();
  expect(attributes).toMatchObject({
    info: { index: 2, version: 1, copy_thresh: 12, flags: 19 },
    mclist: [{ index: 2, count: 1, type: 1, address: new Uint8Array([1, 2, 3, 4, 5, 6]) }],
    rx_ring: { block_size: 4096, block_nr: 4, frame_size: 2048, frame_nr: 8, features: 1 },
    fanout: { id: 7, type: 1 },
    uid: 1000,
    filter: [{ code: 0x30, jt: 0, jf: 0, k: 9 }, { code: 6, jt: 0, jf: 1, k: 0xffff }],
  });
});

test("dumpRequest() is a packet_diag_req", () => {
  expect(hex(dumpRequest(0x11).subarray(16))).toBe(hex(
    new Uint8Array([
      17,
      0,
      0,
      0,
      ...u32(0),
      ...u32(0x11),
      ...u32(0xffff_ffff),
      ...u32(0xffff_ffff),
    ]),
  ));
});

test("an endpoint is written with the protocol's name where it has one", () => {
  const text = (ethertype: number) => packetEndpoint.text({ ethertype, interface: "lo" });
  expect([0, 3, 0x0800, 0x88cc, 0x9000].map(text)).toEqual([
    "none:lo",
    "all:lo",
    "ipv4:lo",
    "lldp:lo",
    "0x9000:lo",
  ]);
});
