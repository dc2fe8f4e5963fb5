import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  AF_INET,
  AF_INET6,
  AF_NETLINK,
  AF_PACKET,
  AF_TIPC,
  AF_UNIX,
  AF_VSOCK,
  AF_XDP,
} from "../../../../src/model/address_family.ts";
import {
  describeFilter,
  evaluate,
  type FilterResolver,
  FilterSyntaxError,
  NO_NAMES,
} from "../../../../src/filter/mod.ts";
import { filterFileArguments } from "../../../../src/tools/ss/filter/lexer.ts";
import { parseSsFilter, type SsFilterOptions } from "../../../../src/tools/ss/filter/parser.ts";
import { takeStateClauses } from "../../../../src/tools/ss/filter/states.ts";
import { SS_ALL } from "../../../../src/model/state.ts";
import { type Facts, subject } from "../../../filter/subjects.ts";

function parse(filter: string, options: SsFilterOptions = {}) {
  return parseSsFilter([filter], options);
}

function matches(filter: string, facts: Facts, options: SsFilterOptions = {}): boolean {
  return evaluate(parse(filter, options).expr!, subject(facts), "ss");
}

function tree(filter: string): string {
  return describeFilter(parse(filter).expr!);
}

/** The exit status ss has for a filter that it refuses; 0 for one that it takes. */
function refusal(filter: string, options: SsFilterOptions = {}): number {
  try {
    parse(filter, options);
    return 0;
  } catch (error) {
    if (!(error instanceof FilterSyntaxError)) throw error;
    return error.ssExitStatus;
  }
}

describe("iproute2's own filter tests hold", () => {
  const listener = { state: "listen", src: "0.0.0.0", sport: 22 };
  const near = { src: "10.0.0.1", sport: 22, dst: "10.0.0.1", dport: 36266 };
  const mirror = { src: "10.0.0.1", sport: 36266, dst: "10.0.0.1", dport: 22 };
  const far = { src: "10.0.0.1", sport: 22, dst: "10.0.0.2", dport: 50312 };
  const rows: Facts[] = [listener, near, mirror, far];
  const cases: [string, Facts][] = [
    ["dport = 22", mirror],
    ["dport 22", mirror],
    ["( dport = 22 )", mirror],
    ["src = 0.0.0.0", listener],
    ["src 0.0.0.0", listener],
    ["src 0.0.0.0 sport = 22", listener],
    ["src 0.0.0.0 and sport = 22", listener],
    ["src 10.0.0.1 and sport = 22 and dport = 50312", far],
    ["( src 10.0.0.1 and sport = 22 ) and dport = 50312", far],
    ["src 10.0.0.1 and ( sport = 22 and dport = 50312 )", far],
    ["( src 10.0.0.1 and sport = 22 and dport = 50312 )", far],
    ["( src 0.0.0.0 or src 10.0.0.1 ) and dst 10.0.0.2", far],
  ];
  for (const [filter, expected] of cases) {
    test(filter, () => {
      expect(rows.filter((row) => matches(filter, row))).toEqual([expected]);
    });
  }
});

test("and, or and juxtaposition have one precedence, from left to right", () => {
  expect(tree("dport = 22 or sport = 22 and sport = 80")).toBe(
    "all of\n  any of\n    dport = 22\n    sport = 22\n  sport = 80",
  );
  expect(tree("sport = 1 sport = 2 or sport = 3")).toBe(
    "any of\n  all of\n    sport = 1\n    sport = 2\n  sport = 3",
  );
});

test("not binds one condition or group", () => {
  expect(tree("! sport = 1 and sport = 2")).toBe("all of\n  not\n    sport = 1\n  sport = 2");
  expect(tree("not ( sport = 1 or autobound )")).toBe(
    "not\n  any of\n    sport = 1\n    autobound",
  );
  expect(tree("! ! sport = 1")).toBe("sport = 1");
});

test("a backslash quotes the next character, and does not make an operand of a keyword", () => {
  expect(tree("sport = 2\\2")).toBe("sport = 22");
  expect(tree("\\( sport = 22 \\)")).toBe("sport = 22");
  expect(parse("src unix:/a\\ b").expr).toMatchObject({ pattern: "/a b" });
});

