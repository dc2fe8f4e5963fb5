/** Measures in filters: values with units, and what they are compared with. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { formatExpr } from "../../src/filter/describe.ts";
import { FilterSyntaxError } from "../../src/filter/errors.ts";
import { evaluator } from "../../src/filter/evaluate.ts";
import { measureText, parseMeasure } from "../../src/filter/measure.ts";
import { needs } from "../../src/filter/needs.ts";
import { parseFilter } from "../../src/filter/parser.ts";
import { SocketSubject } from "../../src/filter/socket_subject.ts";
import type { Socket } from "../../src/model/socket.ts";
import { Scene, server } from "../support/screen_scene.ts";

const scene = new Scene();
const lookups = {
  containerName: () => "web",
  imageOf: () => "nginx:1.25",
  nowMs: 100_000,
  printed: () => "",
};

function connection(more: Partial<Socket> = {}): Socket {
  return server("tcp", "10.0.0.5", 80, "private", [scene.owner(1, "d")], {
    state: "established",
    peer: { address: "10.0.0.9", port: 4000, interface: null },
    acceptQueue: null,
    recvQueue: 0,
    sendQueue: 70_000,
    info: {
      info: {
        rtt_us: 250_000,
        total_retrans: 3,
        last_data_sent_ms: 700_000,
        last_data_recv_ms: 610_000,
      },
      skmeminfo: { drops: 2 },
    },
    ...more,
  });
}

function matches(filter: string, socket: Socket): boolean {
  const accepts = evaluator(parseFilter(filter)!, "sockeye");
  return accepts(new SocketSubject(socket, { first: 1, last: 2 }, () => null, {}, lookups));
}

test.each([
  ["rtt > 200ms", true],
  ["rtt > 0.25s", false],
  ["rtt >= 250ms", true],
  ["rtt 200ms-300ms", true],
  ["rtt < 1ms", false],
  ["idle > 10m", true],
  ["idle > 1h", false],
  ["retrans > 2", true],
  ["drops 2", true],
  ["queue > 64K", true],
  ["queue > 1M", false],
  ["limit > 0", false],
  ["host 10.0.0.9", true],
  ["host 10.0.0.5 and host 10.0.0.0/8", true],
  ["host 10.0.0.8", false],
])("%s is %p of a slow connection", (filter, expected) => {
  expect(matches(filter, connection())).toBe(expected);
});

test.each([
  ["age > 1m", true],
  ["age > 2m", false],
  ["cmdline worker", true],
  ["cmdline '*worker'", false],
  ["cmdline 'php*pool www'", true],
  ["image 'nginx:*'", true],
  ["image nginx", false],
  ["container web", true],
  ["container 3f4b8c", true],
  ["unit php", true],
  ["unit php.service", true],
  ["unit 'p*'", true],
  ["unit ph", false],
])("%s is %p of a process", (filter, expected) => {
  const owner = scene.owner(80, "php");
  const process = {
    ...owner.process,
    startTimeMs: 10_000,
    unit: "php.service",
    container: { id: "3f4b8c0d", runtime: "docker", name: null },
    cmdline: new TextEncoder().encode("php\0worker: pool www\0"),
  };
  expect(matches(filter, connection({ owners: [{ ...owner, process }] }))).toBe(expected);
});

test("what is not known is in no range, and a listener has no round-trip time", () => {
  const unknown = connection({ info: null, recvQueue: null, sendQueue: null });
  for (const filter of ["rtt >= 0", "rtt < 1d", "queue >= 0", "drops >= 0"]) {
    expect([filter, matches(filter, unknown)]).toEqual([filter, false]);
  }
  expect(matches("rtt >= 0", connection({ state: "listen" }))).toBe(false);
  expect(matches("queue 3 and limit 128", connection({ acceptQueue: { length: 3, limit: 128 } })))
    .toBe(true);
});

describe("a value", () => {
  test.each([
    "rtt > 200",
    "rtt > ms",
    "idle > 5 parsecs",
    "queue > 5x",
    "rtt 5ms-1ms",
    "rtt 1-2-3",
  ])(
    "%s is refused, and said why",
    (filter) => {
      expect(() => parseFilter(filter)).toThrow(FilterSyntaxError);
    },
  );

  test("is written as it is read", () => {
    fc.assert(fc.property(fc.nat({ max: 2 ** 50 }), (value) => {
      expect(parseMeasure(measureText(value, "us"), "us")).toEqual({ first: value, last: value });
    }));
    expect(formatExpr(parseFilter("rtt > 200ms and queue >= 64K")!))
      .toBe("rtt = 200001us- and queue = 65536-");
  });
});

test("what only the kernel tells on request is asked for where it is compared", () => {
  const asks = (filter: string) => needs(parseFilter(filter)).info;
  expect([asks("rtt > 1ms"), asks("drops > 0"), asks("queue > 0"), asks("age > 1d")])
    .toEqual([true, true, false, false]);
  expect(needs(parseFilter("age > 1d")).owners).toBe(true);
});
