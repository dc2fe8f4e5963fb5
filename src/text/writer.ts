/**
 * Writer: the one way out. Bytes go to a descriptor by write(2), and every short write, interruption, full pipe and full
 * disk is noticed.
 *
 * The runtime's own streams are not used: they take 7 ms to load, lose output at exit, and leave a pipe non-blocking for the
 * program that uses it next.
 *
 * @module
 */
import { EAGAIN, EBADF, EINTR, EPIPE, SyscallError } from "../../ffi/errno.ts";
import { tryWrite } from "../../ffi/files.ts";
import { POLLOUT, waitFor } from "../../ffi/poll.ts";
import { utf8Bytes } from "./encoding.ts";

/** The reader is gone. That is no failure: `sockeye | head -1` has all that it wants. */
export class BrokenPipe extends Error {
  override readonly name = "BrokenPipe";
}

const FLUSH_AT = 64 * 1024;

/** Buffered output to a descriptor. */
export class Writer {
  readonly #fd: number;
  readonly #what: string;
  #pending: string[] = [];
  #length = 0;
  /** Set where the exit status is part of the answer. When the reader is gone, the run goes on and the rest of the output is discarded. */
  keepsOn = false;
  /** Set where the descriptor was closed when the program was started: whatever is written is an error then. */
  isClosed = false;

  /** `what` names the descriptor in errors: `standard output`. */
  constructor(fd: number, what: string) {
    this.#fd = fd;
    this.#what = what;
  }

  /** Adds text; it goes out when there is enough, or at {@linkcode flush}. Throws as `flush` does. */
  write(text: string): void {
    this.#pending.push(text);
    this.#length += text.length;
    if (this.#length >= FLUSH_AT) this.flush();
  }

  /** Writes out what is buffered. Throws {@linkcode BrokenPipe} unless it keeps on, or SyscallError for a full disk and the like. */
  flush(): void {
    if (this.#pending.length === 0) return;
    const bytes = utf8Bytes(this.#pending.join(""));
    this.#pending = [];
    this.#length = 0;
    this.writeBytes(bytes);
  }

  /** Writes bytes at once, after what is buffered is out. Throws as {@linkcode flush}. */
  writeBytes(bytes: Uint8Array): void {
    if (this.#pending.length > 0) this.flush();
    if (this.isClosed) throw new SyscallError(`write ${this.#what}`, EBADF);
    let done = 0;
    while (done < bytes.length) {
      const count = tryWrite(this.#fd, done === 0 ? bytes : bytes.subarray(done));
      if (count >= 0) {
        done += count;
      } else if (count === -EAGAIN) {
        // Another program made the pipe non-blocking. We leave it so, and wait.
        waitFor(this.#fd, POLLOUT);
      } else if (count === -EPIPE) {
        if (this.keepsOn) return;
        throw new BrokenPipe();
      } else if (count !== -EINTR) {
        throw new SyscallError(`write ${this.#what}`, -count);
      }
    }
  }
}
