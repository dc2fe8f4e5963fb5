import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { AF_INET6, AF_NETLINK, AF_UNIX } from "../../src/model/address_family.ts";
import {
  describeFilter,
  evaluate,
  FIELDS,
  type FilterResolver,
  FilterSyntaxError,
  formatExpr,
  formatFilterError,
  needs,
  NO_NAMES,
  parseFilter,
  possibleStates,
} from "../../src/filter/mod.ts";
import { type Facts, subject } from "./subjects.ts";
import { runs } from "../support/runs.ts";

const names: FilterResolver = {
  ...NO_NAMES,
  port: (service) => ({ http: 80, "http-alt": 8080 })[service],
  addresses: (host) =>
    host === "two" ? [new Uint8Array([10, 0, 0, 1]), new Uint8Array([10, 0, 0, 2])] : [],
  cgroupId: (path) => path === "/a" ? 7n : undefined,
};

function matches(filter: string, facts: Facts): boolean {
  return evaluate(parseFilter(filter, names)!, subject(facts), "sockeye");
}

/** The filter as it was understood, with the parentheses that it needs. */
function understood(filter: string): string {
  return formatExpr(parseFilter(filter, names)!);
}

function fault(filter: string): FilterSyntaxError {
  try {
    parseFilter(filter, names);
  } catch (error) {
    if (error instanceof FilterSyntaxError) return error;
    throw error;
  }
  throw new Error(`Not refused: ${filter}`);
}

test("and binds tighter than or, and juxtaposition is and", () => {
  expect(describeFilter(parseFilter("dport = 22 or sport = 22 and sport = 80")!)).toBe(
    "any of\n  dport = 22\n  all of\n    sport = 22\n    sport = 80",
  );
  expect(understood("sport 1 sport 2 or sport 3")).toBe("sport = 1 and sport = 2 or sport = 3");
  expect(understood("(sport=1 or sport=2) and not (sport=3 or sport=4)")).toBe(
    "(sport = 1 or sport = 2) and not (sport = 3 or sport = 4)",
  );
});

test("a transport is a condition by itself", () => {
  expect(understood("udp and dst 10.0.0.53")).toBe("transport = udp and dst = 10.0.0.53");
  expect(understood("not TCP sport 80 or raw")).toBe(
    "not transport = tcp and sport = 80 or transport = raw",
  );
});

test("operators need no blanks", () => {
  expect(understood("sport=80,443&&(dst!=10/8||!autobound)")).toBe(
    "sport = 80,443 and (not dst = 10.0.0.0/8 or not autobound)",
  );
  expect(understood("sport>=8000 dport<1024 port!=5")).toBe(
    "sport = 8000-65535 and dport = 0-1023 and not (sport = 5 or dport = 5)",
  );
});

test("ports are lists, ranges and services", () => {
  expect(understood("sport = 443, 80 ,8000-8100,8101,http")).toBe("sport = 80,443,8000-8101");
  expect(understood("sport = http-alt")).toBe("sport = 8080");
  expect(understood("sport = 60000-")).toBe("sport = 60000-65535");
  expect(understood("sport < 0")).toBe("sport < 0");
  expect(matches("sport < 0", { sport: 0 })).toBe(false);
  expect(matches("port = 22", { dport: 22 })).toBe(true);
});

test("a port is not the inode of a unix socket", () => {
  expect(matches("sport = 77", { family: AF_UNIX, sport: 77 })).toBe(false);
});

test("addresses need no brackets where there is no doubt", () => {
  expect(matches("src = ::1", { family: AF_INET6, src: "::1" })).toBe(true);
  expect(matches("src = [::1]:80", { family: AF_INET6, src: "::1", sport: 80 })).toBe(true);
  expect(matches("src = fe80::/10", { family: AF_INET6, src: "fe9f::1" })).toBe(true);
  expect(matches("src = [fd00::/8]:80", { family: AF_INET6, src: "fd12::1", sport: 80 })).toBe(
    true,
  );
  expect(matches("src = 10.0.0.1:8000-8100", { src: "10.0.0.1", sport: 8050 })).toBe(true);
  expect(matches("src = 10/8,192.168/16", { src: "192.168.3.4" })).toBe(true);
  expect(matches("dst != 10.0.0.0/8", { dst: "10.2.3.4" })).toBe(false);
});

