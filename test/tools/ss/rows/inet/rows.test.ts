import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { InetPrinter } from "../../../../../src/tools/ss/rows/inet/mod.ts";
import * as uapi from "../../../../../src/families/inet/uapi.ts";
import type { SsContext } from "../../../../../src/tools/ss/context.ts";
import type { SsOptions } from "../../../../../src/tools/ss/options.ts";
import { DecodeError } from "../../../../../src/model/decode_error.ts";
import { SsTable } from "../../../../../src/tools/ss/layout/table.ts";
import type { Writer } from "../../../../../src/text/writer.ts";
import { ascii, attribute, be16, u16, u32, u64, viewOf, zeros } from "../../../../support/bytes.ts";

const EVERYTHING: SsOptions = {
  numeric: true,
  resolve: false,
  options: true,
  extended: true,
  memory: true,
  processes: false,
  threads: false,
  info: true,
  bpf: true,
  tos: true,
  cgroup: true,
  tipcinfo: true,
  inetSockopt: true,
  oneline: true,
  context: false,
  contexts: false,
};

/** A printer, and what it has printed. */
function printer(
  protocol: number,
  options: Partial<SsOptions> = {},
  hosts: SsContext["hosts"] = null,
) {
  let text = "";
  const out = { writeBytes: (bytes: Uint8Array) => text += new TextDecoder().decode(bytes) };
  const table = new SsTable(out as unknown as Writer, {
    shown: new Array(10).fill(true),
    screen: null,
    terminal: false,
  });
  const context: SsContext = {
    options: { ...EVERYTHING, ...options },
    selection: { tables: -1, states: -1, family: () => true, preferredFamily: 0 },
    cells: table,
    names: {
      interface: (index) => `if${index}`,
      processName: () => null,
      cgroup: (id) => `/group-${id}`,
      localPortRange: { first: 32768, last: 60999 },
    },
    hosts,
    wants: () => true,
    process() {
      table.column(8);
      table.column(9);
    },
  };
  const rows = new InetPrinter(context, {
    protocol,
    names: { port: String, host: () => null },
    close: null,
    filtered: false,
  });
  return {
    rows,
    text: () => {
      table.render();
      return text;
    },
  };
}

/** An inet_diag_msg of a connection over IPv4. */
function message(attributes: number[] = [], facts: { state?: number; inode?: number } = {}) {
  return [
    2,
    facts.state ?? 1,
    2,
    3,
    ...be16(22),
    ...be16(50312),
    ...[10, 0, 0, 1],
    ...zeros(12),
    ...[10, 0, 0, 2],
    ...zeros(12),
    ...u32(0),
    ...u32(0xabc),
    ...u32(0),
    ...u32(9373),
    ...u32(1),
    ...u32(2),
    ...u32(1000),
    ...u32(facts.inode ?? 77),
    ...attributes,
  ];
}

function row(protocol: number, bytes: number[], options: Partial<SsOptions> = {}): string {
  const made = printer(protocol, options);
  made.rows.row(viewOf(bytes), 0, bytes.length, "netlink");
  return made.text();
}

const START = "tcp ESTAB 1      2      10.0.0.1:22 10.0.0.2:50312";

