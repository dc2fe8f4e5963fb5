import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  dumpRequest,
  tipc,
  TIPC_NLA_SOCK_CON,
  tipcEndpoint,
  tipcMessage,
  tipcSocket,
} from "../../../src/families/tipc.ts";
import type { Query } from "../../../src/query.ts";
import { ss } from "../../../src/tools/ss/rows/tipc.ts";
import { DecodeError } from "../../../src/model/decode_error.ts";
import { attribute, hex, u32, u64, viewOf } from "../../support/bytes.ts";
import { contextOf, fuzzDecoder, ssContext } from "../../support/decoder.ts";

/** What is inside the nest of a connection made by service name. Numbers: include/uapi/linux/tipc_netlink.h. */
const CONNECTED = [
  ...attribute(1, u32(0x01001001)), // TIPC_NLA_SOCK_ADDR
  ...attribute(2, u32(3735928559)), // TIPC_NLA_SOCK_REF
  ...attribute(3, [ // TIPC_NLA_SOCK_CON
    ...attribute(1, []), // TIPC_NLA_CON_FLAG
    ...attribute(2, u32(0x01001002)), // TIPC_NLA_CON_NODE
    ...attribute(3, u32(77)), // TIPC_NLA_CON_SOCK
    ...attribute(4, u32(18888)), // TIPC_NLA_CON_TYPE
    ...attribute(5, u32(17)), // TIPC_NLA_CON_INST
  ]),
  ...attribute(5, [ // TIPC_NLA_SOCK_STAT
    ...attribute(0, u32(4)), // TIPC_NLA_SOCK_STAT_RCVQ
    ...attribute(1, u32(5)), // TIPC_NLA_SOCK_STAT_SENDQ
    ...attribute(3, []), // TIPC_NLA_SOCK_STAT_CONN_CONG
    ...attribute(4, u32(6)), // TIPC_NLA_SOCK_STAT_DROP
  ]),
  ...attribute(6, u32(5)), // TIPC_NLA_SOCK_TYPE: SOCK_SEQPACKET
  ...attribute(7, u32(99)), // TIPC_NLA_SOCK_INO
  ...attribute(8, u32(1000)), // TIPC_NLA_SOCK_UID
  ...attribute(9, u32(1)), // TIPC_NLA_SOCK_TIPC_STATE: TIPC_ESTABLISHED
  ...attribute(11, []), // TIPC_NLA_SOCK_PAD
  ...attribute(10, u64(8n)), // TIPC_NLA_SOCK_COOKIE
];

const NO_QUERY = { states: null, ports: null };
const reply = (nest: number[]) => attribute(2, nest); // TIPC_NLA_SOCK
const CONNECTION = reply(CONNECTED);
const LISTENER = reply([
  ...attribute(1, u32(1)),
  ...attribute(2, u32(2)),
  ...attribute(4, []), // TIPC_NLA_SOCK_HAS_PUBL
  ...attribute(5, [...attribute(0, u32(0)), ...attribute(1, u32(0)), ...attribute(4, u32(0))]),
  ...attribute(6, u32(1)),
  ...attribute(7, u32(98)),
  ...attribute(8, u32(0)),
  ...attribute(9, u32(10)),
  ...attribute(10, u64(1n << 60n)),
]);

const at = (bytes: number[]) => tipcMessage().at(viewOf(bytes), 0, bytes.length);

test("passes over the empty messages that the kernel sends for sockets in other states", () => {
  const context = ssContext();
  const printer = ss.printer(context);
  printer.row(viewOf([]), 0, 0, "netlink");
  expect(context.cells.toString()).toBe("|||||||||");
  printer.row(viewOf(LISTENER), 0, LISTENER.length, "netlink");
  expect(context.cells.toString()).toContain("ti_st");
  const query = { ...NO_QUERY, families: new Set(["tipc"]) } as unknown as Query;
  const [request] = tipc.requests(query);
  expect(request!.decode(viewOf([]), 0, 0, contextOf())).toBeNull();
  expect(request!.decode(viewOf(LISTENER), 0, LISTENER.length, contextOf())).toMatchObject({
    state: "listen",
  });
});