test("an interface after the address is one more condition", () => {
  const six = { family: AF_INET6, src: "fe80::1", sport: 22, interfaceName: "eth0", ifindex: 2 };
  for (
    const text of [
      "[fe80::1%eth0]:22",
      "[fe80::1]%eth0:22",
      "fe80::1%eth0",
      "fe80::%eth0/10",
      "[fe80::1%2]:22",
    ]
  ) {
    expect(matches(`src = ${text}`, six)).toBe(true);
    expect(matches(`src = ${text}`, { ...six, interfaceName: "eth1", ifindex: 3 })).toBe(false);
    expect(matches(`src = ${text}`, { ...six, src: "fec0::2" })).toBe(false);
    expect(matches(`src != ${text}`, { ...six, interfaceName: "eth1", ifindex: 3 })).toBe(true);
  }
  const four = { src: "127.0.0.53", sport: 53, interfaceName: "lo" };
  expect(matches("src = 127.0.0.53%lo:53", four)).toBe(true);
  expect(matches("src = *%lo:53", four)).toBe(true);
  expect(matches("src = 127.0.0.53%lo:53", { ...four, sport: 54 })).toBe(false);
  expect(understood("src = 127.0.0.53%lo:53")).toBe("src = 127.0.0.53:53 and dev = lo");
});

test("addresses are compared within their family", () => {
  expect(matches("src = 0.0.0.0", { family: AF_INET6, src: "::1" })).toBe(false);
  expect(matches("src = 10/8", { family: AF_INET6, src: "::ffff:10.0.0.1" })).toBe(true);
  expect(matches("src = ::ffff:10.0.0.1", { src: "10.0.0.1" })).toBe(false);
  expect(matches("src = inet:*", { family: AF_INET6, src: "::1" })).toBe(false);
  expect(matches("src = any", { family: AF_UNIX })).toBe(true);
});

test("every address of a name matches", () => {
  expect(matches("src = two", { src: "10.0.0.2" })).toBe(true);
  expect(matches("src = two:80", { src: "10.0.0.2", sport: 81 })).toBe(false);
});

test("a path is the file that it leads to, where that is known", () => {
  const file = { major: 8, minor: 1, inode: 77 };
  const resolver = {
    ...names,
    socketFile: (path: string) => path === "/dev/log" ? file : undefined,
  };
  const is = (filter: string, facts: Facts) =>
    evaluate(parseFilter(filter, resolver)!, subject({ family: AF_UNIX, ...facts }), "sockeye");
  const bound = { sourceName: "/run/log", sourceFile: file };
  const former = { sourceName: "/dev/log", sourceFile: { ...file, inode: 78 } };
  expect(is("src = /dev/log", bound)).toBe(true);
  expect(is("src = unix:/dev/log", bound)).toBe(true);
  expect(is("src = /dev/log", former)).toBe(false);
  expect(is("src != /dev/log", former)).toBe(true);
  // Of the other end only the name may be known.
  expect(is("dst = /dev/log", { destinationName: "/dev/log" })).toBe(true);
  expect(is("dst = /dev/log", { destinationName: "/run/log", destinationFile: file })).toBe(true);
  // A pattern, and a path that leads nowhere, are names.
  expect(is("src = /dev/*", bound)).toBe(false);
  expect(is("src = /dev/*", former)).toBe(true);
  expect(is("src = /run/log", bound)).toBe(true);
  expect(describeFilter(parseFilter("src /dev/log", resolver)!)).toBe(
    "src = unix:/dev/log, which is the file with inode 77 on device 8:1",
  );
});

test("unix and netlink sockets can be asked for by name", () => {
  const unix = { family: AF_UNIX, sourceName: "/run/App.sock" };
  expect(matches("src = /run/*", unix)).toBe(true);
  expect(matches("src = unix:/run/app.sock", unix)).toBe(false);
  expect(matches("src = netlink:*:kernel", { family: AF_NETLINK, sport: 0 })).toBe(true);
  expect(matches("src = netlink:*:kernel", { sport: 0 })).toBe(false);
});

