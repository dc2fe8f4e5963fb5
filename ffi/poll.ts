/**
 * poll(2).
 *
 * @module
 */
import { check, EINTR, errno } from "./errno.ts";
import { libc } from "./libc.ts";
import { allocate } from "./memory.ts";

/** Events of poll(2). Source: include/uapi/asm-generic/poll.h. */
export const POLLIN = 1;
export const POLLOUT = 4;

/** Waits until `fd` is ready for `events`, or `timeoutMs` (-1: forever) has passed. Returns whether it is ready. */
export function waitFor(fd: number, events: number, timeoutMs = -1): boolean {
  // struct pollfd: fd s32 0, events s16 4, revents s16 6.
  const entry = allocate(8);
  const view = new DataView(entry.buffer);
  view.setInt32(0, fd, true);
  view.setInt16(4, events, true);
  for (;;) {
    const ready = libc.poll(entry, 1, timeoutMs);
    if (ready >= 0) return ready > 0;
    if (errno() !== EINTR) check("poll", ready);
  }
}

/**
 * Waits until one of `fds` is ready for reading, or `timeoutMs` has passed. Returns which are ready, in the same order. Kernel:
 * a descriptor of a process is so when the process has ended.
 */
export function waitForAny(fds: readonly number[], timeoutMs: number): boolean[] {
  const entries = allocate(Math.max(8 * fds.length, 8));
  const view = new DataView(entries.buffer);
  for (const [i, fd] of fds.entries()) {
    view.setInt32(8 * i, fd, true);
    view.setInt16(8 * i + 4, POLLIN, true);
  }
  const ready = libc.poll(entries, fds.length, timeoutMs);
  if (ready < 0 && errno() !== EINTR) check("poll", ready);
  return fds.map((_, i) => ready > 0 && view.getInt16(8 * i + 6, true) !== 0);
}

/** Of no interest to ask for: the kernel tells it in any case. The other end of a pipe is gone, or the descriptor is none. */
const POLLERR = 8;
const POLLHUP = 0x10;
const POLLNVAL = 0x20;

/** Several descriptors to wait for. */
export class PollSet {
  readonly #entries: Uint8Array<ArrayBuffer>;
  readonly #view: DataView<ArrayBuffer>;
  readonly #count: number;

  /** Each descriptor with the events that are waited for; 0 waits for its end alone. */
  constructor(entries: readonly (readonly [fd: number, events: number])[]) {
    this.#count = entries.length;
    this.#entries = allocate(8 * Math.max(1, entries.length));
    this.#view = new DataView(this.#entries.buffer);
    for (const [i, [fd, events]] of entries.entries()) {
      this.#view.setInt32(8 * i, fd, true);
      this.#view.setInt16(8 * i + 4, events, true);
    }
  }

  /**
   * Waits until one is ready or `timeoutMs` have passed. Returns false when a signal ended the wait. Throws
   * {@linkcode SyscallError}.
   */
  wait(timeoutMs: number): boolean {
    for (let i = 0; i < this.#count; i++) this.#view.setInt16(8 * i + 6, 0, true);
    const ready = libc.poll(this.#entries, this.#count, timeoutMs);
    if (ready >= 0) return true;
    if (errno() !== EINTR) check("poll", ready);
    return false;
  }

  /** True when the descriptor at `index` was found ready. */
  isReady(index: number): boolean {
    return this.#view.getInt16(8 * index + 6, true) !== 0;
  }

  /** True when whoever was at the other end of the descriptor at `index` is gone. */
  isGone(index: number): boolean {
    return (this.#view.getInt16(8 * index + 6, true) & (POLLERR | POLLHUP | POLLNVAL)) !== 0;
  }
}
