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

/** What a cell takes of a chunk, with its length and its padding. */
export function chunkLength(length: number): number {
  return length + (length & 1) + LENGTH_SIZE;
}

/** Counts chunks, cell by cell. */
export class ChunkCounter {
  #chunks = 1;
  /** Bytes of the last chunk in use, up to and with the length of the current cell. */
  #used = LENGTH_SIZE;

  /** Forgets everything: ss freed its chunks. */
  reset(): void {
    this.#chunks = 1;
    this.#used = LENGTH_SIZE;
  }

  /** Chunks in use when the current cell, which has not ended, is of `length` bytes. */
  with(length: number): number {
    return this.#fits(length) ? this.#chunks : this.#chunks + 1;
  }

  /** A cell has ended. */
  add(length: number): void {
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

  /** How many bytes fit into the current chunk, whatever cells they belong to. */
  get room(): number {
    return CHUNK_SIZE - this.#used - 2 * LENGTH_SIZE;
  }

  /** Counts cells that have ended and take so many bytes. There was {@linkcode ChunkCounter.room} for them. */
  fill(bytes: number): void {
    this.#used += bytes;
  }

  #fits(length: number): boolean {
    return length === 0 || this.#used + length < CHUNK_SIZE || this.#used === LENGTH_SIZE;
  }
}
