import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { dumpRequest, xdpEndpoint, xdpMessage, xdpSocket } from "../../../src/families/xdp.ts";
import { ss } from "../../../src/tools/ss/rows/xdp.ts";
import { attribute, hex, u32, u64, viewOf, zeros } from "../../support/bytes.ts";
import { contextOf, fuzzDecoder, ssContext } from "../../support/decoder.ts";

/** A socket on queue 3 of interface 2. Laid out by include/uapi/linux/xdp_diag.h. */
const BOUND = [
  44, // xdiag_family: AF_XDP
  3, // xdiag_type: SOCK_RAW
  ...[0, 0], // pad
  ...u32(99), // xdiag_ino
  ...u32(6), // xdiag_cookie[0]
  ...u32(0), // xdiag_cookie[1]
  ...attribute(1, [...u32(2), ...u32(3)]), // XDP_DIAG_INFO: ifindex, queue_id
  ...attribute(2, u32(1000)), // XDP_DIAG_UID
  ...attribute(3, u32(2048)), // XDP_DIAG_RX_RING
  ...attribute(4, u32(1024)), // XDP_DIAG_TX_RING
  ...attribute(5, [
    ...u64(0x1_0000_0000n), // size
    ...u32(1), // id
    ...u32(1048576), // num_pages
    ...u32(4096), // chunk_size
    ...u32(256), // headroom
    ...u32(2), // ifindex
    ...u32(3), // queue_id
    ...u32(1), // flags: zero copy
    ...u32(1), // refs
  ]),
  ...attribute(6, u32(512)), // XDP_DIAG_UMEM_FILL_RING
  ...attribute(7, u32(256)), // XDP_DIAG_UMEM_COMPLETION_RING
  ...attribute(8, [768, 212992, 64, 212992, 0, 0, 0, 0, 0].flatMap((word) => u32(word))),
  ...attribute(9, [1n, 2n, 3n, 4n, 5n, 6n].flatMap((count) => u64(count))), // XDP_DIAG_STATS
];

const at = (bytes: number[]) => xdpMessage().at(viewOf(bytes), 0, bytes.length);

describe("xdpMessage()", () => {
  test("reads every field", () => {
    const { type, inode, cookie, interfaceIndex, queue, receiveQueue, sendQueue } = at(BOUND);
    expect([type, inode, cookie, interfaceIndex, queue, receiveQueue, sendQueue])
      .toEqual([3, 99, 6, 2, 3, 768, 64]);
  });

  test("any fields are read back", () => {
    const word = fc.integer({ min: 0, max: 0xffff_ffff });
    fc.assert(fc.property(word, word, word, (inode, index, queue) => {
      const message = at([
        ...[44, 3, 0, 0, ...u32(inode), ...zeros(8)],
        ...attribute(1, [...u32(index), ...u32(queue)]),
      ]);
      expect([message.inode, message.interfaceIndex, message.queue]).toEqual([inode, index, queue]);
    }));
  });

  test("any bytes are a socket or a DecodeError, and the decoder works after that", () => {
    const message = xdpMessage();
    fuzzDecoder(
      (view, start, end) => xdpSocket(message.at(view, start, end), contextOf()),
      BOUND,
    );
  });
});

test("xdpSocket() tells interface and queue, and that an unbound socket has neither", () => {
  expect(xdpSocket(at(BOUND), contextOf())).toMatchObject({
    family: "xdp",
    transport: "xdp",
    type: "raw",
    state: "close",
    local: { interface: "eth2", queue: 3 },
    peer: null,
    uid: 1000,
    inode: 99,
    cookie: 6,
    recvQueue: 768,
    sendQueue: 64,
    reach: { scope: "link_local" },
  });
  const unbound = xdpSocket(
    at([44, 3, 0, 0, ...zeros(12), ...attribute(1, zeros(8))]),
    contextOf(),
  );
  expect([unbound.local, unbound.uid]).toEqual([{ interface: null, queue: null }, null]);
  expect([xdpEndpoint.text(unbound.local), xdpEndpoint.text({ interface: "eth2", queue: 3 })])
    .toEqual(["*", "eth2:q3"]);
});

test("info() names every attribute of the header file", () => {
  expect(at(BOUND).info()).toMatchObject({
    info: { ifindex: 2, queue_id: 3 },
    rx_ring: { entries: 2048 },
    umem: { size: 0x1_0000_0000n, id: 1, num_pages: 1048576, chunk_size: 4096, refs: 1 },
    umem_fill_ring: { entries: 512 },
    umem_completion_ring: { entries: 256 },
    stats: { rx_dropped: 1n, rx_full: 3n, tx_ring_empty: 6n },
  });
});

test("dumpRequest() is an xdp_diag_req", () => {
  expect(hex(dumpRequest(0x1f).subarray(16))).toBe(hex(
    new Uint8Array([
      44,
      0,
      0,
      0,
      ...u32(0),
      ...u32(0x1f),
      ...u32(0xffff_ffff),
      ...u32(0xffff_ffff),
    ]),
  ));
});

test("rows of ss", () => {
  const row = (bytes: number[], options = {}) => {
    const context = ssContext(options);
    ss.printer(context).row(viewOf(bytes), 0, bytes.length, "netlink");
    return context.cells.toString();
  };
  expect(row(BOUND)).toBe("xdp|UNCONN|768   |0     |eth2:|q3|*|| users:held|");
  expect(row([44, 3, 0, 0, ...zeros(12)])).toBe("xdp|UNCONN|0     |0     |*||*|||");
  expect(row(BOUND, { extended: true, memory: true }).split("|").at(-1)).toBe(
    " uid:1000 ino:99 sk:6\n\trx(entries:2048)\n\ttx(entries:1024)" +
      "\n\tumem(id:1,size:4294967296,num_pages:1048576,chunk_size:4096,headroom:256,ifindex:2," +
      "qid:3,zc:1,refs:1)\n\tfr(entries:512)\n\tcr(entries:256)" +
      "\n\tstats(rx dropped:1,rx invalid:2,rx queue full:3,rx fill ring empty:4," +
      "tx invalid:5,tx ring empty:6) skmem:(r768,rb212992,t64,tb212992,f0,w0,o0,bl0,d0)",
  );
  // What ss makes of -O here.
  expect(row(BOUND, { extended: true, oneline: true })).toContain(" tumem(id:1,");
});
