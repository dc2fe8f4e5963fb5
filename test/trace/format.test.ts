/**
 * Messages as the trace shows them: names, numbers without names, keys, harmful text, and whatever bytes there are.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { AF_INET, AF_INET6, AF_NETLINK, AF_PACKET, AF_UNIX } from "../../ffi/socket.ts";
import * as inet from "../../src/families/inet/uapi.ts";
import * as unix from "../../src/families/unix/uapi.ts";
import { netlinkMessage } from "../../src/families/netlink.ts";
import { packetMessage } from "../../src/families/packet.ts";
import { vsockMessage } from "../../src/families/vsock.ts";
import { xdpMessage } from "../../src/families/xdp.ts";
import { AF_VSOCK, AF_XDP } from "../../src/model/address_family.ts";
import { DecodeError } from "../../src/model/decode_error.ts";
import {
  NETLINK_NETFILTER,
  NETLINK_ROUTE,
  NETLINK_SOCK_DIAG,
} from "../../src/netlink/connection.ts";
import { NLMSG_DONE, NLMSG_ERROR } from "../../src/netlink/header.ts";
import { MessageCursor } from "../../src/netlink/message.ts";
import { formatMessage } from "../../src/trace/format.ts";
import {
  type AttributeTable,
  DIAG_FAMILIES,
  INET_REPLY,
  INET_REPLY_STRUCT,
  INET_REQUEST,
  UNIX_REPLY,
} from "../../src/trace/names.ts";
import { ascii, attribute, be16, message, u16, u32, u64, viewOf, zeros } from "../support/bytes.ts";
import { runs } from "../support/runs.ts";

function shown(
  bytes: number[],
  { protocol = NETLINK_SOCK_DIAG, sent = false, family = 0 } = {},
): string[] {
  const cursor = new MessageCursor(viewOf(bytes), 0, bytes.length);
  let text = "";
  while (cursor.next()) text += formatMessage(cursor, { protocol, sent, family });
  return text.trimEnd().split("\n");
}

const inetBody = [
  ...[AF_INET, 10, 0, 0],
  ...be16(80),
  ...be16(0),
  ...[127, 0, 0, 1, ...zeros(12)],
  ...zeros(16),
  ...u32(0),
  ...u64(0x1122334455n),
  ...u32(0),
  ...u32(1),
  ...u32(128),
  ...u32(33),
  ...u32(4242),
];

describe("formatMessage()", () => {
  test("shows a socket with its fields and attributes by name", () => {
    const lines = shown(message(20, 2, 7, 99, [
      ...inetBody,
      ...attribute(4, [...ascii("cubic"), 0]),
      ...attribute(15, u32(256)),
      ...attribute(7, [...u32(1), ...u32(2)]),
      ...attribute(0x8000 | 19, [...attribute(1, [...ascii("tls"), 0]), ...attribute(9, [1])]),
    ]));
    expect(lines).toEqual([
      "< SOCK_DIAG_BY_FAMILY len=140 flags=NLM_F_MULTI seq=7 port_id=99 inet_diag_msg " +
      "{family=AF_INET, state=TCP_LISTEN, timer=0, retrans=0, sport=80, dport=0, src=127.0.0.1, dst=0.0.0.0, " +
      "if=0, cookie=0x1122334455, expires=0, rqueue=1, wqueue=128, uid=33, inode=4242}",
      '    INET_DIAG_CONG: "cubic"',
      "    INET_DIAG_MARK: 256",
      "    INET_DIAG_SKMEMINFO: [1, 2]",
      "    INET_DIAG_ULP_INFO",
      '        INET_ULP_INFO_NAME: "tls"',
      "        attribute 9: 0x01",
    ]);
  });

  test("never shows a key of a TCP MD5 signature, whatever its length", () => {
    for (const length of [4, 100, 200]) {
      const key = new Array<number>(length).fill(0x4b);
      const text = shown(message(20, 2, 7, 99, [
        ...inetBody,
        ...attribute(inet.INET_DIAG_MD5SIG, key),
      ])).join("\n");
      expect(text).toContain(`INET_DIAG_MD5SIG: (${length} bytes, not shown)`);
      expect(text).not.toMatch(/4b4b|KK/);
    }
  });

  test("shows the request and the reply for TCP of both versions", () => {
    const request = [2, 0, 0, 0xff, ...zeros(48), ...u32(0x402), ...u32(0)];
    expect(shown(message(18, 0x301, 7, 99, request), { sent: true })).toEqual([
      "> TCPDIAG_GETSOCK len=76 flags=NLM_F_REQUEST|NLM_F_DUMP seq=7 port_id=99 inet_diag_req " +
      "{family=AF_INET, src_len=0, dst_len=0, ext=0xff, sport=0, dport=0, src=0.0.0.0, dst=0.0.0.0, " +
      "if=0, cookie=0x0, states=0x402, dbs=0x0}",
    ]);
    const text = shown(message(18, 2, 7, 99, [
      ...inetBody,
      ...attribute(inet.INET_DIAG_MD5SIG, new Array<number>(100).fill(0x4b)),
    ])).join("\n");
    expect(text).toMatch(/^< TCPDIAG_GETSOCK .* inet_diag_msg {family=AF_INET, state=TCP_LISTEN,/);
    expect(text).toContain("INET_DIAG_MD5SIG: (100 bytes, not shown)");
    expect(text).not.toMatch(/4b4b|KK/);
  });

  test("shows numbers and bytes where it has no names", () => {
    expect(shown(message(20, 0x8102, 1, 2, [200, 1, 2]))).toEqual([
      "< SOCK_DIAG_BY_FAMILY len=19 flags=NLM_F_MULTI|0x8100 seq=1 port_id=2",
      "    0xc80102",
    ]);
    expect(shown(message(77, 1, 1, 2, []))).toEqual([
      "< type 77 len=16 flags=NLM_F_REQUEST seq=1 port_id=2",
    ]);
    const long = shown(message(20, 2, 1, 2, [...inetBody, ...attribute(300, zeros(40))]));
    expect(long.at(-1)).toBe(`    attribute 300: 0x${"00".repeat(32)}… (40 bytes)`);
  });

  test("text from outside does nothing to a terminal", () => {
    const text = shown(message(20, 2, 1, 2, [
      ...[AF_UNIX, 1, 10, 0, ...u32(7), ...u64(1n)],
      ...attribute(0, ascii('\0a\x1b[2J"\n')),
    ])).join("\n");
    expect(text).toContain('UNIX_DIAG_NAME: "\\x00a\\x1b[2J\\x22\\x0a"');
    // deno-lint-ignore no-control-regex
    expect(text).not.toMatch(/\x1b/);
  });

  test("a refusal has its errno and the kernel's words", () => {
    const request = message(20, 0x301, 3, 9, []);
    const refusal = [...u32(-22), ...request, ...attribute(1, [...ascii("no such thing"), 0])];
    expect(shown(message(NLMSG_ERROR, 0x300, 3, 9, refusal))).toEqual([
      "< NLMSG_ERROR len=56 flags=NLM_F_CAPPED|NLM_F_ACK_TLVS seq=3 port_id=9 error=-EINVAL",
      '    NLMSGERR_ATTR_MSG: "no such thing"',
    ]);
    expect(shown(message(NLMSG_DONE, 2, 3, 9, u32(0)))).toEqual([
      "< NLMSG_DONE len=20 flags=NLM_F_MULTI seq=3 port_id=9 error=0",
    ]);
  });

  test("a reply about TIPC is told by its request", () => {
    const nest = attribute(0x8002, attribute(2, u32(4711)));
    expect(shown(message(20, 2, 1, 2, nest), { family: 30 })).toEqual([
      "< SOCK_DIAG_BY_FAMILY len=28 flags=NLM_F_MULTI seq=1 port_id=2",
      "    TIPC_NLA_SOCK",
      "        TIPC_NLA_SOCK_REF: 4711",
    ]);
  });

  test("links, addresses and rules of nftables have their own names", () => {
    const link = [0, 0, ...u16(772), ...u32(1), ...u32(0x10049), ...u32(0)];
    expect(
      shown(message(16, 2, 1, 2, [...link, ...attribute(3, [...ascii("lo"), 0])]), {
        protocol: NETLINK_ROUTE,
      }),
    ).toEqual([
      "< RTM_NEWLINK len=40 flags=NLM_F_MULTI seq=1 port_id=2 ifinfomsg {family=0, type=772, index=1, flags=0x10049, change=0x0}",
      '    IFLA_IFNAME: "lo"',
    ]);
    const rule = [
      ...[2, 0, 0, 0],
      ...attribute(2, [...ascii("pre"), 0]),
      ...attribute(0x8004, attribute(0x8001, attribute(1, [...ascii("cmp"), 0]))),
    ];
    expect(shown(message(10 << 8 | 6, 2, 1, 2, rule), { protocol: NETLINK_NETFILTER }).slice(1))
      .toEqual([
        '    NFTA_RULE_CHAIN: "pre"',
        "    NFTA_RULE_EXPRESSIONS",
        "        NFTA_LIST_ELEM",
        '            NFTA_EXPR_NAME: "cmp"',
      ]);
  });

  test("any bytes are shown without an error", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(1, 2, 3, 16, 18, 20, 20, 20, 21, 22, 2566, 2572),
        fc.constantFrom(NETLINK_SOCK_DIAG, NETLINK_ROUTE, NETLINK_NETFILTER, 99),
        fc.constantFrom(1, 2, 10, 16, 17, 30, 40, 44, 255),
        fc.boolean(),
        fc.nat(0xffff),
        fc.array(fc.nat(255), { maxLength: 160 }),
        (type, protocol, family, sent, flags, body) => {
          const bytes = message(type, flags, 1, 2, [family, ...body]);
          const [first] = shown(bytes, { protocol, sent, family });
          expect(first).toStartWith(sent ? "> " : "< ");
        },
      ),
      runs(300),
    );
  });
});

describe("names", () => {
  const constants = (uapi: object, prefix: string) =>
    Object.entries(uapi).filter(([name, value]) =>
      name.startsWith(prefix) && typeof value === "number"
    ) as [string, number][];
  const nameIn = (table: AttributeTable, number: number) => `${table.prefix}${table.names[number]}`;

  test("are those of the decoders, number by number", () => {
    const request = constants(inet, "INET_DIAG_REQ_").filter(([name]) => !name.endsWith("_SIZE"));
    const requestNames = new Set(request.map(([name]) => name));
    const reply = constants(inet, "INET_DIAG_").filter(([name]) =>
      !requestNames.has(name) && !/_(SIZE|NOCOOKIE|MAX)$|INET_DIAG_BC_/.test(name)
    );
    expect(request.length).toBeGreaterThan(0);
    expect(reply.length).toBeGreaterThan(10);
    for (const [name, number] of request) expect(nameIn(INET_REQUEST, number)).toBe(name);
    for (const [name, number] of reply) expect(nameIn(INET_REPLY, number)).toBe(name);
    for (const [name, number] of constants(unix, "UNIX_DIAG_")) {
      if (!/_(SIZE|MAX)$/.test(name)) expect(nameIn(UNIX_REPLY, number)).toBe(name);
    }
  });

  test("structs have the offsets and sizes of the decoders", () => {
    const at = Object.fromEntries(INET_REPLY_STRUCT.fields.map(([name, offset]) => [name, offset]));
    expect(at).toMatchObject({
      state: inet.MSG_STATE,
      sport: inet.MSG_SPORT,
      src: inet.MSG_SRC,
      dst: inet.MSG_DST,
      cookie: inet.MSG_COOKIE,
      uid: inet.MSG_UID,
      inode: inet.MSG_INODE,
    });
    expect(INET_REPLY_STRUCT.size).toBe(inet.INET_DIAG_MSG_SIZE);
    expect(DIAG_FAMILIES[AF_UNIX]!.reply.size).toBe(unix.UNIX_DIAG_MSG_SIZE);
    expect(DIAG_FAMILIES[AF_INET6]!.name).toBe("AF_INET6");
  });

  test.each([
    [AF_NETLINK, netlinkMessage, {
      type: "type",
      protocol: "protocol",
      state: "state",
      portid: "portId",
      dst_portid: "peerPortId",
      dst_group: "peerGroup",
      ino: "inode",
      cookie: "cookie",
    }],
    [AF_PACKET, packetMessage, {
      type: "type",
      num: "ethertype",
      ino: "inode",
      cookie: "cookie",
    }],
    [AF_XDP, xdpMessage, { type: "type", ino: "inode", cookie: "cookie" }],
    [AF_VSOCK, vsockMessage, {
      type: "type",
      state: "state",
      shutdown: "shutdown",
      src_cid: "sourceCid",
      src_port: "sourcePort",
      dst_cid: "destinationCid",
      dst_port: "destinationPort",
      ino: "inode",
      cookie: "cookie",
    }],
  ])(
    "of family %d: structs and attributes are those of the decoder",
    (family, makeCursor, pairs) => {
      const { reply, replyAttributes } = DIAG_FAMILIES[family]!;
      // Each byte of the struct is another number, so a field that is read elsewhere has another value.
      const body = Array.from({ length: reply.size }, (_, i) => i + 1);
      const attributes = replyAttributes.names.flatMap((_, number) =>
        attribute(number, zeros(128))
      );
      const view = viewOf([...body, ...attributes]);
      const cursor = makeCursor().at(view, 0, view.byteLength);
      for (const [name, property] of Object.entries(pairs)) {
        const field = reply.fields.find(([own]) => own === name)!;
        const [, offset, form] = field;
        const value = form === "cookie"
          ? view.getBigUint64(offset, true)
          : form === "u16"
          ? view.getUint16(offset, true)
          : form === "u32"
          ? view.getUint32(offset, true)
          : view.getUint8(offset);
        expect([name, BigInt((cursor as unknown as Record<string, number | bigint>)[property]!)])
          .toEqual([name, BigInt(value)]);
      }
      const known = Object.keys(cursor.info()).filter((name) => !/^\d+$|^attribute_/.test(name));
      const names = replyAttributes.names.map((name) => name.toLowerCase());
      for (const name of known) expect(names).toContain(name);
      expect(known.length).toBeGreaterThanOrEqual(names.length - 1);
      expect(() => makeCursor().at(view, 0, reply.size - 1)).toThrow(DecodeError);
      makeCursor().at(view, 0, reply.size);
    },
  );
});
