/**
 * Random numbers that a seed repeats.
 *
 * @module
 */

/** A sequence of random numbers: the same seed and index give the same one. */
export class Random {
  #state: number;

  /** `index` parts the sequences of one seed, so that the hundredth can be had without those before. */
  constructor(seed: number, index: number) {
    this.#state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b)) >>> 0;
    // The first numbers of neighbours are alike.
    for (let i = 0; i < 8; i++) this.next();
  }

  /** At least 0, below 1. The generator is mulberry32, in the public domain. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ this.#state >>> 15, this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ mixed >>> 7, mixed | 61);
    return ((mixed ^ mixed >>> 14) >>> 0) / 2 ** 32;
  }

  /** An integer, at least 0 and below `limit`. */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  /** True as often as `share` of 1 says. */
  chance(share: number): boolean {
    return this.next() < share;
  }

  pick<T>(from: readonly T[]): T {
    if (from.length === 0) throw new RangeError("There is nothing to pick from");
    return from[this.below(from.length)]!;
  }
}
