import { expect, test } from "bun:test";
import fc from "fast-check";
import { ChunkCounter, chunkLength, CHUNKS_MAX } from "../../../../src/tools/ss/layout/chunks.ts";

const CHUNK = 1024 * 1024 - 16;

/** The same, written down as it is told: chunks of memory that are really filled. */
function fill(lengths: readonly number[], current: number): number {
  const chunks = [2];
  const put = (length: number) => {
    const used = chunks.at(-1)!;
    if (length > 0 && used + length >= CHUNK && used !== 2) chunks.push(2 + length);
    else chunks[chunks.length - 1] = used + length;
  };
  for (const length of lengths) {
    put(length);
    const even = chunks.at(-1)! + (length & 1);
    if (CHUNK - even < 2) chunks.push(2);
    else chunks[chunks.length - 1] = even + 2;
  }
  put(current);
  return chunks.length;
}

function count(counter: ChunkCounter, lengths: readonly number[], current: number): number {
  for (const length of lengths) counter.add(length);
  return counter.with(current);
}

test("the fifth chunk is noticed with the cell that opens it", () => {
  const lengths = new Array(130).fill(32_000);
  // 32 cells of 32,002 bytes fit into a chunk.
  expect(fill(lengths.slice(0, 127), 32_000)).toBe(4);
  expect(fill(lengths.slice(0, 128), 32_000)).toBe(5);
  expect(count(new ChunkCounter(), lengths.slice(0, 127), 32_000)).toBe(4);
  expect(count(new ChunkCounter(), lengths.slice(0, 128), 32_000)).toBe(5);
});

test("whether there are five is known whatever the cells are", () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.nat(80), fc.integer({ min: 60_000, max: 65_535 })), {
        minLength: 1,
        maxLength: 60,
      }),
      fc.integer({ min: 1, max: 4 }),
      fc.nat(65_535),
      (pattern, times, current) => {
        const lengths = Array.from({ length: times }, () => pattern).flat();
        const enough = (chunks: number) => chunks >= CHUNKS_MAX;
        expect(enough(count(new ChunkCounter(), lengths, current))).toBe(
          enough(fill(lengths, current)),
        );
      },
    ),
  );
});

test("counting goes on where it stopped, and starts anew after a reset", () => {
  const counter = new ChunkCounter();
  const lengths = new Array(160).fill(32_000);
  expect(count(counter, lengths.slice(0, 126), 7)).toBe(4);
  expect(count(counter, lengths.slice(126), 7)).toBe(fill(lengths, 7));
  counter.reset();
  expect(count(counter, lengths.slice(0, 126), 7)).toBe(4);
});

test("many cells that fit for certain are counted in one go", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(60), { maxLength: 40 }), fc.nat(3000), (cells, before) => {
      const first = new Array(before).fill(350);
      const counter = new ChunkCounter();
      count(counter, first, 0);
      const bytes = cells.reduce((sum, length) => sum + chunkLength(length), 0);
      fc.pre(bytes <= counter.room);
      counter.fill(bytes);
      const after = new Array(12_000).fill(350);
      expect(count(counter, after, 7)).toBe(fill([...first, ...cells, ...after], 7));
    }),
  );
});
