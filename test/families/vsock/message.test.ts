import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  dumpRequest,
  vsock,
  vsockEndpoint,
  vsockMessage,
  vsockSocket,
} from "../../../src/families/vsock.ts";
import { ss } from "../../../src/tools/ss/rows/vsock.ts";
import type { Query } from "../../../src/query.ts";
import { attribute, hex, u32, viewOf, zeros } from "../../support/bytes.ts";
import { contextOf, fuzzDecoder, ssContext } from "../../support/decoder.ts";

const ANY = 0xffff_ffff;

/** A listener on port 1024 of every context. Laid out by include/uapi/linux/vm_sockets_diag.h. */
const LISTENER = [
  40, // vdiag_family: AF_VSOCK
  1, // vdiag_type: SOCK_STREAM
  10, // vdiag_state: TCP_LISTEN
  0, // vdiag_shutdown
  ...u32(ANY), // vdiag_src_cid
  ...u32(1024), // vdiag_src_port
  ...u32(ANY), // vdiag_dst_cid
  ...u32(ANY), // vdiag_dst_port
  ...u32(99), // vdiag_ino
  ...u32(3), // vdiag_cookie[0]
  ...u32(0), // vdiag_cookie[1]
];

/** A connection from this guest to its host. */
const CONNECTION = [
  ...[40, 5, 1, 3],
  ...u32(3),
  ...u32(50000),
  ...u32(2),
  ...u32(1024),
  ...u32(0),
  ...u32(4),
  ...u32(0),
];

const at = (bytes: number[]) => vsockMessage().at(viewOf(bytes), 0, bytes.length);

describe("vsockMessage()", () => {
  test("reads every field", () => {
    const message = at(CONNECTION);
    const { type, state, shutdown, sourceCid, sourcePort, destinationCid, destinationPort } =
      message;
    expect([type, state, shutdown, sourceCid, sourcePort, destinationCid, destinationPort])
      .toEqual([5, 1, 3, 3, 50000, 2, 1024]);
    expect([message.inode, message.cookie]).toEqual([0, 4]);
  });

  test("any fields are read back", () => {
    const word = fc.integer({ min: 0, max: ANY });
    fc.assert(fc.property(fc.tuple(word, word, word, word, word), (words) => {
      const message = at([40, 1, 1, 0, ...words.flatMap((value) => u32(value)), ...zeros(8)]);
      const { sourceCid, sourcePort, destinationCid, destinationPort, inode } = message;
      expect([sourceCid, sourcePort, destinationCid, destinationPort, inode]).toEqual(words);
    }));
  });

  test("any bytes are a socket or a DecodeError, and the decoder works after that", () => {
    const message = vsockMessage();
    fuzzDecoder(
      (view, start, end) => vsockSocket(message.at(view, start, end), contextOf()),
      LISTENER,
    );
  });

  test("attributes that a later kernel may send are kept as bytes", () => {
    const bytes = [...LISTENER, ...attribute(1, [7, 7])];
    expect(vsockSocket(at(bytes), contextOf())).not.toBeNull();
    expect(at(bytes).info())
      .toEqual({ attribute_1: new Uint8Array([7, 7]) });
  });
});

describe("vsockSocket()", () => {
  test("a listener has no peer", () => {
    expect(vsockSocket(at(LISTENER), contextOf())).toMatchObject({
      family: "vsock",
      transport: "stream",
      state: "listen",
      local: { cid: ANY, port: 1024 },
      peer: null,
      inode: 99,
      cookie: 3,
      uid: null,
      recvQueue: null,
      reach: { scope: "private" },
    });
  });

  test("a connection that nobody has accepted has no inode", () => {
    expect(vsockSocket(at(CONNECTION), contextOf())).toMatchObject({
      transport: "seqpacket",
      state: "established",
      local: { cid: 3, port: 50000 },
      peer: { cid: 2, port: 1024 },
      inode: null,
    });
  });

  test("context 1 is the machine itself", () => {
    const local = [...LISTENER];
    local.splice(4, 4, ...u32(1));
    expect(vsockSocket(at(local), contextOf())!.reach.scope).toBe("loopback");
  });
});

test("a query for ports or for servers leaves out what does not fit", () => {
  const query: Query = {
    families: new Set(["vsock"]),
    transports: new Set(),
    states: null,
    ports: null,
    pids: null,
    processes: null,
    users: null,
  };
  const shown = (bytes: number[], change: Partial<Query> = {}) => {
    const [request] = vsock.requests({ ...query, ...change });
    return request!.decode(viewOf(bytes), 0, bytes.length, contextOf()) !== null;
  };
  expect([shown(LISTENER), shown(CONNECTION)]).toEqual([true, false]);
  expect(shown(CONNECTION, { states: 1 << 1 })).toBe(true);
  expect(shown(LISTENER, { ports: [{ first: 1000, last: 2000 }] })).toBe(true);
  expect(shown(LISTENER, { ports: [{ first: 80, last: 80 }] })).toBe(false);
});

test("dumpRequest() is a vsock_diag_req", () => {
  expect(hex(dumpRequest(0x480).subarray(16))).toBe(hex(
    new Uint8Array([40, 0, 0, 0, ...u32(0x480), ...zeros(16)]),
  ));
});

test("endpoints are written with the contexts that have names", () => {
  expect(
    [[ANY, ANY], [1, 5], [2, 5], [3, 5]].map(([cid, port]) =>
      vsockEndpoint.text({ cid: cid!, port: port! })
    ),
  ).toEqual(["*:*", "local:5", "host:5", "3:5"]);
});

test("rows of ss", () => {
  const row = (bytes: number[]) => {
    const context = ssContext();
    ss.printer(context).row(viewOf(bytes), 0, bytes.length, "netlink");
    return context.cells.toString();
  };
  expect(row(LISTENER)).toBe("v_str|LISTEN|0     |0     |*:|1024|*:|*| users:held|");
  // ss has no name for the third type.
  expect(row(CONNECTION)).toBe("???|ESTAB|0     |0     |3:|50000|2:|1024||");
});
