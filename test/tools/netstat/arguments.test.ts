/** Command lines of netstat as queries, and those that end the run. */
import { describe, expect, test } from "bun:test";
import { readArguments } from "../../../src/tools/netstat/arguments.ts";
import { NetstatStop } from "../../../src/tools/netstat/flags.ts";
import type { NetstatQuery } from "../../../src/tools/netstat/query.ts";

function sockets(...args: string[]): NetstatQuery {
  const query = readArguments(args);
  if (query.kind !== "sockets") throw new Error(`${args} asks for ${query.kind}`);
  return query;
}

function stop(...args: string[]): NetstatStop {
  try {
    readArguments(args);
  } catch (error) {
    if (error instanceof NetstatStop) return error;
    throw error;
  }
  throw new Error(`${args} runs`);
}

describe("listings", () => {
  test("without options nothing is named", () => {
    const { named, protocols, ipv4, ipv6, protocolsImplied } = sockets();
    expect({ named, protocols: [...protocols], ipv4, ipv6, protocolsImplied }).toEqual({
      named: false,
      protocols: [],
      ipv4: true,
      ipv6: true,
      protocolsImplied: false,
    });
  });

  test("a family without a protocol means all of its protocols", () => {
    const { protocols, ipv4, ipv6, protocolsImplied } = sockets("-6");
    expect([...protocols]).toEqual(["tcp", "sctp", "udp", "udplite", "raw"]);
    expect([ipv4, ipv6, protocolsImplied]).toEqual([false, true, true]);
  });

  test("a protocol narrows its family", () => {
    const { protocols, ipv4, ipv6, protocolsImplied } = sockets("-4t");
    expect([...protocols]).toEqual(["tcp"]);
    expect([ipv4, ipv6, protocolsImplied]).toEqual([true, false, false]);
  });

  test("families without sockets here are absent, and named", () => {
    const { absent, named, protocols } = sockets("-A", "ipx,x25");
    expect(absent).toEqual(["IPX", "X25"]);
    expect(named).toBe(true);
    expect(protocols.size).toBe(0);
  });

  test("-n is all three kinds of numbers, --all-owners is -p too", () => {
    expect(sockets("-n").numeric).toEqual({ hosts: true, ports: true, users: true });
    expect(sockets("--numeric-ports").numeric).toEqual({ hosts: false, ports: true, users: false });
    expect(sockets("--all-owners").layout.programs).toBe(true);
  });
});

describe("counters", () => {
  test("of IPv4 unless IPv6 is asked for", () => {
    expect(readArguments(["-st"])).toEqual({
      kind: "statistics",
      ipv6: false,
      protocols: new Set(["tcp"]),
    });
    expect(readArguments(["-s6"])).toMatchObject({ kind: "statistics", ipv6: true });
  });

  test("a family without counters is refused on standard output", () => {
    const { status, output, text } = stop("-sx");
    expect([status, output]).toEqual([1, true]);
    expect(text).toContain("No statistics support for specified address family: unix");
  });
});

describe("what ends the run", () => {
  const cases: readonly [string[], { status: number; usage: boolean; output: boolean }][] = [
    [["-h"], { status: 0, usage: true, output: true }],
    [["-V"], { status: 0, usage: false, output: true }],
    [["--nothing"], { status: 3, usage: true, output: false }],
    [["-rs"], { status: 3, usage: true, output: false }],
    [["-ri"], { status: 3, usage: true, output: false }],
    [["-r"], { status: 1, usage: false, output: false }],
    [["-A", "nosuch"], { status: 1, usage: false, output: false }],
  ];
  test.each(cases)("%p", (args, expected) => {
    const { status, usage, output } = stop(...args);
    expect({ status, usage, output }).toEqual(expected);
  });

  test("a mode that is not here names what to call instead", () => {
    expect(stop("-g").text).toBe(
      "netstat: -g, multicast groups, is not part of sockeye: use ip maddr\n",
    );
  });
});