describe("fields that ss has not", () => {
  const cases: [string, Facts, boolean][] = [
    ["pid = 5", { pids: [3, 5] }, true],
    ["pid != 5", { pids: [3, 5] }, false],
    ["pid < 100", { pids: [] }, false],
    ["process = nginx*", { processNames: ["nginx: worker"] }, true],
    ["process = 'my app'", { processNames: ["my app"] }, true],
    ['process = "a\\"b"', { processNames: ['a"b'] }, true],
    ["process = nginx", { processNames: ["nginx2"] }, false],
    ["process = [!n]*", { processNames: ["apache"] }, true],
    ["user = www-data", { users: [{ uid: 33, name: "www-data" }] }, true],
    ["user = 033", { users: [{ uid: 33, name: "www-data" }] }, true],
    ["user != root", { users: [{ uid: 0, name: "root" }] }, false],
    ["netns = web*", { netns: { inode: 4026532000, name: "web1" } }, true],
    ["netns = 4026532000", { netns: { inode: 4026532000, name: null } }, true],
    ["netns = web", { netns: null }, false],
    ["inode = 10-20", { inode: 15 }, true],
    ["inode = 0", { inode: null }, false],
    ["reach = public,link-local", { reachScope: "link_local" }, true],
    ["owners = 0", { pids: [] }, true],
    ["owners > 1", { pids: [1, 2] }, true],
    ["state = listen", { state: "listen" }, true],
    ["state = LISTENING,time-wait", { state: "time_wait" }, true],
    ["state = connected", { state: "listen" }, false],
    ["family = ipv6", { family: AF_INET6 }, true],
    ["family = ip", { family: AF_INET6 }, true],
    ["proto = udp", { transport: "udp" }, true],
    ["dev = eth0", { interfaceName: "eth0", ifindex: 9 }, true],
    ["dev = 9", { interfaceName: "eth0", ifindex: 9 }, true],
    ["mark = 0x10/0xf0", { mark: 0x1f }, true],
    ["mark = 0", { mark: null }, false],
    ["cgroup = /a", { cgroupId: 7n }, true],
  ];
  for (const [filter, facts, expected] of cases) {
    test(`${filter} is ${expected} of ${JSON.stringify(facts, (_, v) => typeof v === "bigint" ? `${v}` : v)}`, () => {
      expect(matches(filter, facts)).toBe(expected);
    });
  }
});

describe("a fault is shown where it is", () => {
  const cases: [string, string][] = [
    [
      "sprot = 22",
      '"sprot" is not a field, did you mean sport?\n  sprot = 22\n  ^^^^^ a field (sport, src, state, process and so on)',
    ],
    [
      "sport = 80 and and dport = 1",
      'Unexpected "and": expected a field (sport, src, state, process and so on)\n' +
      "  sport = 80 and and dport = 1\n                 ^^^",
    ],
    [
      "state = listn",
      '"listn" is not a state, did you mean listen?\n  state = listn\n          ^^^^^ a state',
    ],
    [
      "sport =",
      "sport has no value: expected a port, a service, a range or a list of them\n" +
      "  sport =\n         ^",
    ],
    [
      "8080",
      '"8080" is not a field, did you mean port = 8080?\n  8080\n  ^^^^ a field (sport, src, state, process and so on)',
    ],
    [
      "10.0.0.1",
      '"10.0.0.1" is not a field, did you mean src = 10.0.0.1?\n  10.0.0.1\n  ^^^^^^^^ a field (sport, src, state, process and so on)',
    ],
    [
      "sport = 90-80",
      "The range 90-80 runs backwards: expected 80-90\n  sport = 90-80\n          ^^^^^",
    ],
    [
      "src = \u001b[31m",
      '"?[31m" is not an address or a known host: expected an address such as 10.0.0.1, ' +
      "10.0.0.0/8 or [::1]:80\n  src = ?[31m\n        ^^^^^",
    ],
  ];
  for (const [filter, shown] of cases) {
    test(JSON.stringify(filter), () => expect(formatFilterError(fault(filter))).toBe(shown));
  }
  test("stands under the word on a terminal, where characters are wide or take no room", () => {
    const below = (filter: string) => formatFilterError(fault(filter)).split("\n")[2];
    expect(below("process 日本語 and prcess x")).toStartWith(`${" ".repeat(2 + 19)}^^^^^^ `);
    expect(below("日本 = 22")).toBe("  ^^^^");
    expect(below("process e\u0301 and prcess x")).toStartWith(`${" ".repeat(2 + 14)}^^^^^^ `);
  });

  test("also far into a long expression", () => {
    const error = fault("sport = 1 and ".repeat(50) + "sprot = 1" + " and sport = 2".repeat(50));
    const [, expression, carets] = formatFilterError(error).split("\n");
    expect(expression!.length).toBeLessThan(140);
    expect(expression!.slice(carets!.indexOf("^"), carets!.lastIndexOf("^") + 1)).toBe("sprot");
  });
});

