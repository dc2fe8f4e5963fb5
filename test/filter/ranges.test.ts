import { expect, test } from "bun:test";
import fc from "fast-check";
import { contains, membership, ranges } from "../../src/filter/ranges.ts";

test("a set holds what its ranges hold, however it is asked", () => {
  const number = fc.oneof(fc.integer({ min: -3, max: 30 }), fc.integer({ min: 65530, max: 65540 }));
  const range = fc.tuple(number, number).map(([first, last]) => ({ first, last }));
  fc.assert(fc.property(fc.array(range), number, (list, value) => {
    const set = ranges(list);
    const expected = list.some(({ first, last }) => first <= value && value <= last);
    expect(contains(set, value)).toBe(expected);
    expect(membership(set)(value)).toBe(expected);
    for (let i = 1; i < set.length; i++) {
      expect(set[i]!.first).toBeGreaterThan(set[i - 1]!.last + 1);
    }
  }));
});
