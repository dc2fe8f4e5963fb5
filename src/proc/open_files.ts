/**
 * Open files of a process: its descriptors, and the links to its directories and program.
 *
 * Facts that cost a system call are read when they are asked for, because a listing skips most files.
 *
 * @module
 */
import { failureOf, SyscallError } from "../../ffi/errno.ts";
import {
  AT_FDCWD,
  close,
  DirectoryReader,
  LinkReader,
  O_DIRECTORY,
  O_RDONLY,
  tryOpenAt,
} from "../../ffi/files.ts";
import { type FileStatus, tryStatAt } from "../../ffi/stat.ts";
import { cString } from "../../ffi/memory.ts";
import { type DescriptorInfo, parseDescriptorInfo } from "./fdinfo.ts";
import type { ProcRoot } from "./root.ts";
import { latin1Bytes, latin1Text } from "../text/encoding.ts";

const LINK_SIZE = 4096;
/** Permission bits of a descriptor's link say how the file was opened. */
const S_IRUSR = 0o400;
const S_IWUSR = 0o200;

/** One descriptor; valid while it is being visited. */
export interface Descriptor {
  readonly number: number;
  /** Where its link points, one character a byte; or the negated errno. */
  readonly target: string | number;
  /** Status of the open file, or the negated errno. */
  status(): FileStatus | number;
  /** `r`, `w`, or `u` for both and for neither; `null` where the link cannot be looked at. */
  access(): "r" | "w" | "u" | null;
  /** `null` where fdinfo cannot be read. */
  info(): DescriptorInfo | null;
}

/** Reads open files below one /proc. */
export class OpenFileReader {
  readonly #root: ProcRoot;
  readonly #directory = new DirectoryReader();
  readonly #link = new LinkReader(LINK_SIZE);

  constructor(root: ProcRoot) {
    this.#root = root;
  }

  /** Names in a directory that are numbers, ascending; empty where it cannot be read. */
  numbers(path: string): number[] {
    const numbers: number[] = [];
    this.#list(path, () => {
      if (this.#directory.number > 0) numbers.push(this.#directory.number);
    });
    return numbers.sort((a, b) => a - b);
  }

  // Returns 0 or the negated errno. A process that ends while it is read has no more entries.
  #list(path: string, visit: (dirfd: number) => void): number {
    const fd = tryOpenAt(AT_FDCWD, cString(`${this.#root.path}/${path}`), O_RDONLY | O_DIRECTORY);
    if (fd < 0) return fd;
    try {
      this.#directory.start(fd);
      for (;;) {
        let more: boolean;
        try {
          more = this.#directory.next();
        } catch (error) {
          if (!(error instanceof SyscallError)) throw error;
          return failureOf(error.errno) === "absent" ? 0 : -error.errno;
        }
        if (!more) return 0;
        visit(fd);
      }
    } finally {
      close(fd);
    }
  }

  /** Visits the descriptors below `prefix` (`PID` or `PID/task/TID`), ascending. Returns 0 or the negated errno. */
  descriptors(prefix: string, visit: (descriptor: Descriptor) => void): number {
    return this.#list(`${prefix}/fd`, (dirfd) => {
      const number = this.#directory.number;
      if (number < 0) return;
      const address = this.#directory.nameAddress;
      const length = this.#link.read(dirfd, address);
      visit({
        number,
        target: length < 0 ? length : latin1Text(this.#link.bytes, 0, length),
        status: () => tryStatAt(dirfd, address),
        access() {
          const link = tryStatAt(dirfd, address, true);
          if (typeof link === "number") return null;
          const bits = link.mode & (S_IRUSR | S_IWUSR);
          return bits === S_IRUSR ? "r" : bits === S_IWUSR ? "w" : "u";
        },
        info: () => {
          const text = this.#root.text(`${prefix}/fdinfo/${number}`);
          return text === null ? null : parseDescriptorInfo(text);
        },
      });
    });
  }

  /** Where a link points, one character a byte, or the negated errno. */
  link(path: string): string | number {
    const target = this.#root.link(path);
    return typeof target === "number" ? target : latin1Text(target);
  }

  /** Status of what an absolute path outside of /proc leads to, one character a byte; or the negated errno. */
  statusOf(path: string): FileStatus | number {
    return tryStatAt(AT_FDCWD, cString(latin1Bytes(path)));
  }

  /** Status of what a path below the root leads to, or the negated errno. */
  status(path: string): FileStatus | number {
    return tryStatAt(AT_FDCWD, cString(`${this.#root.path}/${path}`));
  }
}
