/**
 * LazyFile: a file that is read where it is looked at.
 *
 * The kernel gives files in /sys a page a call, so that reading megabytes takes a thousand calls; whoever needs a part
 * of such a file should not pay for the whole. Where it can be mapped into memory nothing is read at all: BTF can be since Linux
 * 6.16.
 *
 * @module
 */
import { check, EINTR, errno } from "./errno.ts";
import { AT_FDCWD, close, O_RDONLY, tryOpenAt } from "./files.ts";
import { libc } from "./libc.ts";
import { allocate, cString } from "./memory.ts";
import { Mapping } from "./mapping.ts";
import { tryStatFd } from "./stat.ts";

const BLOCK = 64 * 1024;

/** An open file that knows its size. Close it when enough has been read. */
export class LazyFile {
  /** As long as the file; zeros where it was not read. Of a file that is mapped nothing is left after it is closed. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #mapping: Mapping | null;
  /** Blocks that were read. */
  readonly #read: Uint8Array;
  #fd: number;

  private constructor(fd: number, size: number, mapping: Mapping | null) {
    this.#fd = fd;
    this.#mapping = mapping;
    this.bytes = mapping?.bytes ?? allocate(Math.max(1, size)).subarray(0, size);
    this.#read = new Uint8Array(mapping === null ? Math.ceil(size / BLOCK) : 0);
  }

  /**
   * Opens a file. Returns the negated errno where that fails.
   *
   * @param mayMap The file never shrinks, as the kernel's own do not: looking at what is gone would end the program.
   */
  static tryOpen(path: string, mayMap = false): LazyFile | number {
    const fd = tryOpenAt(AT_FDCWD, cString(path), O_RDONLY);
    if (fd < 0) return fd;
    const status = tryStatFd(fd);
    if (typeof status === "number") {
      close(fd);
      return status;
    }
    return new LazyFile(fd, status.size, mayMap ? Mapping.tryOf(fd, status.size) : null);
  }

  /** Takes over a descriptor of a file of `size` bytes. It is not mapped: whoever can write to it can make it shorter. */
  static over(fd: number, size: number): LazyFile {
    return new LazyFile(fd, size, null);
  }

  /** Makes sure that the bytes from `start` to `end` were read. Throws SyscallError. */
  ensure(start: number, end: number): void {
    if (this.#mapping !== null) return;
    const last = Math.min(end, this.bytes.length);
    for (let block = Math.floor(start / BLOCK); block * BLOCK < last; block++) {
      if (this.#read[block] === 0) this.#readBlock(block);
    }
  }

  #readBlock(block: number): void {
    const end = Math.min((block + 1) * BLOCK, this.bytes.length);
    let at = block * BLOCK;
    while (at < end) {
      const count = Number(libc.pread(this.#fd, this.bytes.subarray(at, end), end - at, at));
      if (count < 0 && errno() === EINTR) continue;
      if (check("pread", count) === 0) break;
      at += count;
    }
    this.#read[block] = 1;
  }

  /** Closes the file. Nothing more can be read. */
  close(): void {
    if (this.#fd < 0) return;
    close(this.#fd);
    this.#fd = -1;
    this.#mapping?.close();
  }
}
