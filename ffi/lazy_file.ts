/**
 * LazyFile: a file of which only those parts are read that are needed.
 *
 * The kernel returns one page of a file in /sys with each read, so reading megabytes takes a thousand calls. A file that can be mapped
 * into memory is not read at all. The BTF of the kernel can be mapped since Linux 6.16.
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

/**
 * An open file of known size.
 *
 * ```ts
 * const file = LazyFile.tryOpen("/sys/kernel/btf/vmlinux", true);
 * if (typeof file !== "number") {
 *   file.ensure(0, 24);
 *   file.bytes[0]; // 0x9f
 *   file.close();
 * }
 * ```
 */
export class LazyFile {
  /** As long as the file, with zeros where it was not read. Becomes empty on close if the file is mapped. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #mapping: Mapping | null;
  /** 1 for each block that was read. */
  readonly #read: Uint8Array;
  #fd: number;

  private constructor(fd: number, size: number, mapping: Mapping | null) {
    this.#fd = fd;
    this.#mapping = mapping;
    this.bytes = mapping?.bytes ?? allocate(Math.max(1, size)).subarray(0, size);
    this.#read = new Uint8Array(mapping === null ? Math.ceil(size / BLOCK) : 0);
  }

  /**
   * Opens a file, or returns the negated errno.
   *
   * @param mayMap True for files of the kernel, which never shrink. Reading a part of a mapping that is gone would end the program.
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

  /** Takes over a descriptor of a file of `size` bytes. The file is not mapped, because another process may shorten it. */
  static over(fd: number, size: number): LazyFile {
    return new LazyFile(fd, size, null);
  }

  /** Reads the bytes from `start` to `end`, unless they were read before. Throws SyscallError. */
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
