/**
 * How many chunks of memory ss would have filled, which decides when it prints.
 *
 * A chunk has room for 1 MiB less its own header of 16 bytes. Each cell has its length before it, in two bytes at an even
 * address. A cell that does not fit moves to a new chunk as a whole.
 *
 * @module
 */

const CHUNK_SIZE = 1024 * 1024 - 16;
const LENGTH_SIZE = 2;
/** With so many chunks at the end of a row, ss prints what it has. */
export const CHUNKS_MAX = 5;
/** What the cells of four full chunks have at least: short of that nobody needs to count. */
const FEWEST = (CHUNKS_MAX - 1) * CHUNK_SIZE - (CHUNKS_MAX - 1) * 0x1_0002;

/** Counts along, but only when it begins to matter. */
export class ChunkCounter {
  #counted = 0;
  #end = 0;
  #chunks = 0;
  /** Bytes of the last chunk in use, up to and with the length of the current cell. */
  #used = 0;

  /** Forgets everything: ss freed its chunks. */
  reset(): void {
    this.#counted = 0;
    this.#end = 0;
    this.#chunks = 0;
    this.#used = 0;
  }

  /**
   * Chunks with the cells that ended, and a current one of `length` bytes. `ends` are the ends of `count` cells, `total` the
   * bytes of all.
   */
  withCell(ends: Int32Array, count: number, total: number, length: number): number {
    // Length and padding are three bytes a cell at most.
    if (total + 3 * count < FEWEST) return 0;
    if (this.#chunks === 0) {
      this.#chunks = 1;
      this.#used = LENGTH_SIZE;
    }
    for (; this.#counted < count; this.#counted++) {
      const end = ends[this.#counted]!;
      this.#add(end - this.#end);
      this.#end = end;
    }
    return this.#fits(length) ? this.#chunks : this.#chunks + 1;
  }

  #fits(length: number): boolean {
    return length === 0 || this.#used + length < CHUNK_SIZE || this.#used === LENGTH_SIZE;
  }

  #add(length: number): void {
    if (!this.#fits(length)) {
      this.#chunks++;
      this.#used = LENGTH_SIZE;
    }
    const used = this.#used + length;
    const padding = length & 1;
    if (CHUNK_SIZE - used - padding < LENGTH_SIZE) {
      this.#chunks++;
      this.#used = LENGTH_SIZE;
    } else this.#used = used + padding + LENGTH_SIZE;
  }
}