test("a filter may be spread over arguments, but a word may not", () => {
  expect(describeFilter(parseSsFilter(["sport", "=", "22 or dport", "23"]).expr!)).toBe(
    "any of\n  sport = 22\n  dport = 23",
  );
  expect(parseSsFilter([]).expr).toBeNull();
  expect(parseSsFilter(["", " \t "]).expr).toBeNull();
});

describe("exit statuses are those of ss", () => {
  const cases: [string, number][] = [
    ["dport=22", 1],
    ["(sport = 22)", 1],
    ["dst != 10.0.0.1", 255],
    ["sport = 22 )", 255],
    ["( sport = 22", 255],
    ["sport = nosuchservice", 1],
    ["src ::1", 1],
    ["src [::1", 1],
    ["src 10.0.0.256", 1],
    ["src 10.0.0.0/33", 1],
    ["dev = nosuch", 1],
    ["fwmark x", 1],
    ["fwmark 1/x", 1],
    ["cgroup /nosuch", 1],
    // An empty word, where nothing follows the backslash.
    ["cgroup \\", 1],
    ["autobound 22", 255],
    ["autobound nosuch", 1],
    ["sport 22 sport", 255],
    ["src link:*:nosuch", 1],
    ["src netlink:nosuch", 1],
    ["src vsock:x", 1],
    ["src netlink:0:kernel", 0],
  ];
  for (const [filter, status] of cases) {
    test(`${filter}: ${status}`, () => expect(refusal(filter)).toBe(status));
  }
});

test("with the family TIPC or XDP, libc takes numbers with dots for a host", () => {
  for (const preferredFamily of [AF_TIPC, AF_XDP]) {
    const status = (filter: string) => refusal(filter, { preferredFamily });
    for (
      const taken of ["src 10.99.0.1", "src 127.1", "dst 10", "src 010.0.0.1", "src 1.2.3.4:5"]
    ) {
      expect([taken, status(taken)]).toEqual([taken, 0]);
    }
    for (
      const refused of ["src 10/8", "src 300.1.1.1", "src 0x7f.1", "src 1.2.3.4.5", "src [::1]"]
    ) {
      expect([refused, status(refused)]).toEqual([refused, 1]);
    }
  }
  expect(refusal("src 10.99.0.1", { preferredFamily: AF_INET6 })).toBe(1);
});

test("of two faults the first counts", () => {
  expect(refusal("sport = = nosuch")).toBe(255);
  expect(refusal("sport = nosuch = ")).toBe(1);
});

test("the place of a fault is told", () => {
  try {
    parseSsFilter(["sport", "= 22 and", "dport =", "http2x"]);
    throw new Error("Not refused");
  } catch (error) {
    expect(error).toMatchObject({ offset: 23, token: "http2x", kind: "operand" });
  }
});

test("ports are read by strtol: hexadecimal, octal, any", () => {
  expect(matches("sport = 0x16", { sport: 22 })).toBe(true);
  expect(matches("sport = 026", { sport: 22 })).toBe(true);
  expect(matches("sport = :22", { sport: 22 })).toBe(true);
  expect(matches("sport = *", { sport: 22 })).toBe(true);
  expect(matches("src *:22", { sport: 23 })).toBe(false);
  expect(matches("sport >= *", { sport: 0 })).toBe(true);
  expect(refusal("sport = 08")).toBe(1);
});

test("an IPv4 address may be short, in base 0, and have a dotted mask", () => {
  expect(matches("src 127/8", { src: "127.3.2.1" })).toBe(true);
  expect(matches("src 0x7f.0.0.01", { src: "127.0.0.1" })).toBe(true);
  expect(matches("src 10.0.0.0/255.255.0.0", { src: "10.0.9.9" })).toBe(true);
  expect(matches("src 10.0.0.0/255.255.0.0", { src: "10.1.9.9" })).toBe(false);
  expect(refusal("src 10.0.0.0/255.0.255.0")).toBe(1);
});

