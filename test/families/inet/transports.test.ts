import { describe, expect, test } from "bun:test";
import { readAttributes } from "../../../src/families/inet/attributes.ts";
import { InetMessage } from "../../../src/families/inet/message.ts";
import { inet } from "../../../src/families/inet/mod.ts";
import { InetTable } from "../../../src/families/inet/table.ts";
import { MPTCP_INFO_FIELDS } from "../../../src/families/inet/mptcp_info.ts";
import {
  associationState,
  readAddresses,
  SCTP_INFO_FIELDS,
} from "../../../src/families/inet/sctp_info.ts";
import type { Transport } from "../../../src/model/socket.ts";
import { ALL_STATES } from "../../../src/model/state.ts";
import { AttributeCursor } from "../../../src/netlink/attribute.ts";
import { attribute, be16, hex, u16, u32, u64, viewOf, zeros } from "../../support/bytes.ts";
import { contextOf } from "../../support/decoder.ts";

/** An inet_diag_msg between 10.0.0.1:5000 and 10.0.0.2:6000. */
const message = (state: number, timer: number, attributes: number[]) => [
  ...[2, state, timer, 0], // AF_INET
  ...be16(5000),
  ...be16(6000),
  ...[10, 0, 0, 1, ...zeros(12)],
  ...[10, 0, 0, 2, ...zeros(12)],
  ...u32(0),
  ...u32(1), // cookie
  ...u32(0),
  ...u32(204), // expires
  ...u32(7), // rqueue
  ...u32(8), // wqueue
  ...u32(1000),
  ...u32(99),
  ...attributes,
];

function request(transport: Transport, states: number | null = null) {
  return inet.requests({
    families: new Set(["inet"]),
    transports: new Set([transport]),
    states,
    ports: null,
    pids: null,
    processes: null,
    users: null,
  })[0]!;
}

function decode(transport: Transport, bytes: number[], states: number | null = ALL_STATES) {
  return request(transport, states).decode(viewOf(bytes), 0, bytes.length, contextOf());
}

describe("MPTCP", () => {
  test("is asked for by an attribute, because its number does not fit a byte", () => {
    const { message } = request("mptcp");
    expect(message![17]).toBe(255); // sdiag_protocol
    expect(hex(message!.subarray(72))).toBe(hex(new Uint8Array(attribute(3, u32(262)))));
  });

  test("is not confused with the raw sockets that an old kernel answers with", () => {
    expect(decode("mptcp", message(1, 0, []))).toMatchObject({
      transport: "mptcp",
      type: "stream",
    });
    expect(decode("mptcp", message(7, 0, attribute(10, [1])))).toBeNull();
  });

  test("every field of mptcp_info has its value, as far as the attribute reaches", () => {
    const payload = zeros(96);
    const words: [number, number[]][] = [
      [0, [2]],
      [8, u32(2)],
      [12, u32(0xdeadbeef)],
      [16, u64(1n << 63n)],
      [42, [1]],
      [72, u64(5n)],
      [92, u32(44)],
    ];
    for (const [offset, bytes] of words) payload.splice(offset, bytes.length, ...bytes);
    const read = (length: number) => {
      const bytes = attribute(2, payload.slice(0, length));
      return readAttributes(new AttributeCursor(viewOf(bytes), 0, bytes.length), "mptcp").info;
    };
    expect(read(96)).toMatchObject({
      subflows: 2,
      flags: 2,
      token: 0xdeadbeef,
      write_seq: 1n << 63n,
      csum_enabled: 1,
      bytes_acked: 5n,
      last_ack_recv_ms: 44,
    });
    expect(Object.keys(read(96) as object)).toHaveLength(MPTCP_INFO_FIELDS.length);
    expect(Object.keys(read(16) as object).at(-1)).toBe("token");
  });
});

describe("SCTP", () => {
  const address = [...u16(2), ...be16(0), 10, 0, 0, 2, ...zeros(120)];
  const peers = attribute(13, address);

  test("an association's own state number becomes the state that says the same", () => {
    expect([0, 1, 2, 3, 4, 5, 6, 7, 8].map(associationState))
      .toEqual([7, 2, 2, 1, 4, 5, 8, 9, 7]);
    // 3 is SYN_RECV for a socket, ESTABLISHED for an association, which is known by its peers.
    expect(decode("sctp", message(3, 0, peers))).toMatchObject({ state: "established", uid: 1000 });
    expect(decode("sctp", message(10, 0, []))).toMatchObject({ state: "listen" });
    expect(decode("sctp", message(3, 0, peers), 1 << 3)).toBeNull();
    expect(decode("sctp", message(3, 0, peers), 1 << 1)).not.toBeNull();
  });

  test("a socket that the kernel sends again before its associations stands once", () => {
    const kind = {
      transport: "sctp",
      type: "seqpacket",
      protocol: 132,
      boundInactive: false,
    } as const;
    const table = new InetTable(kind, contextOf(), null);
    const add = (bytes: number[]) => table.add(viewOf(bytes), 0, bytes.length);
    const listener = message(10, 0, []);
    const association = message(3, 0, peers);
    const rows = [listener, listener, association, association].map(add);
    expect(rows.map((row) => row >= 0)).toEqual([true, false, true, true]);
    expect(table.length).toBe(3);
    table.clear();
    expect(add(listener)).toBe(0);
  });

  test("the timer that waits to send again has a number of its own", () => {
    expect(decode("sctp", message(3, 3, peers))).toMatchObject({
      timer: { kind: "retransmit", expiresMs: 204, retransmits: 0 },
      inode: 99,
      uid: 1000,
    });
  });

  test("lists of addresses are read, those of unknown families left empty", () => {
    const list = [
      ...address,
      ...[...u16(10), ...be16(0), ...u32(0), 0xfd, ...zeros(14), 1, ...zeros(104)],
      ...[...u16(99), ...zeros(126)],
      ...[1, 2, 3],
    ];
    expect(readAddresses(viewOf(list), 0, list.length)).toEqual(["10.0.0.2", "fd00::1", ""]);
  });

  test("every field of sctp_info has its value, as far as the attribute reaches", () => {
    const payload = zeros(368);
    payload.splice(0, 4, ...u32(0xabcd));
    payload.splice(12, 2, ...u16(9));
    payload.splice(160, 8, ...u64(7n));
    payload.splice(344, 4, ...u32(60));
    payload.splice(358, 1, 1);
    const bytes = attribute(2, payload);
    const { info } = readAttributes(new AttributeCursor(viewOf(bytes), 0, bytes.length), "sctp");
    expect(info).toMatchObject({
      tag: 0xabcd,
      unackdata: 9,
      ictrlchunks: 7n,
      s_autoclose: 60,
      s_v4mapped: 1,
    });
    expect(Object.keys(info as object)).toHaveLength(SCTP_INFO_FIELDS.length);
  });
});

test("DCCP is asked for by its number", () => {
  expect(request("dccp").message![17]).toBe(33);
  expect(decode("dccp", message(10, 0, []))).toMatchObject({ transport: "dccp", type: "dccp" });
});

test("a message of any transport is read by the same window", () => {
  const bytes = message(1, 0, []);
  const { sourcePort, destinationPort } = new InetMessage().at(viewOf(bytes), 0, bytes.length);
  expect([sourcePort, destinationPort]).toEqual([5000, 6000]);
});
