import { expect, test } from "bun:test";
import { RingReader } from "../../src/bpf/ring_reader.ts";

const PAGE = 4096;
const BUSY = 0x8000_0000;
const DISCARDED = 0x4000_0000;

/** A ring in memory of our own, which the kernel's is not to write to. */
class Memory {
  readonly consumer = new ArrayBuffer(PAGE);
  readonly producer = new ArrayBuffer(PAGE + 2 * PAGE);
  readonly reader = new RingReader(this.consumer, this.producer, PAGE, PAGE);
  readonly #words = new Uint32Array(this.producer);
  #written = 0;

  /** Adds a record of eight bytes. Returns where its header is. */
  add(value: number, flags = 0): number {
    const at = PAGE + this.#written % PAGE;
    for (const copy of [at, at + PAGE]) {
      if (copy + 16 > this.producer.byteLength) continue;
      this.#words[copy >>> 2] = (8 | flags) >>> 0;
      this.#words[(copy >>> 2) + 2] = value;
    }
    this.#written += 16;
    new BigUint64Array(this.producer, 0, 1)[0] = BigInt(this.#written);
    return at;
  }

  /** Says that a record is written. */
  done(at: number): void {
    this.#words[at >>> 2] = 8;
  }

  /** How far was read, as the kernel is told. */
  get read(): number {
    return Number(new BigUint64Array(this.consumer, 0, 1)[0]!);
  }
}

function values(memory: Memory): { readonly found: number[]; take(start: number): void } {
  const found: number[] = [];
  return { found, take: (start) => found.push(memory.reader.view.getUint32(start, true)) };
}

test("what is being written stops a look, and the next one goes on there", () => {
  const memory = new Memory();
  const { found, take } = values(memory);
  memory.add(1);
  const busy = memory.add(2, BUSY);
  memory.add(3);
  expect(memory.reader.drain(take)).toBe(1);
  expect(memory.read).toBe(16);
  memory.done(busy);
  expect(memory.reader.drain(take)).toBe(2);
  expect(found).toEqual([1, 2, 3]);
});

test("the last look waits for what is being written", () => {
  const memory = new Memory();
  const { found, take } = values(memory);
  const busy = memory.add(1, BUSY);
  memory.add(2);
  let pauses = 0;
  const lost = memory.reader.finish(take, 60_000, () => {
    if (++pauses === 3) memory.done(busy);
  });
  expect([lost, found, pauses]).toEqual([0, [1, 2], 3]);
});

test("the last look sees what a program writes just then", () => {
  const memory = new Memory();
  const { found, take } = values(memory);
  expect(memory.reader.finish(take, 60_000, () => found.length === 0 && memory.add(7))).toBe(0);
  expect(found).toEqual([7]);
});

test("what is not finished in time is counted, and what lies behind it is told", () => {
  const memory = new Memory();
  const { found, take } = values(memory);
  memory.add(1, BUSY);
  memory.add(2);
  memory.add(3, DISCARDED);
  memory.add(4, BUSY);
  memory.add(5);
  memory.add(6, BUSY);
  expect(memory.reader.finish(take, 0, () => {})).toBe(3);
  expect(found).toEqual([2, 5]);
});
