import { expect, test } from "bun:test";
import fc from "fast-check";
import { InodeMap } from "../../src/store/inode_map.ts";

const inode = fc.oneof(
  fc.integer({ min: 1, max: 200 }),
  fc.integer({ min: 1, max: 0xffff_ffff }),
  fc.integer({ min: 0x1_0000_0000, max: Number.MAX_SAFE_INTEGER }),
);

test("is a map of numbers, whatever is done in whichever order", () => {
  const step = fc.tuple(
    fc.constantFrom("put", "replace", "get"),
    inode,
    fc.integer({ min: 0, max: 2 ** 31 - 1 }),
  );
  fc.assert(fc.property(fc.array(step, { maxLength: 300 }), fc.nat({ max: 50 }), (steps, count) => {
    const map = new InodeMap(count);
    const known = new Map<number, number>();
    for (const [kind, inode, value] of steps) {
      const before = known.get(inode);
      if (kind === "put") {
        expect(map.put(inode, value)).toBe(before ?? 0);
        known.set(inode, value);
      } else if (kind === "replace") {
        expect(map.replace(inode, value)).toBe(before ?? -1);
        if (before !== undefined) known.set(inode, value);
      } else expect(map.get(inode)).toBe(before ?? 0);
    }
    expect(map.size).toBe(known.size);
    for (const [inode, value] of known) {
      expect([map.has(inode), map.get(inode)]).toEqual([true, value]);
    }
  }));
});

test("knows inodes that share a slot, and finds room for more than it was made for", () => {
  const map = new InodeMap();
  // The bits above 32 do not count in the choice of a slot.
  const twins = Array.from({ length: 500 }, (_, i) => 8 + i * 0x1_0000_0000);
  for (const [i, twin] of twins.entries()) map.put(twin, i + 1);
  expect(twins.map((twin) => map.get(twin))).toEqual(twins.map((_, i) => i + 1));
  expect(map.has(9)).toBe(false);
});

test("has nothing for inode 0", () => {
  const map = new InodeMap();
  expect(map.put(0, 7)).toBe(0);
  expect(map.replace(0, 7)).toBe(-1);
  expect([map.has(0), map.get(0), map.size]).toEqual([false, 0, 0]);
  for (let inode = 1; inode < 100; inode++) expect(map.get(inode)).toBe(0);
});
