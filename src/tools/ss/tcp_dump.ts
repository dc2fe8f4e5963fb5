/**
 * How ss mode asks for TCP sockets: the rows that ss has, in its order, with as few walks through the kernel's tables as
 * possible.
 *
 * Each request walks up to three tables from end to end, whatever it brings: that of listeners, which is short; that of
 * bound ports, which holds connected sockets as well; that of connections, which all network namespaces may share. ss has
 * two requests, one for each version of IP, that walk them all. At 100,000 connections a walk is 10 to 20 ms.
 *
 * @module
 */
import { AF_INET, AF_INET6 } from "../../../ffi/socket.ts";
import { MSG_FAMILY } from "../../families/inet/uapi.ts";
import { type StateMask, stateMask, TCP_BOUND_INACTIVE, TCP_LISTEN } from "../../model/state.ts";
import type { ProcRoot } from "../../proc/root.ts";
import { readSysctl } from "../../proc/sysctl.ts";

/** Where messages go: as a DumpSink of netlink/dump.ts has them. */
export interface TcpSink {
  message(view: DataView, start: number, end: number): void;
  messages?(view: DataView, start: number, end: number): number;
}

/** Asks the kernel. Each method returns whether it answered. */
export interface TcpKernel {
  /** The sockets of one version. */
  one(family: number, states: StateMask, sink: TcpSink): boolean;
  /** Those of both, mixed, by the request of before 2012. */
  both(states: StateMask, sink: TcpSink): boolean;
}

const BOUND = stateMask(TCP_BOUND_INACTIVE);
const LISTEN = stateMask(TCP_LISTEN);
const VERSIONS = [AF_INET, AF_INET6] as const;

/**
 * Sends the rows of both versions to `sink`, those of IPv4 first. `filtered`: the requests carry a program, so that few rows
 * are expected. `boundKnown`: the kernel can be asked for sockets that are bound and no more.
 *
 * Returns whether the kernel answered.
 */
export function dumpTcp(
  kernel: TcpKernel,
  states: StateMask,
  { filtered, boundKnown }: { readonly filtered: boolean; readonly boundKnown: boolean },
  sink: TcpSink,
): boolean {
  if (filtered && (states & ~LISTEN) !== 0) {
    // Rows of IPv6 wait until the walk has ended.
    const later = new HeldMessages();
    const split: TcpSink = {
      message(view, start, end) {
        const target = view.getUint8(start + MSG_FAMILY) === AF_INET6 ? later : sink;
        target.message(view, start, end);
      },
    };
    if (kernel.both(states, split)) {
      later.replay(AF_INET6, sink);
      return true;
    }
  } else if ((states & BOUND) !== 0 && boundKnown) {
    // Most hosts have none. Where there are some, they stand between the listeners and the connections.
    const bound = new HeldMessages();
    if (kernel.both(BOUND, bound)) {
      const others = states & ~BOUND;
      if (bound.empty) return VERSIONS.every((family) => kernel.one(family, others, sink));
      return VERSIONS.every((family) => {
        if (!kernel.one(family, others & LISTEN, sink)) return false;
        bound.replay(family, sink);
        return kernel.one(family, others & ~LISTEN, sink);
      });
    }
  }
  return VERSIONS.every((family) => kernel.one(family, states, sink));
}

/** Linux 6.8 is the first to have TCP_BOUND_INACTIVE. One before it would walk its connections for nothing. */
export function knowsBoundSockets(root: ProcRoot): boolean {
  const release = /^(\d+)\.(\d+)/.exec(readSysctl(root, "kernel/osrelease") ?? "");
  if (release === null) return false;
  const major = Number(release[1]);
  return major > 6 || major === 6 && Number(release[2]) >= 8;
}

/** Copies of messages whose turn has not come. */
class HeldMessages implements TcpSink {
  #bytes = new Uint8Array(4096);
  #length = 0;
  readonly #ends: number[] = [];

  get empty(): boolean {
    return this.#ends.length === 0;
  }

  message(view: DataView, start: number, end: number): void {
    const length = end - start;
    if (this.#length + length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#length + length, 2 * this.#bytes.length));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(new Uint8Array(view.buffer, view.byteOffset + start, length), this.#length);
    this.#length += length;
    this.#ends.push(this.#length);
  }

  /** Hands on those of one address family, in the order they came. */
  replay(family: number, sink: TcpSink): void {
    const view = new DataView(this.#bytes.buffer);
    let start = 0;
    for (const end of this.#ends) {
      if (view.getUint8(start + MSG_FAMILY) === family) sink.message(view, start, end);
      start = end;
    }
  }
}
