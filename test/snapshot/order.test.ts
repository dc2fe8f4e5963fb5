import { describe, expect, test } from "bun:test";
import { sorted } from "../../src/snapshot/order.ts";
import type { FamilyName, Socket, Transport } from "../../src/model/socket.ts";

let count = 0;
function socket(
  transport: Transport,
  family: FamilyName,
  local: [address: string, port: number],
  peer: [address: string, port: number] | null = null,
  cookie: Socket["cookie"] = ++count,
): Socket {
  const endpoint = ([address, port]: [string, number]) => ({ address, port, interface: null });
  return {
    transport,
    family,
    local: endpoint(local),
    peer: peer && endpoint(peer),
    cookie,
    inode: 1,
    netns: null,
  } as unknown as Socket;
}

const label = ({ transport, local, peer }: Socket) => {
  const text = (end: unknown) => Object.values(end as object).slice(0, 2).join(" ");
  return `${transport} ${text(local)}${peer === null ? "" : ` ${text(peer)}`}`;
};

describe("sorted()", () => {
  test("goes by transport, port, family, address", () => {
    expect(
      sorted([
        socket("udp", "inet", ["0.0.0.0", 53]),
        socket("tcp", "inet6", ["::", 80]),
        socket("tcp", "inet", ["127.0.0.1", 443]),
        socket("tcp", "inet", ["127.0.0.1", 80]),
        socket("tcp", "inet", ["10.0.0.1", 80]),
      ]).map(label),
    ).toEqual([
      "tcp 10.0.0.1 80",
      "tcp 127.0.0.1 80",
      "tcp :: 80",
      "tcp 127.0.0.1 443",
      "udp 0.0.0.0 53",
    ]);
  });

  test("puts the listener before its connections, and these by age", () => {
    expect(
      sorted([
        socket("tcp", "inet", ["10.0.0.1", 80], ["10.0.0.9", 1], 30),
        socket("tcp", "inet", ["10.0.0.1", 80], ["10.0.0.9", 2], 9n + (1n << 53n)),
        socket("tcp", "inet", ["10.0.0.1", 80], ["10.0.0.9", 3], 10),
        socket("tcp", "inet", ["0.0.0.0", 80], null, 99),
      ]).map(label),
    ).toEqual([
      "tcp 0.0.0.0 80",
      "tcp 10.0.0.1 80 10.0.0.9 3",
      "tcp 10.0.0.1 80 10.0.0.9 1",
      "tcp 10.0.0.1 80 10.0.0.9 2",
    ]);
  });

  test("does not depend on the order that comes in, with cookies or without", () => {
    const sockets = Array.from(
      { length: 50 },
      (_, i) =>
        socket(
          "tcp",
          "inet",
          ["10.0.0.1", i % 3],
          i % 5 === 0 ? null : [`10.0.0.${i}`, i],
          i % 2 === 0 ? i + 1 : null,
        ),
    );
    const expected = sorted(sockets).map(label);
    for (let seed = 1; seed < 20; seed++) {
      const shuffled = sockets.map((socket, i) => ({ socket, at: (i * 7919 * seed) % 101 })).sort((
        a,
        b,
      ) => a.at - b.at)
        .map(({ socket }) => socket);
      expect(sorted(shuffled).map(label)).toEqual(expected);
    }
  });
});
