import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { compile, MAX_COMPARISONS } from "../../../src/families/inet/bytecode.ts";
import { decode, disassemble } from "../../../src/families/inet/bytecode_reader.ts";
import { AF_INET, AF_INET6 } from "../../../src/model/address_family.ts";
import {
  all,
  any,
  describeFilter,
  evaluate,
  type Expr,
  type FilterSubject,
  formatExpr,
  NO_NAMES,
  not,
  parseFilter,
  type Prefix,
  ranges,
} from "../../../src/filter/mod.ts";
import { parseSsFilter } from "../../../src/tools/ss/filter/parser.ts";
import { DecodeError } from "../../../src/model/decode_error.ts";
import { subject } from "../../filter/subjects.ts";
import { type BytecodeSubject, simulate } from "../../support/bytecode_simulator.ts";
import { runs } from "../../support/runs.ts";

const ALLOWED = { mark: true, interfaceIndex: (name: string) => name === "eth0" ? 2 : undefined };

function own(filter: string) {
  return compile(parseFilter(filter)!, "sockeye", ALLOWED);
}

function ss(filter: string, resolver = NO_NAMES) {
  return compile(parseSsFilter([filter], { resolver }).expr!, "ss");
}

describe("a listing", () => {
  test("of alternatives: a jump over the rest after each that holds", () => {
    expect(disassemble(own("sport = 22 or dport = 80 or src = 10/8").program!)).toEqual([
      "    0  s_cond      port 22, else 16",
      "   12  jmp accept",
      "   16  d_cond      port 80, else 32",
      "   28  jmp accept",
      "   32  s_cond      10.0.0.0/8, accept, else reject",
    ]);
  });
  test("of a negation and a range", () => {
    expect(disassemble(own("not sport = 22 and dport = 8000-8100").program!)).toEqual([
      "    0  s_cond      port 22, else 16",
      "   12  jmp reject",
      "   16  d_ge        port 8000, else reject",
      "   24  d_le        port 8100, accept, else reject",
    ]);
  });
  test("of everything else there is", () => {
    expect(disassemble(own("dev = 7 fwmark = 0x2a/0xff src = [fd00::1]:5").program!)).toEqual([
      "    0  dev_cond    interface 7, else reject",
      "    8  mark_cond   0x2a/0xff, else reject",
      "   20  s_cond      fd00::1 port 5, accept, else reject",
    ]);
    expect(disassemble(ss("autobound").program!)).toEqual(["    0  auto, accept, else reject"]);
  });
});

describe("what the kernel cannot test is left out soundly", () => {
  const cases: [string, string | null, string | null][] = [
    ["sport = 22", "sport = 22", null],
    ["sport = 22 and process = a", "sport = 22", "process = a"],
    ["sport = 22 or process = a", null, "sport = 22 or process = a"],
    ["not (sport = 22 and process = a)", null, "not (sport = 22 and process = a)"],
    ["not (sport = 22 or process = a)", "not sport = 22", "not process = a"],
    [
      "(sport = 22 and pid = 1) or dport = 80",
      "sport = 22 or dport = 80",
      "sport = 22 and pid = 1 or dport = 80",
    ],
    ["autobound and dev = eth0", "dev = eth0", "autobound"],
    ["dev = wlan0", null, "dev = wlan0"],
    ["process = a", null, "process = a"],
  ];
  for (const [filter, pushed, residual] of cases) {
    test(filter, () => {
      const compiled = own(filter);
      expect(compiled.pushed && formatExpr(compiled.pushed)).toBe(pushed);
      expect(compiled.residual && formatExpr(compiled.residual)).toBe(residual);
      expect(compiled.program === null).toBe(pushed === null);
    });
  }
  test("a mark without CAP_NET_ADMIN", () => {
    expect(compile(parseFilter("fwmark = 1 sport = 2")!, "sockeye").pushed).toEqual(
      parseFilter("sport = 2"),
    );
  });
});

test("a list too long to pay is left to user space", () => {
  const ports = (count: number) => Array.from({ length: count }, (_, i) => 1000 + 2 * i).join(",");
  expect(own(`sport = ${ports(100)}`).residual).toBeNull();
  expect(decode(own(`sport = ${ports(MAX_COMPARISONS)}`).program!).length).toBe(
    2 * MAX_COMPARISONS - 1,
  );
  expect(own(`sport = ${ports(MAX_COMPARISONS + 1)}`).program).toBeNull();
});

