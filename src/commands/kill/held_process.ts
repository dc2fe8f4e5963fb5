/**
 * HeldProcess: a process that has been shown, kept by a descriptor that stands for it and for no later process of its number.
 *
 * @module
 */
import { ENOSYS, EPERM, errnoName, errnoText, ESRCH } from "../../../ffi/errno.ts";
import { close } from "../../../ffi/files.ts";
import { waitForAny } from "../../../ffi/poll.ts";
import { tryOpenProcess, trySignalProcess } from "../../../ffi/process.ts";
import { descriptorPath, socketInode } from "../../proc/scan.ts";
import type { ProcRoot } from "../../proc/root.ts";
import { parseStat } from "../../proc/stat.ts";
import type { Victim } from "./plan.ts";
import type { Signal } from "./signal.ts";

/** What became of a process. */
type Fate =
  | { readonly kind: "running" }
  /** `by`: the signal that it was sent; `null` if it ended by itself. */
  | { readonly kind: "ended"; readonly by: Signal | null }
  | { readonly kind: "refused"; readonly why: string };

/** A process cannot be kept, or is another than the one that was shown. The message is a clause about it. */
export class NotAsShown extends Error {
  override readonly name = "NotAsShown";
}

/** See the module. */
export class HeldProcess {
  readonly victim: Victim;
  readonly #pidfd: number;
  #fate: Fate = { kind: "running" };
  #sent: Signal | null = null;

  private constructor(victim: Victim, pidfd: number) {
    this.victim = victim;
    this.#pidfd = pidfd;
    if (pidfd < 0) this.#fate = { kind: "ended", by: null };
  }

  /**
   * Takes hold of a process and makes sure that it is the one that was shown. One that has ended is held as such. Throws
   * {@linkcode NotAsShown}.
   */
  static take(victim: Victim, root: ProcRoot): HeldProcess {
    const { process: { pid, startTicks } } = victim;
    const pidfd = tryOpenProcess(pid);
    if (pidfd < 0 && pidfd !== -ESRCH) {
      throw new NotAsShown(
        pidfd === -ENOSYS
          ? "cannot be told apart from a later process with the same ID: that takes Linux 5.3"
          : `could not be taken hold of: ${errnoText(-pidfd)} (${errnoName(-pidfd)})`,
      );
    }
    const held = new HeldProcess(victim, pidfd);
    if (pidfd < 0) return held;
    try {
      const bytes = root.read(`${pid}/stat`);
      const stat = typeof bytes === "number" ? null : parseStat(bytes);
      const same = stat !== null && stat.startTicks === startTicks;
      const holds = held.holdsShown(root);
      // What was read is about the held process only if that has not ended meanwhile.
      if (held.hasEnded()) return held;
      if (!same) throw new NotAsShown("is another process now: its ID was reused");
      if (!holds) throw new NotAsShown("no longer holds it");
      return held;
    } catch (error) {
      held.release();
      throw error;
    }
  }

  /** Whether it still holds one of the sockets that were shown, through the same descriptor. */
  holdsShown(root: ProcRoot): boolean {
    const { process: { pid }, holds } = this.victim;
    return holds.some(({ socket, owner: { tid, fds } }) =>
      fds.some((fd) => {
        const link = root.link(descriptorPath(pid, tid ?? 0, fd));
        return typeof link !== "number" && socketInode(link, link.length) === socket.inode;
      })
    );
  }

  get fate(): Fate {
    return this.#fate;
  }

  get isRunning(): boolean {
    return this.#fate.kind === "running";
  }

  /** True once it has ended; a process whose parent has not asked for its status yet counts as ended. */
  hasEnded(): boolean {
    if (this.isRunning) this.noteEnd(waitForAny([this.#pidfd], 0)[0]!);
    return this.#fate.kind === "ended";
  }

  noteEnd(ended: boolean): void {
    if (ended && this.#fate.kind !== "ended") this.#fate = { kind: "ended", by: this.#sent };
  }

  /** The last signal that was sent; `null` for none. */
  get sent(): Signal | null {
    return this.#sent;
  }

  /** Sends a signal, unless it has ended. */
  signal(signal: Signal): void {
    if (this.#pidfd < 0 || this.hasEnded()) return;
    const result = trySignalProcess(this.#pidfd, signal.number);
    if (result === 0) {
      this.#sent = signal;
      this.#fate = { kind: "running" };
    } else if (result === -ESRCH) this.#fate = { kind: "ended", by: this.#sent };
    else {
      this.#fate = {
        kind: "refused",
        why: result === -EPERM
          ? "not permitted: it is another user's"
          : `${errnoText(-result)} (${errnoName(-result)})`,
      };
    }
  }

  release(): void {
    if (this.#pidfd >= 0) close(this.#pidfd);
  }

  /** Waits until one of these has ended, or the time is up. */
  static wait(processes: readonly HeldProcess[], timeoutMs: number): void {
    const ended = waitForAny(processes.map((held) => held.#pidfd), timeoutMs);
    for (const [i, held] of processes.entries()) held.noteEnd(ended[i]!);
  }
}
