/**
 * Clock: the kernel's time since boot as wall time.
 *
 * @module
 */
import { CLOCK_BOOTTIME, CLOCK_REALTIME, clockNs } from "../../ffi/clock.ts";

/** Turns nanoseconds since boot into nanoseconds since the epoch. */
export class Clock {
  /** What lies between, as it was when this was made: it stays, so that differences between events are those of the clock that never jumps. */
  readonly #offset: bigint;

  constructor() {
    // Another process may run between the two questions, so the closest of some pairs counts.
    let best: readonly [width: bigint, offset: bigint] | null = null;
    for (let i = 0; i < 5; i++) {
      const before = clockNs(CLOCK_BOOTTIME);
      const wall = clockNs(CLOCK_REALTIME);
      const after = clockNs(CLOCK_BOOTTIME);
      const width = after - before;
      if (best === null || width < best[0]) best = [width, wall - (before + after) / 2n];
    }
    this.#offset = best![1];
  }

  /** Wall time of a moment. */
  wall(bootNs: number): bigint {
    return BigInt(bootNs) + this.#offset;
  }

  /** Now, in nanoseconds since boot. */
  now(): number {
    return Number(clockNs(CLOCK_BOOTTIME));
  }
}
