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

test("chains that call each other without end are given up on, and that is said", () => {
  const loop: ChainRule = { conditions: ANY_PACKET, outcome: { kind: "jump", chain: "a" } };
  expect(followRules(["a"], () => [loop, loop], () => {})).toBe(false);
});
