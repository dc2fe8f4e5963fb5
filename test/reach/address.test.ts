/**
 * The reach of addresses, row by row of IANA's registries of special-purpose addresses as of 2025-10-09.
 */
import { describe, expect, test } from "bun:test";
import { formatAddress, parseAddress } from "../../src/model/endpoint.ts";
import { addressReach } from "../../src/reach/address.ts";

/** Block, and its column "globally reachable"; `null` is N/A. Then what we say: public unless the column is False. */
const REGISTRY: readonly (readonly [block: string, reachable: boolean | null, scope?: string])[] = [
  ["0.0.0.0/8", false],
  ["10.0.0.0/8", false],
  ["100.64.0.0/10", false],
  ["127.0.0.0/8", false, "loopback"],
  ["169.254.0.0/16", false, "link_local"],
  ["172.16.0.0/12", false],
  ["192.0.0.0/24", false],
  ["192.0.0.0/29", false],
  ["192.0.0.8/32", false],
  ["192.0.0.9/32", true],
  ["192.0.0.10/32", true],
  ["192.0.0.170/32", false],
  ["192.0.0.171/32", false],
  ["192.0.2.0/24", false],
  ["192.31.196.0/24", true],
  ["192.52.193.0/24", true],
  ["192.88.99.0/24", null],
  ["192.88.99.2/32", false],
  ["192.168.0.0/16", false],
  ["192.175.48.0/24", true],
  ["198.18.0.0/15", false],
  ["198.51.100.0/24", false],
  ["203.0.113.0/24", false],
  ["240.0.0.0/4", false],
  ["255.255.255.255/32", false, "link_local"],
  ["::1/128", false, "loopback"],
  ["64:ff9b::/96", true],
  ["64:ff9b:1::/48", false],
  ["100::/64", false],
  ["100:0:0:1::/64", false],
  ["2001::/23", false],
  ["2001::/32", null],
  ["2001:1::1/128", true],
  ["2001:1::2/128", true],
  ["2001:1::3/128", true],
  ["2001:2::/48", false],
  ["2001:3::/32", true],
  ["2001:4:112::/48", true],
  ["2001:10::/28", null],
  ["2001:20::/28", true],
  ["2001:30::/28", true],
  ["2001:db8::/32", false],
  ["2002::/16", null],
  ["2620:4f:8000::/48", true],
  ["3fff::/20", false],
  ["5f00::/16", false],
  ["fc00::/7", false],
  ["fe80::/10", false, "link_local"],
  // In other registries: multicast, and site-local, which is deprecated.
  ["224.0.0.0/4", null, "multicast"],
  ["ff00::/8", null, "multicast"],
  ["fec0::/10", false],
];

interface Block {
  readonly first: bigint;
  readonly last: bigint;
  readonly bits: number;
  readonly scope: string;
}

const number = (bytes: Uint8Array) => bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
const address = (value: bigint, bits: number) =>
  formatAddress(
    Uint8Array.from({ length: bits / 8 }, (_, i) =>
      Number(value >> BigInt(bits - 8 - 8 * i) & 0xffn)),
  );

const BLOCKS: readonly Block[] = REGISTRY.map(([block, reachable, scope]) => {
  const [text, length] = block.split("/");
  const bytes = parseAddress(text!)!;
  const bits = bytes.length * 8;
  const first = number(bytes);
  const last = first + (1n << BigInt(bits - Number(length))) - 1n;
  return { first, last, bits, scope: scope ?? (reachable === false ? "private" : "public") };
});

/** By the registry alone: the smallest block that holds the address. */
function wanted(value: bigint, bits: number): string {
  const holding = BLOCKS.filter((block) =>
    block.bits === bits && block.first <= value && value <= block.last
  );
  const size = ({ first, last }: Block) => last - first;
  return holding.reduce<Block | null>(
    (best, block) => best === null || size(block) < size(best) ? block : best,
    null,
  )?.scope ?? "public";
}

describe("every row of the registries", () => {
  test.each(REGISTRY.map(([block], i) => [block, i] as const))("%s", (_block, i) => {
    const { first, last, bits } = BLOCKS[i]!;
    // Both ends, the middle, and what lies just outside.
    for (const value of [first, first + 1n, (first + last) / 2n, last, first - 1n, last + 1n]) {
      if (value <= 0n || value >= 1n << BigInt(bits)) continue;
      const text = address(value, bits);
      // ::ffff:0:0/96 and :: are told by other rules.
      if (text.startsWith("::ffff:")) continue;
      expect([text, addressReach(text).scope]).toEqual([text, wanted(value, bits) as "public"]);
      if (bits === 32) {
        expect(addressReach(`::ffff:${text}`).scope).toBe(addressReach(text).scope);
      }
    }
  });
});

test("a reason names the block", () => {
  expect(addressReach("5f00::1").reasons).toEqual([
    "5f00::/16 is for identifiers of segments (SRv6)",
  ]);
  expect(addressReach("::1").reasons).toEqual(["::1 never leaves the host"]);
  expect(addressReach("192.0.0.9").reasons).toEqual([
    "192.0.0.9 is anycast of the Port Control Protocol",
  ]);
  expect(addressReach("10.1.2.3").reasons).toEqual(["10.0.0.0/8 is private"]);
  expect(addressReach("8.8.8.8")).toEqual({
    scope: "public",
    reasons: ["the address is routed globally"],
  });
});
