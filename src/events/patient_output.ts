/**
 * PatientOutput: writes only what the reader has room for, so that a reader that stalls does not keep us from noticing anything
 * else.
 *
 * @module
 */
import { POLLOUT, PollSet } from "../../ffi/poll.ts";
import { utf8Bytes } from "../text/encoding.ts";
import { BrokenPipe, type Writer } from "../text/writer.ts";

/** A pipe that is ready takes so much at once. Kernel: PIPE_BUF. */
const PIECE = 4096;
const WAIT_MS = 50;
/** How long a reader may stall when it is time to end. */
const GRACE_MS = 1000;

/** Text on its way out. */
export class PatientOutput {
  readonly #writer: Writer;
  readonly #poll: PollSet;
  #parts: string[] = [];
  /** True when a line was cut off, so that nothing may follow it. */
  #givenUp = false;

  /** `fd`: the descriptor behind the writer. */
  constructor(writer: Writer, fd: number) {
    this.#writer = writer;
    this.#poll = new PollSet([[fd, POLLOUT]]);
  }

  /** Adds text. */
  write(text: string): void {
    if (!this.#givenUp) this.#parts.push(text);
  }

  /**
   * Writes all that was added, and waits while the reader has no room. When `isOver` says that it is time to end, a reader that goes
   * on stalling gets no more. Throws BrokenPipe when the reader is gone, and what the writer throws.
   */
  async flush(isOver: () => boolean): Promise<void> {
    if (this.#parts.length === 0) return;
    const bytes = utf8Bytes(this.#parts.join(""));
    this.#parts = [];
    let stalledMs: number | null = null;
    for (let done = 0; done < bytes.length;) {
      this.#poll.wait(WAIT_MS);
      if (this.#poll.isGone(0)) throw new BrokenPipe();
      if (this.#poll.isReady(0)) {
        this.#writer.writeBytes(bytes.subarray(done, done + PIECE));
        done += PIECE;
        stalledMs = null;
        continue;
      }
      // Signals are noticed here.
      await turn();
      if (!isOver()) continue;
      stalledMs ??= performance.now();
      if (performance.now() - stalledMs > GRACE_MS) {
        this.#givenUp = true;
        return;
      }
    }
  }
}

/** Lets the runtime do what it has put off: above all, tell of signals. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