describe("tipcMessage()", () => {
  test("reads every field, in the nest and in the nests within", () => {
    const message = at(CONNECTION);
    const { type, state, node, ref, peerNode, peerRef, inode, uid, cookie } = message;
    const connected = message.has(TIPC_NLA_SOCK_CON);
    expect([type, state, node, ref, connected, peerNode, peerRef, inode, uid, cookie])
      .toEqual([5, 1, 0x01001001, 3735928559, true, 0x01001002, 77, 99, 1000, 8]);
    expect([message.receiveQueue, message.sendQueue]).toEqual([4, 5]);
  });

  test("does not keep the peer of the message before", () => {
    const message = tipcMessage();
    message.at(viewOf(CONNECTION), 0, CONNECTION.length);
    message.at(viewOf(LISTENER), 0, LISTENER.length);
    expect([
      message.has(TIPC_NLA_SOCK_CON),
      message.peerNode,
      message.nest(TIPC_NLA_SOCK_CON).has(1),
    ])
      .toEqual([false, 0, false]);
    expect(message.cookie).toBe(1n << 60n);
  });

  test("a reply without the nest is refused", () => {
    expect(() => at(attribute(3, u32(1)))).toThrow(DecodeError);
    expect(() => at([])).toThrow(DecodeError);
  });

  test("any fields are read back", () => {
    const word = fc.integer({ min: 0, max: 0xffff_ffff });
    fc.assert(fc.property(word, word, word, (node, ref, inode) => {
      const message = at(reply([
        ...attribute(1, u32(node)),
        ...attribute(2, u32(ref)),
        ...attribute(7, u32(inode)),
      ]));
      expect([message.node, message.ref, message.inode]).toEqual([node, ref, inode]);
    }));
  });

  test("any bytes are a socket or a DecodeError, and the decoder works after that", () => {
    const message = tipcMessage();
    fuzzDecoder(
      (view, start, end) => tipcSocket(message.at(view, start, end), contextOf()),
      CONNECTION,
    );
  });
});

test("tipcSocket() makes connections and listeners, and nothing of what has no type", () => {
  expect(tipcSocket(at(CONNECTION), contextOf())).toMatchObject({
    family: "tipc",
    transport: "seqpacket",
    state: "established",
    local: { node: 0x01001001, ref: 3735928559 },
    peer: { node: 0x01001002, ref: 77 },
    uid: 1000,
    inode: 99,
    cookie: 8,
    recvQueue: 4,
    sendQueue: 5,
  });
  expect(tipcSocket(at(LISTENER), contextOf())).toMatchObject({ state: "listen", peer: null });
  expect(tipcSocket(at(reply([])), contextOf())).toBeNull();
  expect(tipcEndpoint.text({ node: 1, ref: 2 })).toBe("1:2");
});

test("info() names every attribute of the header file", () => {
  const message = at(CONNECTION);
  expect(message.info()).toEqual({
    addr: 0x01001001,
    ref: 3735928559,
    con: { flag: true, node: 0x01001002, sock: 77, type: 18888, inst: 17 },
    stat: { rcvq: 4, sendq: 5, conn_cong: true, drop: 6 },
    type: 5,
    ino: 99,
    uid: 1000,
    tipc_state: 1,
    cookie: 8n,
  });
});

test("dumpRequest() is a tipc_sock_diag_req", () => {
  expect(hex(dumpRequest(0x480).subarray(16)))
    .toBe(hex(new Uint8Array([30, 0, 0, 0, ...u32(0x480)])));
});

test("rows of ss", () => {
  const row = (bytes: number[], options = {}) => {
    const context = ssContext(options);
    ss.printer(context).row(viewOf(bytes), 0, bytes.length, "netlink");
    return context.cells.toString();
  };
  expect(row(CONNECTION)).toBe(
    "ti_sq|ESTAB|4     |5     |16781313:|3735928559|16781314:|77| users:held|",
  );
  expect(row(LISTENER)).toBe("ti_st|LISTEN|0     |0     |1:|2|-|||");
  // The details come before the holders, and so into their column.
  expect(row(CONNECTION, { extended: true }).split("|").slice(8))
    .toEqual([" uid:1000 ino:99 sk:8 users:held", ""]);
  expect(row(CONNECTION, { tipcinfo: true }).split("|").at(-1))
    .toBe("\n type:SEQPACKET cong:conn  drop:6  via {18888,17} ");
  expect(row(LISTENER, { tipcinfo: true, oneline: true }).split("|").at(-1))
    .toBe(" type:STREAM cong:none  drop:0  publ");
});