describe("a row over netlink", () => {
  test("has the timer, the identity and the directions", () => {
    expect(
      row(uapi.IPPROTO_TCP, message(attribute(uapi.INET_DIAG_SHUTDOWN, [2])), {
        memory: false,
        info: false,
      }),
    )
      .toBe(`${START} timer:(keepalive,9.373sec,3) uid:1000 ino:77 sk:abc <--\n`);
  });

  test("breaks its line for memory unless -O is given", () => {
    const memory = attribute(uapi.INET_DIAG_SKMEMINFO, [1, 2, 3, 4, 5, 6, 7].flatMap(u32));
    const shown = { options: false, extended: false, info: false };
    expect(row(uapi.IPPROTO_TCP, message(memory), shown)).toBe(
      `${START} skmem:(r1,rb2,t3,tb4,f5,w6,o7)\n`,
    );
    expect(row(uapi.IPPROTO_TCP, message(memory), { ...shown, oneline: false })).toBe(
      `${START}\n\t skmem:(r1,rb2,t3,tb4,f5,w6,o7)\n`,
    );
  });

  test("shows keys with what would end them escaped", () => {
    const key = attribute(uapi.INET_DIAG_MD5SIG, [
      2,
      24,
      ...u16(5),
      ...[192, 0, 2, 0],
      ...zeros(12),
      ...ascii("a, \\b"),
      ...zeros(75),
    ]);
    expect(row(uapi.IPPROTO_TCP, message(key), { options: false, extended: false })).toBe(
      `${START} md5keys:192.0.2.0/24=a\\054\\040\\134b\n`,
    );
    const six = attribute(uapi.INET_DIAG_MD5SIG, [
      10,
      128,
      ...u16(1),
      ...zeros(15),
      1,
      ...ascii("k"),
      ...zeros(79),
    ]);
    const known = { "192.0.2.0": "net.example", "::1": "ip6-localhost" };
    const hosts = { name: (address: string) => known[address as keyof typeof known] ?? null };
    const made = printer(uapi.IPPROTO_TCP, { options: false, extended: false }, hosts);
    for (const bytes of [message(key), message(six)]) {
      made.rows.row(viewOf(bytes), 0, bytes.length, "netlink");
    }
    expect(made.text()).toBe(
      `${START} md5keys:net.example/24=a\\054\\040\\134b\n` +
        // What is behind the ports is a column too.
        `${START} md5keys:ip6-localhost/128=k          \n`,
    );
  });

  test("tells of kernel TLS", () => {
    const tls = attribute(uapi.INET_DIAG_ULP_INFO, [
      ...attribute(1, [...ascii("tls"), 0]),
      ...attribute(2, [
        ...attribute(1, u16(0x0304)),
        ...attribute(2, u16(52)),
        ...attribute(3, u16(2)),
        ...attribute(4, u16(1)),
        ...attribute(5, []),
      ]),
    ]);
    expect(row(uapi.IPPROTO_TCP, message(tls), { options: false, extended: false })).toBe(
      `${START} tcp-ulp-tls version: 1.3 cipher: aes-gcm-256 rxconf: none txconf: sw zc_ro_tx\n`,
    );
  });

  test("leaves out ciphers that ss has no name for", () => {
    for (const cipher of [50, 53, 54, 55, 300]) {
      const tls = attribute(uapi.INET_DIAG_ULP_INFO, [
        ...attribute(1, [...ascii("tls"), 0]),
        ...attribute(2, [...attribute(1, u16(0x0304)), ...attribute(2, u16(cipher))]),
      ]);
      expect(row(uapi.IPPROTO_TCP, message(tls), { options: false, extended: false })).toBe(
        `${START} tcp-ulp-tls version: 1.3\n`,
      );
    }
  });

  test("tells of a subflow of MPTCP", () => {
    const subflow = attribute(uapi.INET_DIAG_ULP_INFO, [
      ...attribute(1, [...ascii("mptcp"), 0]),
      ...attribute(3, [
        ...attribute(1, u32(0xabcdef01)),
        ...attribute(2, u32(0xf)),
        ...attribute(4, u64(123456789012n)),
        ...attribute(8, u32(0b1_1000_0011)),
        ...attribute(9, [0]),
        ...attribute(10, [3]),
      ]),
    ]);
    expect(row(uapi.IPPROTO_TCP, message(subflow), { options: false, extended: false })).toBe(
      `${START} tcp-ulp-mptcp flags:Mmcv token:abcdef01(id:0)/000f(id:3) seq:123456789012\n`,
    );
  });

  test("of SCTP hangs associations off the socket before them", () => {
    const made = printer(uapi.IPPROTO_SCTP, { options: false, extended: false, memory: false });
    for (const state of [10, 3]) {
      const bytes = message([], { state });
      made.rows.row(viewOf(bytes), 0, bytes.length, "netlink");
    }
    expect(made.text()).toBe(
      "sctp LISTEN   1      2      10.0.0.1:22 10.0.0.2:50312\n" +
        "     `- ESTAB 1      2      10.0.0.1:22 10.0.0.2:50312\n",
    );
  });

  test("of SCTP shows the addresses of both ends, and the fields of sctp_info that are not 0", () => {
    const info = new DataView(new ArrayBuffer(368));
    // Offset, bytes, value: include/uapi/linux/sctp.h.
    const fields: [number, 1 | 2 | 4 | 8, number][] = [
      [0, 4, 0xab],
      [4, 4, 3],
      [8, 4, 100],
      [12, 2, 1],
      [14, 2, 2],
      [16, 2, 10],
      [18, 2, 11],
      [20, 4, 999],
      [24, 4, 5],
      [28, 4, 6],
      [32, 4, 7],
      [36, 4, 4],
      [40, 4, 1452],
      [44, 4, 200],
      [48, 4, 0xcd],
      [52, 1, 1],
      [56, 8, 9],
      [296, 4, 77],
      [344, 4, 30],
      [356, 1, 1],
      [359, 1, 2],
      [360, 4, 3],
    ];
    for (const [at, width, value] of fields) {
      if (width === 1) info.setUint8(at, value);
      else if (width === 2) info.setUint16(at, value, true);
      else info.setUint32(at, value, true);
    }
    const v4 = (last: number) => [...u16(2), ...be16(22), 10, 0, 0, last, ...zeros(120)];
    const v6 = [...u16(10), ...be16(22), ...zeros(4), 0x20, 1, ...zeros(13), 7, ...zeros(104)];
    const rowOf = (length: number) =>
      row(
        uapi.IPPROTO_SCTP,
        message([
          ...attribute(uapi.INET_DIAG_LOCALS, [...v4(1), ...v6]),
          ...attribute(uapi.INET_DIAG_PEERS, v4(2)),
          ...attribute(uapi.INET_DIAG_INFO, [...new Uint8Array(info.buffer, 0, length)]),
        ]),
      );
    const first =
      " locals:10.0.0.1,2001::7 peers:10.0.0.2 tag:ab state:ESTAB rwnd:100 unackdata:1 penddata:2" +
      " instrms:10 outstrms:11 inqueue:5 outqueue:6 overerr:7 maxburst:4 maxseg:1452 prwnd:200";
    expect(rowOf(368)).toContain(
      `${first} ptag:cd pcapable:1 autoclose:30 nodelay:1 fraginl:2`,
    );
    // An older kernel sends less.
    expect(rowOf(48).trimEnd()).toEndWith(first);
  });

  test("of a raw socket is of the protocol that the kernel tells", () => {
    const icmp = attribute(uapi.INET_DIAG_PROTOCOL, [58]);
    expect(row(uapi.IPPROTO_RAW, message(icmp))).toStartWith("icmp6 ");
    expect(row(uapi.IPPROTO_RAW, message(attribute(uapi.INET_DIAG_PROTOCOL, [1]))))
      .toStartWith("??? ");
  });
});

test("a row of any attributes is printed or is a DecodeError", () => {
  const protocols = [
    uapi.IPPROTO_TCP,
    uapi.IPPROTO_UDP,
    uapi.IPPROTO_SCTP,
    uapi.IPPROTO_MPTCP,
    uapi.IPPROTO_RAW,
  ];
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(fc.nat(uapi.INET_DIAG_MAX + 2), fc.uint8Array({ maxLength: 400 })),
        { maxLength: 12 },
      ),
      fc.constantFrom(...protocols),
      fc.uint8Array({ minLength: 72, maxLength: 72 }),
      fc.constantFrom("netlink", "proc"),
      (attributes, protocol, head, source) => {
        const bytes = [
          ...head,
          ...attributes.flatMap(([type, payload]) => attribute(type, [...payload])),
        ];
        const made = printer(protocol);
        try {
          made.rows.row(viewOf(bytes), 0, bytes.length, source as "netlink" | "proc");
        } catch (error) {
          if (!(error instanceof DecodeError)) throw error;
        }
        made.text();
      },
    ),
  );
});
