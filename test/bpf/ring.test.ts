import { expect, test } from "bun:test";
import { BPF_PROG_TYPE_RAW_TRACEPOINT, tryLoadProgram, tryRunOnce } from "../../ffi/bpf.ts";
import { close } from "../../ffi/files.ts";
import { POLLIN, PollSet } from "../../ffi/poll.ts";
import { assemble } from "../../src/bpf/assembler.ts";
import {
  aluImmediate,
  call,
  exit,
  loadMap,
  move,
  moveImmediate,
  R0,
  R1,
  R10,
  R2,
  R3,
  R4,
  storeImmediate,
} from "../../src/bpf/instruction.ts";
import { probePermission } from "../../src/bpf/probe.ts";
import { Ring } from "../../src/bpf/ring.ts";
import { describeIf } from "../support/skip.ts";

const permission = probePermission();
const PAGE = 4096;

function ringOf(size: number): Ring {
  const made = Ring.create(size);
  if (!made.ok) throw new Error(made.reason);
  return made.value;
}

/** A program that writes a record of 16 bytes, the first eight of which are `value`. */
function writer(ring: Ring, value: number): Disposable & { run(): void } {
  const fd = tryLoadProgram({
    type: BPF_PROG_TYPE_RAW_TRACEPOINT,
    attachType: 0,
    attachBtfId: 0,
    name: "test_writer",
    instructions: assemble([
      storeImmediate(8, R10, -16, value),
      storeImmediate(8, R10, -8, -1),
      loadMap(R1, ring.fd),
      move(R2, R10),
      aluImmediate(R2, "+=", -16),
      moveImmediate(R3, 16),
      moveImmediate(R4, 0),
      call(130),
      moveImmediate(R0, 0),
      exit(),
    ]),
  });
  expect(fd).toBeGreaterThanOrEqual(0);
  return {
    run: () => expect(tryRunOnce(fd)).toBe(0),
    [Symbol.dispose]: () => close(fd),
  };
}

describeIf(permission.ok ? null : permission.reason, "Ring", () => {
  test("gives records in the order in which they were written, also past its end", () => {
    using ring = ringOf(PAGE);
    using one = writer(ring, 1);
    using two = writer(ring, 2);
    const poll = new PollSet([[ring.fd, POLLIN]]);
    poll.wait(0);
    expect(poll.isReady(0)).toBe(false);
    // Twice as many as there is room for at once, so that records lie across the end.
    const read: number[] = [];
    for (let i = 0; i < 400; i++) {
      one.run();
      two.run();
      poll.wait(0);
      expect(poll.isReady(0)).toBe(true);
      ring.drain((start, length) => {
        expect(length).toBe(16);
        read.push(Number(ring.view.getBigUint64(start, true)));
        expect(ring.view.getBigInt64(start + 8, true)).toBe(-1n);
      });
    }
    expect(read).toEqual(Array.from({ length: 800 }, (_, i) => i % 2 + 1));
  });

  test("is full when nobody reads, and goes on when somebody does", () => {
    using ring = ringOf(PAGE);
    using one = writer(ring, 7);
    for (let i = 0; i < 1000; i++) one.run();
    let count = 0;
    ring.drain(() => count++);
    // A record takes 24 bytes with its header. The kernel keeps a little free.
    expect(count).toBeGreaterThan(150);
    expect(count).toBeLessThanOrEqual(Math.floor(PAGE / 24));
    one.run();
    expect(ring.drain(() => {})).toBe(1);
  });

  test("reads no more than it is asked for", () => {
    using ring = ringOf(PAGE);
    using one = writer(ring, 7);
    for (let i = 0; i < 10; i++) one.run();
    expect(ring.drain(() => {}, 4)).toBe(4);
    expect(ring.drain(() => {})).toBe(6);
  });

  // Compiled code once took an exchange for a load, and ended the program on a page that is read-only.
  test("reads so many records that the code is compiled", () => {
    using ring = ringOf(PAGE);
    using one = writer(ring, 7);
    let count = 0;
    for (let i = 0; i < 40_000; i++) {
      one.run();
      count += ring.drain(() => {});
    }
    expect(count).toBe(40_000);
  }, 120_000);
});
