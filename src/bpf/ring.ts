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
import { RingReader } from "./ring_reader.ts";

/** A ring and its memory. */
export class Ring implements Disposable {
  /** Ready for reading, as poll(2) has it, when there is something to read. */
  readonly fd: number;
  readonly #consumer: Mapping;
  readonly #producer: Mapping;
  readonly #reader: RingReader;

  private constructor(
    fd: number,
    size: number,
    consumer: Mapping,
    producer: Mapping,
    page: number,
  ) {
    this.fd = fd;
    this.#consumer = consumer;
    this.#producer = producer;
    this.#reader = new RingReader(consumer.bytes.buffer, producer.bytes.buffer, page, size);
  }

  /** All data, to be read at the places that {@linkcode drain} gives. */
  get view(): DataView<ArrayBuffer> {
    return this.#reader.view;
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
    return this.#reader.drain(take, most);
  }

  /** Reads the rest, once nothing begins to write any more: see {@linkcode RingReader.finish}. Returns how many records are lost. */
  finish(take: (start: number, length: number) => void): number {
    return this.#reader.finish(take);
  }

  /** Gives the memory back and closes the ring. */
  [Symbol.dispose](): void {
    if (this.#consumer.bytes.length === 0) return;
    this.#consumer.close();
    this.#producer.close();
    close(this.fd);
  }
}
