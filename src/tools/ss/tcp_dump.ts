/**
 * How ss mode asks for TCP sockets: it shows the rows of ss in the order of ss, and lets the kernel walk its tables as rarely
 * as possible.
 *
 * For each request the kernel walks up to three tables from end to end, however little it answers. The table of listeners is
 * short. The table of bound ports has the connected sockets too. All network namespaces may share the table of connections.
 * ss makes two requests, one for each version of IP, and each walks all three. With 100,000 connections a walk takes 10 to
 * 20 ms.
 *
 * @module
 */
import { AF_INET, AF_INET6 } from "../../../ffi/socket.ts";
import { MSG_FAMILY } from "../../families/inet/uapi.ts";
import { type StateMask, stateMask, TCP_BOUND_INACTIVE, TCP_LISTEN } from "../../model/state.ts";
import { KeptMessages } from "../../store/kept_messages.ts";

/** Takes messages: the same as DumpSink of netlink/dump.ts. */
export interface TcpSink {
  message(view: DataView, start: number, end: number): void;
  messages?(view: DataView, start: number, end: number): number;
}

/** Asks the kernel. Each method returns whether it answered. */
export interface TcpKernel {
  /** The sockets of one version. */
  one(family: number, states: StateMask, sink: TcpSink): boolean;
  /** The sockets of both versions, mixed, by the request of kernels before 2012. */
  both(states: StateMask, sink: TcpSink): boolean;
}

const BOUND = stateMask(TCP_BOUND_INACTIVE);
const LISTEN = stateMask(TCP_LISTEN);
const VERSIONS = [AF_INET, AF_INET6] as const;

/**
 * Sends the rows of both versions to `sink`, those of IPv4 first. `filtered`: the requests carry a filter program, so few rows
 * will come. `boundKnown`: the kernel can be asked for sockets that are only bound.
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
    const later = new KeptMessages();
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
    // Most hosts have none. ss shows them between the listeners and the connections.
    const bound = new KeptMessages();
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
