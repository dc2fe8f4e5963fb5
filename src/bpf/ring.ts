/**
 * Ring: what programs in the kernel write one after the other, read through shared memory without a system call.
 *
 * ```text
 *  page 0       consumer position u64: how far we have read. Ours to write.
 *  page 1       producer position u64: how far the kernel has written
 *  then         the data, mapped twice in a row, so that no record is cut in two
 *  record       length u32 (bit 31: being written, bit 30: thrown away), page offset u32, the bytes; at a multiple of 8
 * ```
 *
 * Source: kernel/bpf/ringbuf.c. A program that finds no room drops its record, and counts that itself.
 *
 * @module
 */
import { BPF_MAP_TYPE_RINGBUF, tryCreateMap } from "../../ffi/bpf.ts";
import { errnoName, errnoText } from "../../ffi/errno.ts";
import { close } from "../../ffi/files.ts";
import { Mapping } from "../../ffi/mapping.ts";
import { pageSize } from "../../ffi/process.ts";
import { type Probe, refuse } from "./probe.ts";

const BUSY = 0x8000_0000;
const DISCARDED = 0x4000_0000;
const HEADER = 8;

const scratch = new Int32Array(new SharedArrayBuffer(4));

/**
 * Lets no later load overtake an earlier one: the kernel publishes a position, and the header of a record, by a release store.
 * Atomics.load would say that too, but the compiled form of it is an exchange, which writes, and these pages are read-only.
 */
function fence(): void {
  Atomics.add(scratch, 0, 0);
}

/** A ring and its memory. */
export class Ring implements Disposable {
  /** Ready for reading, as poll(2) has it, when there is something to read. */
  readonly fd: number;
  readonly #size: number;
  readonly #consumer: Mapping;
  readonly #producer: Mapping;
  readonly #read: BigUint64Array<ArrayBuffer>;
  readonly #written: BigUint64Array<ArrayBuffer>;
  readonly #words: Uint32Array<ArrayBuffer>;
  /** All data, to be read at the places that {@linkcode drain} gives. */
  readonly view: DataView<ArrayBuffer>;
  readonly #dataAt: number;
  #position = 0;

  private constructor(
    fd: number,
    size: number,
    consumer: Mapping,
    producer: Mapping,
    page: number,
  ) {
    this.fd = fd;
    this.#size = size;
    this.#consumer = consumer;
    this.#producer = producer;
    this.#read = new BigUint64Array(consumer.bytes.buffer, 0, 1);
    this.#written = new BigUint64Array(producer.bytes.buffer, 0, 1);
    this.#words = new Uint32Array(producer.bytes.buffer);
    this.view = new DataView(producer.bytes.buffer);
    this.#dataAt = page;
  }

  /** Makes a ring of `size` bytes, a power of two and a multiple of the page size. */
  static create(size: number): Probe<Ring> {
    const fd = tryCreateMap({
      type: BPF_MAP_TYPE_RINGBUF,
      key: 0,
      value: 0,
      max: size,
      name: "sockeye_ring",
    });
    if (fd < 0) {
      return refuse(`no ring buffer can be made: ${errnoText(-fd)} (${errnoName(-fd)})`);
    }
    const page = pageSize();
    const consumer = Mapping.tryShared(fd, page, 0, true);
    const producer = Mapping.tryShared(fd, page + 2 * size, page, false);
    if (consumer === null || producer === null) {
      consumer?.close();
      producer?.close();
      close(fd);
      return refuse("the ring buffer cannot be mapped into memory");
    }
    return { ok: true, value: new Ring(fd, size, consumer, producer, page) };
  }

  /**
   * Reads what is there, at most `most` records: `take` is given where in {@linkcode view} a record begins and how long it is, and
   * must not keep it. Returns how many records were read.
   */
  drain(take: (start: number, length: number) => void, most = Infinity): number {
    let count = 0;
    for (;;) {
      const written = Number(this.#written[0]!);
      fence();
      if (this.#position >= written || count >= most) return count;
      while (this.#position < written && count < most) {
        const at = this.#dataAt + this.#position % this.#size;
        const header = this.#words[at >>> 2]!;
        fence();
        // Whoever is writing it wakes us up when it is done.
        if ((header & BUSY) !== 0) return count;
        const length = header & ~(BUSY | DISCARDED);
        if ((header & DISCARDED) === 0) {
          take(at + HEADER, length);
          count++;
        }
        this.#position += (HEADER + length + 7) & ~7;
        // After each record, so that the kernel gets its room back while a long row of records is told.
        Atomics.store(this.#read, 0, BigInt(this.#position));
      }
    }
  }

  /** Gives the memory back and closes the ring. */
  [Symbol.dispose](): void {
    if (this.#consumer.bytes.length === 0) return;
    this.#consumer.close();
    this.#producer.close();
    close(this.fd);
  }
}