test("addresses are compared without regard to their family", () => {
  const v6 = { family: AF_INET6, src: "::1" };
  expect(matches("src = 0.0.0.0", v6)).toBe(true);
  expect(matches("src = 0.0.0.1", v6)).toBe(false);
  expect(matches("src = 10.0.0.1", { family: AF_INET6, src: "::ffff:10.0.0.1" })).toBe(true);
  expect(matches("src = [::ffff:10.0.0.1]", { src: "10.0.0.1" })).toBe(false);
  expect(matches("src = [::]", { src: "0.0.0.0" })).toBe(true);
});

test("in user space every address of a name matches", () => {
  const resolver: FilterResolver = {
    ...NO_NAMES,
    addresses: () => [new Uint8Array([10, 0, 0, 1]), new Uint8Array([10, 0, 0, 2])],
  };
  expect(matches("src two", { src: "10.0.0.2" }, { resolver })).toBe(true);
  expect(matches("src two:80", { src: "10.0.0.2", sport: 81 }, { resolver })).toBe(false);
});

test("services are looked up in those of tcp and udp that are shown", () => {
  const asked: (readonly string[])[] = [];
  const resolver: FilterResolver = {
    ...NO_NAMES,
    port(_service, tables) {
      asked.push(tables);
      return tables.length > 1 ? "ambiguous" : 99;
    },
  };
  expect(refusal("sport = svc", { resolver, tables: ["tcp", "udp", "raw"] })).toBe(1);
  expect(matches("sport = svc", { sport: 99 }, { resolver, tables: ["udp"] })).toBe(true);
  expect(asked).toEqual([["tcp", "udp"], ["udp"]]);
});

test("operands that determine a family are told in order, and the last one is preferred", () => {
  expect(parse("src 10.0.0.1").families).toEqual([]);
  expect(parse("sport = inet6:8080 or src unix:/run/*").families).toEqual([AF_INET6, AF_UNIX]);
  expect(parse("src 10.0.0.1", { preferredFamily: AF_INET }).families).toEqual([AF_INET]);
  expect(refusal("src inet6:[::1] and src 10.0.0.1")).toBe(1);
  expect(parse("src link:* src 5", { resolver: NO_NAMES }).families).toEqual([
    AF_PACKET,
    AF_PACKET,
  ]);
});

test("unix patterns ignore letter case, and a peer has the empty name", () => {
  const unix = { family: AF_UNIX, sourceName: "/run/App.sock" };
  expect(matches("src unix:/RUN/*", unix)).toBe(true);
  expect(matches("dst unix:/run/*", unix)).toBe(false);
  expect(matches("dst unix:*", unix)).toBe(true);
  expect(matches("src /run/*", unix, { preferredFamily: AF_UNIX })).toBe(true);
  expect(matches("src :77", { ...unix, sport: 77 })).toBe(true);
});

test("netlink, packet and vsock have a number for an address", () => {
  const netlink = { family: AF_NETLINK, src: "0.0.0.4", sport: -5 };
  expect(matches("src netlink:4", netlink)).toBe(true);
  expect(matches("src netlink:4:-5", netlink)).toBe(true);
  expect(matches("src netlink:4:kernel", netlink)).toBe(false);
  expect(matches("autobound", netlink)).toBe(true);
  expect(matches("src vsock:2:1024", { family: AF_VSOCK, src: "0.0.0.2", sport: 1024 })).toBe(true);
  expect(matches("src link:3", { family: AF_PACKET, src: "0.0.0.3" })).toBe(true);
});

test("sport and dport ask netlink, packet and vsock for the port alone, with a colon or without", () => {
  const netlink = { family: AF_NETLINK, src: "0.0.0.4", sport: 0 };
  for (const operand of ["netlink:kernel", "netlink::kernel", "netlink:0"]) {
    expect(matches(`sport = ${operand}`, netlink)).toBe(true);
    expect(matches(`sport = ${operand}`, { ...netlink, sport: 7 })).toBe(false);
  }
  expect(matches("sport > 4000", { ...netlink, sport: 4001 }, { preferredFamily: AF_NETLINK }))
    .toBe(true);
  const packet = { family: AF_PACKET, src: "0.0.0.3", sport: 1 };
  expect(matches("sport = :1", packet, { preferredFamily: AF_PACKET })).toBe(true);
  expect(matches("sport = link:2", packet)).toBe(false);
  expect(matches("sport = vsock::22", { family: AF_VSOCK, src: "0.0.0.2", sport: 22 })).toBe(true);
  expect(refusal("sport = netlink:route:0")).toBe(1);
  expect(refusal("sport = vsock:1:22")).toBe(1);
  expect(refusal("sport = link:ip:1")).toBe(1);
});