test("a program that no attribute holds is not made", () => {
  expect(ss("sport = 1" + " or sport = 2".repeat(4000)).program!.length).toBe(12 + 4000 * 16);
  expect(ss("sport = 1" + " or sport = 2".repeat(4100)).program).toBeNull();
});

describe("in the ss dialect the quirks of ss are kept", () => {
  test("one dev takes the whole program away", () => {
    expect(ss("sport = 22").program).not.toBeNull();
    expect(ss("sport = 22 and dev != 1").program).toBeNull();
  });
  test("of a name with several addresses the first is sent", () => {
    const addresses = () => [new Uint8Array([10, 0, 0, 1]), new Uint8Array([10, 0, 0, 2])];
    expect(disassemble(ss("src two", { ...NO_NAMES, addresses }).program!)).toEqual([
      "    0  s_cond      10.0.0.1, accept, else reject",
    ]);
  });
  test("ports are cut to 16 bits in comparisons, not in conditions", () => {
    expect(disassemble(ss("sport >= 65558").program!)).toEqual([
      "    0  s_ge        port 22, accept, else reject",
    ]);
    expect(disassemble(ss("sport = 65558").program!)).toEqual([
      "    0  s_cond      port 65558, accept, else reject",
    ]);
  });
  test("greater is not less or equal", () => {
    expect(disassemble(ss("sport > 80").program!)).toEqual([
      "    0  s_le        port 80, else accept",
      "    8  jmp reject",
    ]);
  });
  test("other families are left to user space, and everything is tested again there", () => {
    expect(ss("src unix:/run/*").program).toBeNull();
    expect(ss("src netlink:4 or sport = inet:1").program).toBeNull();
    const { expr } = parseSsFilter(["sport = 22"]);
    expect(compile(expr!, "ss").residual).toEqual(expr);
  });
});

// A small world, so that conditions and sockets often meet.
const port = fc.constantFrom(0, 1, 22, 80, 8000, 65535);
const v4 = fc.constantFrom(0, 0x0a000001, 0x0a000002, 0x0aff0000, 0x7f000001, 0xffffffff);
const words = fc.oneof(
  fc.tuple(v4, fc.constant(0), fc.constant(0), fc.constant(0)),
  fc.tuple(fc.constant(0), fc.constant(0), fc.constantFrom(0, 0xffff), v4),
  fc.tuple(fc.constantFrom(0xfe800000, 0xfd000000), fc.constant(0), fc.constant(0), v4),
) as fc.Arbitrary<[number, number, number, number]>;
const prefix: fc.Arbitrary<Prefix> = fc.oneof(
  fc.record({
    family: fc.constant(AF_INET),
    words: v4.map((a) => [a, 0, 0, 0] as const),
    length: fc.integer({ min: 0, max: 32 }),
  }),
  fc.record({ family: fc.constant(AF_INET6), words, length: fc.integer({ min: 0, max: 128 }) }),
);
const ports = fc.array(fc.tuple(port, port), { maxLength: 3 }).map((pairs) =>
  ranges(pairs.map(([a, b]) => ({ first: Math.min(a, b), last: Math.max(a, b) })))
);
const end = fc.constantFrom("source" as const, "destination" as const);

/** Conditions that the kernel can test exactly. */
const exact: fc.Arbitrary<Expr> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("host" as const),
      end,
      addresses: fc.array(prefix, { maxLength: 2 }),
      ports: fc.option(ports),
    }),
  },
  fc.record({
    kind: fc.constant("device" as const),
    name: fc.constant("2"),
    index: fc.constantFrom(0, 1, 2),
  }),
  fc.constantFrom(0, 1, 0x80000001, 0xffffffff).chain((mask) =>
    fc.constantFrom(0, mask).map((mark) => ({ kind: "mark" as const, mark, mask }))
  ),
  fc.record({
    kind: fc.constant("cgroup" as const),
    path: fc.constant("/a"),
    id: fc.constantFrom(7n, 0x1_0000_0007n),
  }),
);

/** Conditions that it cannot. */
const inexact: fc.Arbitrary<Expr> = fc.oneof(
  fc.constant({ kind: "autobound" as const }),
  fc.record({ kind: fc.constant("pid" as const), pids: ports }),
  fc.record({ kind: fc.constant("state" as const), states: fc.constantFrom(0, 2, 1024) }),
);

