/**
 * Programs before the real judge: the running kernel checks them and filters real sockets by them.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Socket, TCPSocketListener } from "bun";
import { compile } from "../../../src/families/inet/bytecode.ts";
import { AF_INET, AF_INET6 } from "../../../src/model/address_family.ts";
import { evaluate, parseFilter } from "../../../src/filter/mod.ts";
import { parseSsFilter } from "../../../src/tools/ss/filter/parser.ts";
import {
  Connection,
  dump,
  MessageBuilder,
  NETLINK_SOCK_DIAG,
  NetlinkError,
  NLM_F_DUMP,
  NLM_F_REQUEST,
} from "../../../src/netlink/mod.ts";
import { SOCK_DIAG_BY_FAMILY } from "../../../src/netlink/message_types.ts";
import { type Facts, subject } from "../../filter/subjects.ts";

const INET_DIAG_REQ_BYTECODE = 1;
const IPPROTO_TCP = 6;

/** A TCP dump of one family, filtered by a program: what a filter asks of each row. */
function rowsOf(family: number, program: Uint8Array | null): Facts[] {
  const request = new MessageBuilder(SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP)
    .u8(family).u8(IPPROTO_TCP).u8(0).u8(0)
    .u32(1 << 1 | 1 << 10) // ESTABLISHED and LISTEN
    .zeros(48);
  if (program !== null) request.attribute(INET_DIAG_REQ_BYTECODE, program);
  const connection = new Connection(NETLINK_SOCK_DIAG);
  const rows: Facts[] = [];
  try {
    dump(connection, request.finish(), "dump of tcp", {
      message: (view, start) => {
        const address = (at: number) =>
          family === AF_INET
            ? [0, 1, 2, 3].map((i) => view.getUint8(at + i)).join(".")
            : [0, 2, 4, 6, 8, 10, 12, 14].map((i) => view.getUint16(at + i).toString(16)).join(":");
        rows.push({
          family,
          stateNumber: view.getUint8(start + 1),
          sport: view.getUint16(start + 4),
          dport: view.getUint16(start + 6),
          src: address(start + 8),
          dst: address(start + 24),
          ifindex: view.getUint32(start + 40, true),
        });
      },
      restart: () => rows.length = 0,
    });
  } finally {
    connection.close();
  }
  return rows;
}

/** A row as text, for comparing sets of them. */
function key({ src, sport, dst, dport }: Facts): string {
  return `${src}:${sport} ${dst}:${dport}`;
}

const handler = { data() {} };
const listeners: TCPSocketListener[] = [];
const connections: Socket[] = [];
/** Ports of the two listeners over IPv4, and of the one over both. */
let a = 0, b = 0, dual = 0;

beforeAll(async () => {
  for (const hostname of ["127.0.0.1", "127.0.0.1", "::"]) {
    listeners.push(Bun.listen({ hostname, port: 0, socket: handler }));
  }
  [a, b, dual] = listeners.map((listener) => listener.port) as [number, number, number];
  for (const port of [a, b, dual]) {
    connections.push(await Bun.connect({ hostname: "127.0.0.1", port, socket: handler }));
  }
});

afterAll(() => {
  for (const connection of connections) connection.end();
  for (const listener of listeners) listener.stop(true);
});

/** Rows of this test's sockets: others come and go on the machine meanwhile. */
function ours(rows: readonly Facts[]): string[] {
  const ports = [a, b, dual];
  return rows.filter(({ sport, dport }) => ports.includes(sport!) || ports.includes(dport!))
    .map(key).sort();
}

describe("the kernel sends the rows that user space would keep", () => {
  const filters: (() => string)[] = [
    () => `sport = ${a}`,
    () => `dport = ${a},${b}`,
    () => `port = ${a},${dual}`,
    () => `src = 127.0.0.1:${b}`,
    () => `src = 127.0.0.0/8 and not sport = ${a}`,
    () => `not (sport = ${a} or dport = ${a})`,
    () => `sport = ${Math.min(a, b)}-${Math.max(a, b)} and dst = 127.0.0.1`,
    () => `sport < ${a} or dport >= ${a}`,
    () => `src = ::ffff:127.0.0.1 or src = ::`,
    () => `src = 127.0.0.1`,
    () => `dst = 0.0.0.0/0`,
    () => `dst = ::/0 and sport = ${dual}`,
    () => `dev = 77777 or sport = ${a}`,
    () => `dev != 77777 and sport = ${a}`,
    () => `sport = ${Array.from({ length: 100 }, (_, i) => 2 * i + 1)},${a}`,
    () => `not sport = ${Array.from({ length: 100 }, (_, i) => 2 * i + 1)},${a}`,
    () => `(sport = ${a} or sport = ${b}) and (dport = 0 or dst = 127.0.0.1) and not dport = 1`,
    () => `sport < 0 or sport = ${a}`,
    () => `not sport < 0`,
  ];
  for (const [i, filter] of filters.entries()) {
    test(filter.toString().slice(7, -1) || String(i), () => {
      const expr = parseFilter(filter())!;
      const { program, residual } = compile(expr, "sockeye");
      expect(program).not.toBeNull();
      expect(residual).toBeNull();
      for (const family of [AF_INET, AF_INET6]) {
        const expected = rowsOf(family, null).filter((row) =>
          evaluate(expr, subject(row), "sockeye")
        );
        expect(ours(rowsOf(family, program))).toEqual(ours(expected));
      }
    });
  }
  test("and the sockets of this test are among them", () => {
    const { program } = compile(parseFilter(`port = ${a}`)!, "sockeye");
    // The listener, and both ends of the connection to it.
    expect(rowsOf(AF_INET, program)).toHaveLength(3);
    const mapped = compile(parseFilter(`src = 127.0.0.1:${dual}`)!, "sockeye").program;
    expect(rowsOf(AF_INET6, mapped).map(({ src }) => src)).toEqual(["0:0:0:0:0:ffff:7f00:1"]);
  });
});

describe("the kernel takes what ss would send", () => {
  const filters: (() => string)[] = [
    () => `autobound`,
    () => `! autobound or sport = ${a}`,
    () => `sport > ${a} and dport != ${b}`,
    () => `src any and dst *`,
    () => `src [::1] or src 127/8 or not ( dst 10.0.0.0/24 sport lt 80 )`,
    () => `sport >= * and sport = 99999`,
    () => `sport = 1` + ` or sport = 2`.repeat(500),
  ];
  for (const filter of filters) {
    test(filter().slice(0, 80).replace(/\d{5}/g, "N"), () => {
      const { expr } = parseSsFilter([filter()]);
      const { program } = compile(expr!, "ss");
      expect(program).not.toBeNull();
      for (const family of [AF_INET, AF_INET6]) rowsOf(family, program);
    });
  }
  test("a mark, with the right to see it", () => {
    const { program } = compile(parseSsFilter([`fwmark = 0 sport = ${a}`]).expr!, "ss");
    try {
      expect(rowsOf(AF_INET, program)).not.toBeEmpty();
    } catch (error) {
      if (!(error instanceof NetlinkError)) throw error;
      expect(error.code).toBe("EPERM");
    }
  });
});

test("the kernel refuses a program with a jump into the middle of an operation", () => {
  const { program } = compile(parseFilter("sport = 1 or sport = 2")!, "sockeye");
  const broken = program!.slice();
  broken[2] = 20;
  expect(() => rowsOf(AF_INET, broken)).toThrow("EINVAL");
});
