/**
 * PerfRing: what the kernel samples on one processor.
 *
 * ```text
 *  page 0   struct perf_event_mmap_page: … written u64 1024, read u64 1032; then the data, which wraps around
 *  record   type u32, misc u16, size u16, and by type:
 *           sample 9: pid u32, tid u32, time u64, size u32, the tracepoint's record
 *           lost 2: id u64, count u64        name 3: pid u32, tid u32, char[]
 *           fork 7: pid u32, parent u32, tid u32, parent's tid u32, time u64
 *           all but samples end with pid u32, tid u32, time u64
 * ```
 *
 * Source: include/uapi/linux/perf_event.h.
 *
 * @module
 */
import { Mapping } from "../../../ffi/mapping.ts";
import { pageSize } from "../../../ffi/process.ts";
import type { Bytes } from "../../model/owner.ts";

const WRITTEN_WORD = 1024 / 8;
const READ_WORD = 1032 / 8;
const HEADER = 8;

/** Types of record. */
export const PERF = { lost: 2, comm: 3, fork: 7, sample: 9 } as const;

const scratch = new Int32Array(new SharedArrayBuffer(4));

/** See the module. */
export class PerfRing {
  readonly #mapping: Mapping;
  readonly #words: BigUint64Array<ArrayBuffer>;
  readonly #dataAt: number;
  readonly #size: number;
  #position = 0;

  private constructor(mapping: Mapping, page: number) {
    this.#mapping = mapping;
    this.#words = new BigUint64Array(mapping.bytes.buffer, 0, page / 8);
    this.#dataAt = page;
    this.#size = mapping.bytes.length - page;
  }

  /** Maps the ring of an event: `size` bytes of data, a power of two of pages. `null` where the kernel gives no room. */
  static tryOf(fd: number, size: number): PerfRing | null {
    const page = pageSize();
    const mapping = Mapping.tryShared(fd, page + size, 0, true);
    return mapping === null ? null : new PerfRing(mapping, page);
  }

  /** Hands out all records, each as bytes of its own. */
  drain(take: (type: number, record: Bytes) => void): void {
    const written = Number(this.#words[WRITTEN_WORD]!);
    // No later load overtakes that one.
    Atomics.add(scratch, 0, 0);
    while (this.#position < written) {
      const header = this.#bytes(this.#position, HEADER);
      const view = new DataView(header.buffer);
      const size = view.getUint16(6, true);
      // The kernel writes no such record.
      if (size < HEADER) break;
      take(view.getUint32(0, true), this.#bytes(this.#position, size));
      this.#position += size;
    }
    this.#position = written;
    Atomics.store(this.#words, READ_WORD, BigInt(written));
  }

  #bytes(position: number, size: number): Bytes {
    const at = position % this.#size;
    const first = Math.min(size, this.#size - at);
    const { bytes } = this.#mapping;
    const copy = new Uint8Array(size);
    copy.set(bytes.subarray(this.#dataAt + at, this.#dataAt + at + first));
    if (first < size) copy.set(bytes.subarray(this.#dataAt, this.#dataAt + size - first), first);
    return copy;
  }

  /** Gives the memory back. */
  close(): void {
    this.#mapping.close();
  }
}