describe("refused", () => {
  const cases: [string, string][] = [
    ["sport = 70000", "70000"],
    ["sport = 1-70000", "1-70000"],
    ["sport < 1,2", ","],
    ["process < a", "<"],
    ["(sport = 1", ""],
    ["sport = 1)", ")"],
    ["not", ""],
    ["sport = 1 or", ""],
    ["process = 'a", "'a"],
    ["process = ''", "''"],
    ["src = 10.0.0.300", "10.0.0.300"],
    ["src = 10.0.0.01", "10.0.0.01"],
    ["src = [::1", "[::1"],
    ["reach = pubic", "pubic"],
    ["pid = x", "x"],
    ["pid = 99999999999999999999", "99999999999999999999"],
    ["fwmark = 0x11/0x0f", "0x11/0x0f"],
    ["autobound = 1", "="],
    ["sport = 80,nosuch", "nosuch"],
    ["sport = 80 \\", "\\"],
  ];
  for (const [filter, token] of cases) {
    test(filter, () => expect(fault(filter).token).toBe(token));
  }
});

test("an empty filter is none", () => {
  expect(parseFilter(" \t\n")).toBeNull();
});

test("what a filter needs is known before it runs", () => {
  expect(needs(null).owners).toBe(false);
  expect(needs(parseFilter("sport = 80 or not process = a")!)).toMatchObject({
    owners: true,
    reach: false,
  });
  expect(needs(parseFilter("owners = 0 reach = public")!)).toMatchObject({
    owners: true,
    reach: true,
  });
  for (const filter of ["pid = 1", "user = 0", "not owners > 1"]) {
    expect(needs(parseFilter(filter)!).owners).toBe(true);
  }
  expect(needs(parseFilter("sport = 80 fwmark = 1")!)).toMatchObject({ owners: false, mark: true });
});

test("states that cannot match need not be asked for", () => {
  const states = (filter: string) => possibleStates(parseFilter(filter));
  expect(states("state = listen and sport = 80")).toBe(1 << 10);
  expect(states("state = listen or sport = 80")).toBe(0x3ffe);
  expect(states("not (state = listen or sport = 80)")).toBe(0x3ffe & ~(1 << 10));
  expect(states("state = listen state = close")).toBe(0);
});

test("every field is in the help text once", () => {
  const words = FIELDS.flatMap(({ name, aliases }) => [name, ...aliases]);
  expect(new Set(words).size).toBe(words.length);
  expect(FIELDS.every(({ summary }) => summary.length > 0)).toBe(true);
});

test("any string gives a tree or a FilterSyntaxError, which can be shown", () => {
  const piece = fc.oneof(
    fc.constantFrom(
      ...FIELDS.map(({ name }) => name),
      ..."( ) ! and or , = != < >= && || ' \" \\ 22 8-9 10/8 ::1 [::1]:5 /run/* @x netlink:*:5 listen"
        .split(" "),
      "vsock:1:2",
      " ",
    ),
    fc.string({ unit: "binary", maxLength: 5 }),
  );
  fc.assert(
    fc.property(fc.array(piece), fc.constantFrom("", " "), (pieces, glue) => {
      const filter = pieces.join(glue);
      try {
        const expr = parseFilter(filter, names);
        if (expr === null) return;
        evaluate(expr, subject(), "sockeye");
        // What is shown of a filter means the same as the filter.
        expect(describeFilter(parseFilter(formatExpr(expr), names)!)).toBe(describeFilter(expr));
      } catch (error) {
        if (!(error instanceof FilterSyntaxError)) throw error;
        expect(error.offset).toBeLessThanOrEqual(filter.length);
        expect(filter.startsWith(error.token, error.offset)).toBe(true);
        expect(formatFilterError(error).split("\n")).toHaveLength(3);
      }
    }),
    runs(500),
  );
});

test("nesting without end is refused, not a crash", () => {
  expect(fault("(".repeat(100_000)).message).toContain("nested deeper");
  expect(parseFilter("!".repeat(100_000) + " autobound")).toEqual({ kind: "autobound" });
  const wide = "sport = 1" + " or sport = 2".repeat(20_000);
  expect(evaluate(parseFilter(wide)!, subject({ sport: 2 }), "sockeye")).toBe(true);
});
