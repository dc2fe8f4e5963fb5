import { expect, test } from "bun:test";
import fc from "fast-check";
import { OwnerIndex } from "../../src/store/owner_index.ts";
import { DescriptorTable } from "../../src/proc/descriptors.ts";

// Few, so that sockets are shared, repeated and missing.
const inodes = fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 40 });

test("finds every descriptor of what was asked for, and counts what nobody holds", () => {
  fc.assert(fc.property(inodes, inodes, inodes, (wanted, early, late) => {
    const table = new DescriptorTable();
    const index = new OwnerIndex(table);
    for (const inode of wanted) index.want(inode);
    for (const part of [early, late]) {
      for (const inode of part) table.push(1, 0, table.length, inode);
      index.update();
      const held = Array.from({ length: table.length }, (_, row) => table.inode(row));
      const missing = new Set(wanted.filter((inode) => inode !== 0 && !held.includes(inode)));
      expect(index.unfound).toBe(missing.size);
      for (const inode of new Set(wanted)) {
        const first = index.first(inode);
        const rows = inode === 0 ? [] : held.flatMap((other, row) => other === inode ? [row] : []);
        expect(first === 0 ? [] : index.rowsFrom(first).sort((a, b) => a - b)).toEqual(rows);
        if (first !== 0) expect(index.isAlone(first)).toBe(rows.length === 1);
      }
    }
  }));
});

test("takes no room for sockets that were not asked for", () => {
  const table = new DescriptorTable();
  const index = new OwnerIndex(table);
  index.want(7);
  table.push(1, 0, 3, 8);
  index.update();
  expect([index.first(8), index.first(7), index.unfound]).toEqual([0, 0, 1]);
});

/** (pid, tid, fd, inode). */
const descriptors = fc.array(
  fc.tuple(fc.nat(3), fc.constantFrom(0, 11, 12), fc.nat(4), fc.nat(6)),
  {
    maxLength: 40,
  },
);

test("has all inodes of a table, the descriptors of each in descending order", () => {
  fc.assert(fc.property(descriptors, (held) => {
    const table = new DescriptorTable();
    for (const row of held) table.push(...row);
    const index = OwnerIndex.ofAll(table);
    for (let inode = 0; inode <= 7; inode++) {
      const found = index.rows(inode).map((row) => held[row]!);
      const expected = held.filter((row) => inode !== 0 && row[3] === inode)
        .toSorted((a, b) => b[0] - a[0] || b[1] - a[1] || b[2] - a[2]);
      expect(found).toEqual(expected);
      const only = index.only(inode);
      expect(only < 0 ? null : held[only]!).toEqual(expected.length === 1 ? expected[0]! : null);
    }
  }));
});
