/**
 * Mapping: a file as memory.
 *
 * @module
 */
import { SYS } from "./arch/mod.ts";
import { libc } from "./libc.ts";
import { native } from "./native.ts";

// include/uapi/asm-generic/mman-common.h, mman.h
const PROT_READ = 1;
const PROT_WRITE = 2;
const MAP_SHARED = 1;
const MAP_PRIVATE = 2;

/**
 * The bytes of a file, where it is. They must not be written to unless they were mapped for that, and the file must not shrink:
 * either ends the program.
 */
export class Mapping {
  readonly #address: number;
  readonly bytes: Uint8Array<ArrayBuffer>;

  private constructor(address: number, size: number) {
    this.#address = address;
    this.bytes = new Uint8Array(native.toArrayBuffer(address as never, 0, size) as ArrayBuffer);
  }

  /** Maps the first `size` bytes of an open file. `null` if it cannot be mapped, as most files of /proc and /sys (ENODEV). */
  static tryOf(fd: number, size: number): Mapping | null {
    if (size === 0) return null;
    return Mapping.#of(fd, size, PROT_READ, MAP_PRIVATE, 0);
  }

  /** Maps memory that is shared with the kernel: `size` bytes at `offset`, a multiple of the page size. `null` as above. */
  static tryShared(fd: number, size: number, offset: number, writable: boolean): Mapping | null {
    return Mapping.#of(fd, size, PROT_READ | (writable ? PROT_WRITE : 0), MAP_SHARED, offset);
  }

  static #of(
    fd: number,
    size: number,
    protection: number,
    flags: number,
    offset: number,
  ): Mapping | null {
    const address = Number(
      libc.syscall(SYS.mmap, 0, size as never, protection, flags, fd, offset),
    );
    return address < 0 ? null : new Mapping(address, size);
  }

  /** Unmaps the file. All views of its bytes become empty, so that none refers to memory that is gone. */
  close(): void {
    const { length, buffer } = this.bytes;
    if (length === 0) return;
    buffer.transfer();
    libc.syscall(SYS.munmap, this.#address, length as never, 0, 0, 0, 0);
  }
}
