/**
 * Conditions along rules.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { ANY_PACKET, both, type ChainRule, followRules } from "../../src/reach/nat_rule.ts";

const ports = (...ranges: [number, number][]) => ({
  ...ANY_PACKET,
  ports: ranges.map(([first, last]) => ({ first, last })),
});

describe("two conditions", () => {
  test("are met by what both allow", () => {
    expect(both(ports([80, 90], [100, 100]), ports([85, 100]))?.ports)
      .toEqual([{ first: 85, last: 90 }, { first: 100, last: 100 }]);
    expect(both({ ...ANY_PACKET, protocol: "tcp" }, { ...ANY_PACKET, address: "10.0.0.1" }))
      .toEqual({ ...ANY_PACKET, protocol: "tcp", address: "10.0.0.1" });
    expect(both({ ...ANY_PACKET, more: true }, ANY_PACKET)?.more).toBe(true);
  });

  test("that exclude each other are met by nothing", () => {
    expect(both(ports([80, 80]), ports([81, 81]))).toBeNull();
    expect(both({ ...ANY_PACKET, protocol: "tcp" }, { ...ANY_PACKET, protocol: "udp" })).toBeNull();
    expect(both({ ...ANY_PACKET, address: "10.0.0.1" }, { ...ANY_PACKET, address: "10.0.0.2" }))
      .toBeNull();
  });
});

test("of a large table only what may be about the ports that were asked for is followed", () => {
  const about = (port: number | null, outcome: ChainRule["outcome"]): ChainRule => ({
    conditions: {
      ...ANY_PACKET,
      ports: port === null ? null : [{ first: port, last: port }],
    },
    outcome,
  });
  const jump = (chain: string) => ({ kind: "jump", chain }) as const;
  const dnat = (address: string) => ({ kind: "dnat", address, port: null }) as const;
  const looked: string[] = [];
  const chains: Record<string, readonly ChainRule[]> = {
    in: [about(80, jump("a")), about(81, jump("b")), about(null, jump("c"))],
    a: [about(null, dnat("10.0.0.1"))],
    b: [about(null, { kind: "opaque" })],
    c: [about(80, dnat("10.0.0.3")), about(82, dnat("10.0.0.4")), about(null, dnat("10.0.0.5"))],
  };
  const follow = (ports?: readonly number[]) => {
    looked.length = 0;
    const found: string[] = [];
    const rulesOf = (chain: string) => {
      looked.push(chain);
      return chains[chain]!;
    };
    const whole = followRules(["in"], rulesOf, ({ ports }, address) => {
      // A rule without ports stays one.
      found.push(`${address} ${ports?.[0]?.first ?? "any"}`);
    }, ports);
    return { found, whole };
  };
  expect(follow([80])).toEqual({
    found: ["10.0.0.1 80", "10.0.0.3 80", "10.0.0.5 any"],
    whole: true,
  });
  expect(looked).toEqual(["in", "a", "c"]);
  // What cannot be followed matters to those who asked for it.
  expect(follow([81]).whole).toBe(false);
  expect(follow([82, 80]).found).toHaveLength(4);
  expect(follow().found).toHaveLength(4);
});

test("chains that call each other without end are given up on, and that is said", () => {
  const loop: ChainRule = { conditions: ANY_PACKET, outcome: { kind: "jump", chain: "a" } };
  expect(followRules(["a"], () => [loop, loop], () => {})).toBe(false);
});
