import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { DecodeContext } from "../../../src/families/family.ts";
import { readAttributes } from "../../../src/families/inet/attributes.ts";
import { InetMessage } from "../../../src/families/inet/message.ts";
import { inetSocket } from "../../../src/families/inet/table.ts";
import { DecodeError } from "../../../src/model/decode_error.ts";
import { ascii, attribute, be16, u16, u32, u64, viewOf, zeros } from "../../support/bytes.ts";

/** A dual-stack listener on [::]:8080, as Linux 6.18 answers root with idiag_ext 0. */
const LISTENER = [
  10, // idiag_family: AF_INET6
  10, // idiag_state: TCP_LISTEN
  0, // idiag_timer
  0, // idiag_retrans
  ...be16(8080), // id.idiag_sport
  ...be16(0), // id.idiag_dport
  ...zeros(16), // id.idiag_src: ::
  ...zeros(16), // id.idiag_dst: ::
  ...u32(0), // id.idiag_if
  ...u32(0x89abcdef), // id.idiag_cookie[0]
  ...u32(1), // id.idiag_cookie[1]
  ...u32(0), // idiag_expires
  ...u32(3), // idiag_rqueue: waiting
  ...u32(128), // idiag_wqueue: limit
  ...u32(1000), // idiag_uid
  ...u32(4242), // idiag_inode
  ...attribute(8, [0]), // INET_DIAG_SHUTDOWN
  ...attribute(11, [0]), // INET_DIAG_SKV6ONLY
  ...attribute(15, u32(0)), // INET_DIAG_MARK
  ...attribute(21, u64(1n)), // INET_DIAG_CGROUP_ID
  ...attribute(22, [0b0001_0010, 0]), // INET_DIAG_SOCKOPT: is_icsk, mc_loop
];

/** An IPv4 connection with a retransmit timer, bound to interface 2. */
const CONNECTION = [
  2, // AF_INET
  1, // TCP_ESTABLISHED
  1, // timer: retransmit
  2, // retransmits
  ...be16(50000),
  ...be16(443),
  ...[10, 0, 0, 1],
  ...zeros(12),
  ...[192, 0, 2, 7],
  ...zeros(12),
  ...u32(2), // id.idiag_if
  ...u32(0xffff_ffff), // INET_DIAG_NOCOOKIE
  ...u32(0xffff_ffff),
  ...u32(204), // expires
  ...u32(5), // rqueue
  ...u32(1448), // wqueue
  ...u32(0),
  ...u32(777),
];

const context: DecodeContext = {
  source: "netlink",
  netns: null,
  interfaceName: (index) => index === 0 ? null : `eth${index}`,
};
const TCP = { transport: "tcp", type: "stream", protocol: 6, boundInactive: false } as const;
const at = (bytes: number[]) => new InetMessage().at(viewOf(bytes), 0, bytes.length);

describe("InetMessage", () => {
  test("reads every field of a listener", () => {
    const message = at(LISTENER);
    expect([message.family, message.state, message.sourcePort, message.source]).toEqual([
      10,
      10,
      8080,
      "::",
    ]);
    expect(message.unconnected).toBe(true);
    expect(message.cookie).toBe(0x1_89ab_cdef);
    expect([message.receiveQueue, message.sendQueue, message.uid, message.inode]).toEqual([
      3,
      128,
      1000,
      4242,
    ]);
    expect(message.u8Attribute(11)).toBe(0);
    expect(message.u64Attribute(21)).toBe(1n);
    expect(message.has(2)).toBe(false);
    expect(message.u32Attribute(2)).toBe(-1);
  });

  test("does not keep attributes of the message before", () => {
    const message = new InetMessage();
    message.at(viewOf(LISTENER), 0, LISTENER.length);
    message.at(viewOf(CONNECTION), 0, CONNECTION.length);
    expect(message.has(11)).toBe(false);
    expect(message.u8Attribute(11)).toBe(-1);
  });

  test("gives cookies from 2^53 on as bigints", () => {
    const bytes = [...LISTENER];
    bytes.splice(48, 4, ...u32(0x20_0000));
    expect(at(bytes).cookie).toBe(0x20_0000_89ab_cdefn);
  });

  test("passes over an attribute of a newer kernel, and keeps it for who asks", () => {
    const bytes = [...LISTENER, ...attribute(99, [1, 2, 3])];
    expect(at(bytes).inode).toBe(4242);
    expect(readAttributes(at(bytes).attributes()).attribute_99).toEqual(new Uint8Array([1, 2, 3]));
  });

  test("throws DecodeError for a message that is cut", () => {
    expect(() => at(LISTENER.slice(0, 71))).toThrow("71 bytes where 72 are needed");
  });

  test("gives a value or DecodeError for any bytes, and works afterwards", () => {
    const message = new InetMessage();
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      const view = new DataView(bytes.slice().buffer);
      try {
        message.at(view, 0, view.byteLength);
        inetSocket(message, TCP, context);
        readAttributes(message.attributes());
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
      }
      expect(message.at(viewOf(LISTENER), 0, LISTENER.length).inode).toBe(4242);
    }));
  });

  test("gives a value or DecodeError for a real message with random attributes behind it", () => {
    const message = new InetMessage();
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(24), fc.uint8Array({ maxLength: 300 })), { maxLength: 6 }),
        (list) => {
          const bytes = [
            ...LISTENER.slice(0, 72),
            ...list.flatMap(([type, payload]) => attribute(type, [...payload])),
          ];
          try {
            message.at(viewOf(bytes), 0, bytes.length);
            readAttributes(message.attributes());
          } catch (error) {
            expect(error).toBeInstanceOf(DecodeError);
          }
        },
      ),
    );
  });
});

