/**
 * Change: is told by the kernel that something happened to sockets on a port, and which processes did it.
 *
 * @module
 */
import type { Expr } from "../filter/ast.ts";
import { all } from "../filter/ast.ts";
import type { Transport } from "../model/socket.ts";
import type { ProcRoot } from "../proc/root.ts";
import { KernelWatch } from "./kernel/watch.ts";

/** Few records at a time. */
const RING_SIZE = 64 * 1024;
const OF_STREAMS = ["sockeye_state"];
const OF_DATAGRAMS = ["sockeye_bind4", "sockeye_bind6", "sockeye_release"];

/** Waits for changes, which the kernel tells a moment before they are done. */
export class Change implements Disposable {
  readonly #watch: KernelWatch;

  private constructor(watch: KernelWatch) {
    this.#watch = watch;
  }

  /** Listens for what a condition on addresses and ports is true of; `null` where the kernel tells nothing. */
  static open(ends: Expr, transport: Transport | null, root: ProcRoot): Change | null {
    const only = transport === null
      ? [...OF_STREAMS, ...OF_DATAGRAMS]
      : transport === "tcp"
      ? OF_STREAMS
      : OF_DATAGRAMS;
    const filter = transport === null
      ? ends
      : all([ends, { kind: "transport", transports: [transport] }]);
    const rung = transport === "tcp" ? "tracepoints" : "all";
    const opened = KernelWatch.open({ rung, filter, ringSize: RING_SIZE, only }, root);
    return opened.ok ? new Change(opened.value) : null;
  }

  /** Ready for reading, as poll(2) has it, when something happened. */
  get fd(): number {
    return this.#watch.maps.ring.fd;
  }

  /** Adds the processes that did something since the last time. Returns false if nothing happened. */
  take(pids: Set<number>): boolean {
    const count = this.#watch.drain(({ process }) => {
      if (process !== null && process.pid > 0) pids.add(process.pid);
    });
    return count > 0;
  }

  /** Takes everything off the kernel. */
  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
  }
}
