import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { assemble } from "../../../src/bpf/assembler.ts";
import {
  exit,
  label,
  load,
  moveImmediate,
  R0,
  R1,
  R10,
  store,
} from "../../../src/bpf/instruction.ts";
import { conditionCode, kernelPart, mayBe } from "../../../src/events/kernel/condition.ts";
import { AT, RECORD_SIZE } from "../../../src/events/kernel/record.ts";
import { evaluate, type Expr, parseFilter } from "../../../src/filter/mod.ts";
import { AF_INET, AF_INET6 } from "../../../src/model/address_family.ts";
import { parseAddress } from "../../../src/model/endpoint.ts";
import { subject } from "../../filter/subjects.ts";
import { Simulator } from "../../support/bpf_simulator.ts";
import { runs } from "../../support/runs.ts";

/** What is in a record. */
interface Made {
  readonly family: number;
  readonly type?: number;
  readonly protocol: number;
  readonly src?: string;
  readonly dst?: string;
  readonly sport?: number;
  readonly dport?: number;
  readonly pid?: number;
}

/** Runs the instructions for an expression over a record on the stack: true if it passes. */
function passes(expr: Expr, made: Made): boolean {
  const simulator = new Simulator();
  const record = new Uint8Array(RECORD_SIZE);
  const view = new DataView(record.buffer);
  view.setUint16(AT.family, made.family, true);
  view.setUint16(AT.type, made.type ?? 1, true);
  view.setUint16(AT.protocol, made.protocol, true);
  if (made.src !== undefined) record.set(parseAddress(made.src)!, AT.local);
  if (made.dst !== undefined) record.set(parseAddress(made.dst)!, AT.peer);
  view.setUint16(AT.localPort, made.sport ?? 0, true);
  view.setUint16(AT.peerPort, made.dport ?? 0, true);
  view.setUint32(AT.tgid, made.pid ?? 0, true);
  // The record comes as the context, and is copied to where a program has it.
  const copy = Array.from({ length: RECORD_SIZE / 8 }, (_, i) => [
    load(8, R0, R1, 8 * i),
    store(8, R10, 8 * i - RECORD_SIZE, R0),
  ]).flat();
  const program = assemble([
    ...copy,
    ...conditionCode(expr, -RECORD_SIZE, "no", "test"),
    moveImmediate(R0, 1),
    exit(),
    label("no"),
    moveImmediate(R0, 0),
    exit(),
  ]);
  return simulator.run(program, simulator.allocate(record)) === 1n;
}

const kernelFilter = (text: string) => kernelPart(parseFilter(text))!;

const tcp: Made = {
  family: AF_INET,
  protocol: 6,
  src: "10.0.0.1",
  dst: "192.0.2.7",
  sport: 443,
  dport: 50_000,
  pid: 80,
};