describe("inetSocket()", () => {
  test("makes a listener: queues are those of accept, no peer, dual-stack", () => {
    expect(inetSocket(at(LISTENER), TCP, context)).toMatchObject({
      family: "inet6",
      transport: "tcp",
      state: "listen",
      local: { address: "::", port: 8080, interface: null },
      peer: null,
      v6only: false,
      uid: 1000,
      inode: 4242,
      recvQueue: null,
      sendQueue: null,
      acceptQueue: { length: 3, limit: 128 },
      timer: null,
    });
  });

  test("makes a connection: peer, interface, timer, no cookie", () => {
    expect(inetSocket(at(CONNECTION), TCP, context)).toMatchObject({
      family: "inet",
      local: { address: "10.0.0.1", port: 50000, interface: "eth2" },
      peer: { address: "192.0.2.7", port: 443, interface: "eth2" },
      v6only: null,
      cookie: null,
      recvQueue: 5,
      sendQueue: 1448,
      acceptQueue: null,
      timer: { kind: "retransmit", expiresMs: 204, retransmits: 2 },
    });
  });

  test("does not take the zeros of TIME-WAIT for root and inode 0", () => {
    const bytes = [...CONNECTION];
    bytes[1] = 6;
    bytes[2] = 3;
    bytes.splice(64, 8, ...zeros(8));
    expect(inetSocket(at(bytes), TCP, context)).toMatchObject({
      state: "time_wait",
      uid: null,
      inode: null,
    });
  });

  test("says that /proc does not tell the limit of the accept queue", () => {
    const socket = inetSocket(at(LISTENER), TCP, { ...context, source: "proc" });
    expect(socket.acceptQueue).toEqual({ length: 3, limit: null });
  });

  test("marks what the request for bound sockets returns as CLOSE", () => {
    const bytes = [...CONNECTION];
    bytes[1] = 7;
    expect(inetSocket(at(bytes), { ...TCP, boundInactive: true }, context).state).toBe(
      "bound_inactive",
    );
  });
});

describe("readAttributes()", () => {
  test("reads as much of tcp_info as the kernel sent", () => {
    const full = zeros(280);
    full.splice(68, 4, ...u32(1500)); // tcpi_rtt
    full.splice(6, 2, 0x72, 0b0000_0101); // wscale 2 and 7; app-limited, fastopen fail 2
    full.splice(112, 8, ...u64(0xffff_ffff_ffff_ffffn)); // tcpi_max_pacing_rate: unlimited
    full.splice(200, 8, ...u64(1n << 60n)); // tcpi_bytes_sent
    const info = readAttributes(at([...LISTENER, ...attribute(2, full)]).attributes())
      .info as Record<string, unknown>;
    expect(info).toMatchObject({
      rtt_us: 1500,
      snd_wscale: 2,
      rcv_wscale: 7,
      delivery_rate_app_limited: true,
      fastopen_client_fail: 2,
      max_pacing_rate_bytes_per_sec: null,
      bytes_sent: 1n << 60n,
      received_ce_bytes: 0,
    });
    const old = readAttributes(at([...LISTENER, ...attribute(2, full.slice(0, 104))]).attributes())
      .info as Record<string, unknown>;
    expect(old.total_retrans).toBe(0);
    expect("pacing_rate_bytes_per_sec" in old).toBe(false);
  });

  test("never tells an MD5 key", () => {
    const key = ascii("secret key");
    const md5 = [
      2,
      32,
      ...u16(key.length),
      10,
      0,
      0,
      1,
      ...zeros(12),
      ...key,
      ...zeros(80 - key.length),
    ];
    const values = readAttributes(at([...LISTENER, ...attribute(18, md5)]).attributes());
    expect(JSON.stringify(values.md5sig)).not.toContain("secret");
    expect(values.md5sig).toMatchObject([{ family: 2, prefix_length: 32, key_length: 10 }]);
  });

  test("reads socket options bit by bit", () => {
    const { sockopt } = readAttributes(at(LISTENER).attributes()) as {
      sockopt: Record<string, boolean>;
    };
    expect(Object.entries(sockopt).filter(([, set]) => set).map(([name]) => name)).toEqual([
      "is_icsk",
      "mc_loop",
    ]);
  });

  test("reads the nest of a TLS socket", () => {
    const ulp = [
      ...attribute(1, [...ascii("tls"), 0]),
      ...attribute(0x8002, [...attribute(1, u16(0x304)), ...attribute(5, [])]),
    ];
    expect(readAttributes(at([...LISTENER, ...attribute(19, ulp)]).attributes()).ulp_info)
      .toEqual({ name: "tls", tls: { version: 0x304, zc_ro_tx: true } });
  });
});