function tree(leaf: fc.Arbitrary<Expr>): fc.Arbitrary<Expr> {
  return fc.letrec<{ expr: Expr }>((tie) => ({
    expr: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      leaf,
      fc.array(tie("expr"), { minLength: 1, maxLength: 3 }).map((terms) => all(terms)),
      fc.array(tie("expr"), { minLength: 1, maxLength: 3 }).map((terms) => any(terms)),
      tie("expr").map((term) => not(term)),
    ),
  })).expr;
}

const sockets = fc.record({
  family: fc.constantFrom(AF_INET, AF_INET6),
  sourcePort: port,
  destinationPort: port,
  source: words,
  destination: words,
  ifindex: fc.constantFrom(0, 1, 2),
  mark: fc.constantFrom(0, 1, 0x80000001),
  cgroupId: fc.constantFrom(7n, 0x1_0000_0007n, null),
  pids: fc.array(port, { maxLength: 2 }),
  stateNumber: fc.constantFrom(1, 10),
  portWasNamed: fc.boolean(),
}).map(({ source, destination, ...facts }): FilterSubject & BytecodeSubject => {
  // The kernel's view of an IPv4 address is one word.
  const cut = (words: readonly number[]) => facts.family === AF_INET ? [words[0]!, 0, 0, 0] : words;
  return {
    ...subject(facts),
    portWasNamed: facts.portWasNamed,
    sourceWord: (i) => cut(source)[i]!,
    destinationWord: (i) => cut(destination)[i]!,
  };
});

test("a program lets every matching row pass", () => {
  fc.assert(
    fc.property(tree(fc.oneof(exact, inexact)), fc.array(sockets), (expr, rows) => {
      const { program, pushed, residual } = compile(expr, "sockeye", ALLOWED);
      for (const row of rows) {
        const wanted = evaluate(expr, row, "sockeye");
        const passed = program === null || simulate(program, row);
        if (wanted) expect(passed).toBe(true);
        if (pushed !== null) expect(passed).toBe(evaluate(pushed, row, "sockeye"));
        const rest = residual === null || evaluate(residual, row, "sockeye");
        expect(passed && rest).toBe(wanted);
      }
    }),
    runs(400),
  );
});

test("a program of conditions that the kernel knows is exact", () => {
  fc.assert(
    fc.property(tree(exact), fc.array(sockets), (expr, rows) => {
      const { program, residual } = compile(expr, "sockeye", ALLOWED);
      if (program !== null) expect(residual).toBeNull();
      for (const row of rows) {
        if (program === null) continue;
        expect(simulate(program, row)).toBe(evaluate(expr, row, "sockeye"));
      }
    }),
    runs(400),
  );
});

test("in the ss dialect a program without quirks passes what user space does, within a family", () => {
  const leaf: fc.Arbitrary<Expr> = fc.record({
    kind: fc.constant("port_order" as const),
    end,
    operator: fc.constantFrom(">=" as const, "<=" as const),
    port,
  });
  fc.assert(fc.property(tree(leaf), fc.array(sockets), (expr, rows) => {
    const { program } = compile(expr, "ss");
    for (const row of rows) expect(simulate(program!, row)).toBe(evaluate(expr, row, "ss"));
  }));
});

test("any bytes give a listing or a DecodeError", () => {
  const op = fc.tuple(
    fc.integer({ min: 0, max: 15 }),
    fc.constantFrom(4, 8, 12, 16, 255),
    fc.constantFrom(4, 8, 12, 16, 20),
    fc.constantFrom(0, 0, 1),
  );
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 64 }),
    fc.array(op, { maxLength: 12 }).map((ops) => Uint8Array.from(ops.flat())),
  );
  let listed = 0;
  fc.assert(
    fc.property(bytes, sockets, (program, row) => {
      try {
        listed += disassemble(program).length;
        simulate(program, row);
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
      }
    }),
    runs(2000),
  );
  expect(listed).toBeGreaterThan(0);
});

test("a tree can be explained after it went through the compiler", () => {
  expect(describeFilter(own("not (sport = 1 and (dport = 2 or pid = 3))").residual!)).toBe(
    "any of\n  not\n    sport = 1\n  all of\n    not\n      dport = 2\n    not\n      pid = 3",
  );
});
