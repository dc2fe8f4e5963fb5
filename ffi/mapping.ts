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
const MAP_PRIVATE = 2;

/** A file that is mapped into memory. Writing to its bytes ends the program, and so does reading them after the file has shrunk. */
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
    const address = Number(
      libc.syscall(SYS.mmap, 0, size as never, PROT_READ, MAP_PRIVATE, fd, 0),
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