describe("conditionCode()", () => {
  test.each<[string, Made, boolean]>([
    ["tcp", tcp, true],
    ["udp", tcp, false],
    ["not udp", tcp, true],
    ["udp", { ...tcp, protocol: 17, type: 2 }, true],
    ["udp", { ...tcp, protocol: 17, type: 3 }, false],
    ["transport = udp", { ...tcp, protocol: 17, type: 2 }, true],
    ["sport = 443", tcp, true],
    ["sport = 80,440-443", tcp, true],
    ["sport = 80", tcp, false],
    ["port = 50000", tcp, true],
    ["dport < 1024", tcp, false],
    ["dst 192.0.2.7", tcp, true],
    ["dst 192.0.2.0/24 and pid 80", tcp, true],
    ["dst 192.0.2.0/29", tcp, true],
    ["dst 192.0.2.8/29", tcp, false],
    ["not dst 192.0.2.7", tcp, false],
    ["src 10/8 or dst 10/8", tcp, true],
    ["pid 81", tcp, false],
    ["dst 2001:db8::/33", { ...tcp, family: AF_INET6, dst: "2001:db8:7fff::1" }, true],
    ["dst 2001:db8::/33", { ...tcp, family: AF_INET6, dst: "2001:db8:8000::1" }, false],
    ["dst 192.0.2.7", { ...tcp, family: AF_INET6, dst: "::ffff:192.0.2.7" }, true],
    ["dst 192.0.2.7", { ...tcp, family: AF_INET6, dst: "::192.0.2.7" }, false],
    // What is not known yet passes, and its opposite too.
    ["dst 192.0.2.7", { family: AF_INET, protocol: 17 }, true],
    ["not dst 192.0.2.7", { family: AF_INET, protocol: 17 }, true],
    ["pid 81", { ...tcp, pid: 0 }, true],
  ])("%s", (text, made, expected) => {
    expect(passes(kernelFilter(text), made)).toBe(expected);
  });

  test("lets through whatever the filter itself is true of, and all that it judges alike where everything is known", () => {
    const address = fc.constantFrom("10.0.0.1", "10.1.2.3", "192.0.2.7", "255.255.255.255");
    const address6 = fc.constantFrom("2001:db8::1", "::ffff:10.0.0.1", "fe80::1", "ff02::2");
    const port = fc.integer({ min: 1, max: 65_535 });
    const made = fc.oneof(
      fc.record({ family: fc.constant(AF_INET), src: address, dst: address }),
      fc.record({ family: fc.constant(AF_INET6), src: address6, dst: address6 }),
    ).chain((ends) =>
      fc.record({
        protocol: fc.constantFrom(6, 17),
        sport: port,
        dport: port,
        pid: fc.integer({ min: 1, max: 1000 }),
      }).map((rest) => ({ ...ends, ...rest }))
    );
    const leaf = fc.oneof(
      fc.constantFrom(
        "tcp",
        "udp",
        "src 10/8",
        "dst 10.0.0.1",
        "dst 192.0.2.0/25",
        "src fe80::/10",
      ),
      fc.constantFrom("dst ::ffff:0:0/96", "dst 2001:db8::/32", "src 0.0.0.0/1"),
      port.map((number) => `sport < ${number}`),
      port.map((number) => `dport >= ${number}`),
      fc.integer({ min: 1, max: 1000 }).map((number) => `pid ${number}-`),
    );
    const { text } = fc.letrec<{ text: string }>((tie) => ({
      text: fc.oneof(
        { maxDepth: 4 },
        leaf,
        tie("text").map((inner) => `not (${inner})`),
        fc.tuple(tie("text"), tie("text")).map(([a, b]) => `(${a}) and (${b})`),
        fc.tuple(tie("text"), tie("text")).map(([a, b]) => `(${a}) or (${b})`),
      ),
    }));
    fc.assert(
      fc.property(text, made, (text, made) => {
        const expr = parseFilter(text)!;
        const part = kernelPart(expr);
        if (part === null) return;
        const expected = evaluate(
          expr,
          subject({ ...made, transport: made.protocol === 6 ? "tcp" : "udp", pids: [made.pid] }),
          "sockeye",
        );
        expect(passes(part, made)).toBe(expected);
      }),
      runs(300),
    );
  });
});

describe("kernelPart()", () => {
  test("leaves to the filter outside what the kernel does not know", () => {
    expect(kernelPart(parseFilter("process = nginx"))).toBeNull();
    expect(kernelPart(parseFilter("tcp or process = nginx"))).toBeNull();
    expect(kernelPart(parseFilter("tcp and process = nginx"))).toEqual(parseFilter("tcp"));
    expect(kernelPart(null)).toBeNull();
  });
});

describe("mayBe()", () => {
  test.each<[string, string[]]>([
    ["udp", ["udp"]],
    ["tcp or family unix", ["unix", "tcp"]],
    ["udp and dst 10.0.0.53", ["udp"]],
    ["dst 10.0.0.53", ["unix", "raw", "udp", "tcp"]],
    ["transport = icmp", ["raw"]],
  ])("%s", (text, expected) => {
    const all = ["unix", "raw", "udp", "tcp"] as const;
    expect(all.filter((what) => mayBe(parseFilter(text), what))).toEqual(expected as never);
  });
});