test("marks are compared under their mask, and an unknown one is 0", () => {
  expect(matches("fwmark = 0x1/0xf", { mark: 0x21 })).toBe(true);
  expect(matches("fwmark != 42", { mark: 42 })).toBe(false);
  expect(matches("fwmark = 0", { mark: null })).toBe(true);
  expect(matches("fwmark = -1", { mark: 0xffffffff })).toBe(true);
  expect(matches("fwmark = 10x", { mark: 10 })).toBe(true);
  for (const refused of ["0x", "0xg", "-0x", "0x/1", "1/0x"]) {
    expect(() => matches(`fwmark = ${refused}`, { mark: 0 })).toThrow();
  }
});

test("autobound looks at what the kernel would choose", () => {
  expect(matches("autobound", { sport: 32768 })).toBe(true);
  expect(matches("autobound", { sport: 61000 })).toBe(false);
  expect(matches("autobound", { family: AF_UNIX, sourceName: "@0a1f3" })).toBe(true);
  expect(matches("autobound", { family: AF_UNIX, sourceName: "@0a1fz" })).toBe(false);
  expect(matches("autobound", { family: AF_UNIX, sourceName: null })).toBe(true);
});

describe("state clauses", () => {
  test("come off the front, and the first says where counting starts", () => {
    expect(takeStateClauses(["state", "listening", "sport", "=", "22"])).toEqual({
      states: 1 << 10,
      rest: ["sport", "=", "22"],
    });
    expect(takeStateClauses(["exclude", "all"]).states).toBe(0);
    expect(takeStateClauses(["excl", "LISTENING", "state", "big"]).states).toBe(
      SS_ALL & ~(1 << 10) | SS_ALL & ~(1 << 3 | 1 << 6),
    );
    expect(takeStateClauses(["sport", "22"]).states).toBeNull();
    expect(takeStateClauses(["state", "connected"]).states).toBe(0x3fff & ~(1 << 7 | 1 << 10));
  });
  test("refuse unknown states and missing ones", () => {
    expect(() => takeStateClauses(["state", "listenin"])).toThrow("listening");
    expect(() => takeStateClauses(["state", "new-syn-recv"])).toThrow(FilterSyntaxError);
    expect(() => takeStateClauses(["exclude"])).toThrow("missing");
  });
});

test("a filter file is an argument a line, without comments", () => {
  expect(filterFileArguments("# c\nsport = 22\n0 odd\nor dport = 22\n")).toEqual([
    "sport = 22",
    "or dport = 22",
  ]);
});

test("any words give a tree or a FilterSyntaxError", () => {
  const word = fc.oneof(
    fc.constantFrom(
      ..."( ) ! and or = != < >= src dst sport dport dev fwmark cgroup autobound 22 10/8 * [::1]:5"
        .split(" "),
      "unix:*",
      "netlink:*:5",
      "link:x",
      "vsock:1",
      "inet6:5",
      "\\",
    ),
    fc.string({ unit: "binary" }),
  );
  fc.assert(fc.property(fc.array(word), (args) => {
    try {
      const { expr } = parseSsFilter(args);
      if (expr !== null) evaluate(expr, subject(), "ss");
    } catch (error) {
      expect(error).toBeInstanceOf(FilterSyntaxError);
    }
  }));
});

test("nesting without end is refused, not a crash", () => {
  expect(refusal("( ".repeat(100_000))).toBe(255);
  const zigzag = "sport = 1" + " or sport = 2 and sport = 3".repeat(5_000);
  expect(refusal(zigzag)).toBe(255);
  expect(refusal("! ".repeat(100_000) + "sport = 1")).toBe(0);
  expect(refusal("sport = 1" + " or sport = 2".repeat(20_000))).toBe(0);
});
