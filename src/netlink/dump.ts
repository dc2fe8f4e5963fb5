/**
 * Dumps: one request, and a series of messages in reply.
 *
 * @module
 */
import { EBUSY, EINTR, ENOBUFS, SyscallError } from "../../ffi/errno.ts";
import type { NetlinkSocket } from "./connection.ts";
import { stamp } from "./builder.ts";
import { NetlinkError, verdict } from "./error.ts";
import {
  align,
  NLM_F_DUMP_INTR,
  NLMSG_DONE,
  NLMSG_ERROR,
  NLMSG_HEADER_SIZE,
  NLMSG_MIN_TYPE,
  NLMSG_OVERRUN,
} from "./header.ts";
import { DatagramReceiver } from "./receiver.ts";
import { nextSequence } from "./sequence.ts";

/** Where the messages of a dump go. The range is valid during the call only: copy what is to be kept. */
export interface DumpSink {
  /** One message: its body from `start` to `end` in `view`. */
  message(view: DataView, start: number, end: number, type: number): void;
  /**
   * A run of messages from `start` to `end`, headers included and found in order, for those who handle many in one loop. Returns
   * the offset of the first that was not handled, `end` for none: that one goes to `message`, and what follows comes
   * here again.
   */
  messages?(view: DataView, start: number, end: number): number;
  /** The dump begins again, because the kernel said it was disturbed: forget what came so far. */
  restart(): void;
}

/** How a dump ended. */
export interface DumpOutcome {
  /** Messages delivered since the last restart. */
  readonly messages: number;
  /** True when every attempt was disturbed: rows may be missing or doubled in what was delivered. */
  readonly interrupted: boolean;
}

/** How often a disturbed dump is made anew before its result is taken as it is. */
const ATTEMPTS = 4;

/**
 * Sends a dump request and delivers every message of the reply, in the order the kernel sends them. Starts over when the
 * kernel says that its tables changed meanwhile.
 *
 * ```ts
 * import {
 *   AttributeCursor,
 *   Connection,
 *   dump,
 *   MessageBuilder,
 *   NETLINK_ROUTE,
 *   NLM_F_DUMP,
 *   NLM_F_REQUEST,
 * } from "./src/netlink/mod.ts";
 *
 * const RTM_GETLINK = 18;
 * const IFLA_IFNAME = 3;
 * const IFINFOMSG_SIZE = 16;
 * const route = new Connection(NETLINK_ROUTE);
 * const request = new MessageBuilder(RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP)
 *   .zeros(IFINFOMSG_SIZE)
 *   .finish();
 * const names: string[] = [];
 * dump(route, request, "list links", {
 *   message(view, start, end) {
 *     const attributes = new AttributeCursor(view, start + IFINFOMSG_SIZE, end);
 *     while (attributes.next()) {
 *       if (attributes.type === IFLA_IFNAME) names.push(attributes.string());
 *     }
 *   },
 *   restart: () => names.length = 0,
 * });
 * route.close();
 * console.log(names.includes("lo")); // → true
 * ```
 *
 * Throws {@linkcode NetlinkError} when the kernel refuses, {@linkcode DecodeError} when what it sent does not add up,
 * SyscallError when the socket fails. `operation` names the request in those errors.
 */
export function dump(
  socket: NetlinkSocket,
  request: Uint8Array,
  operation: string,
  sink: DumpSink,
): DumpOutcome {
  for (let attempt = 1;; attempt++) {
    const last = attempt === ATTEMPTS;
    let outcome: DumpOutcome;
    try {
      outcome = attemptDump(socket, request, operation, sink);
    } catch (error) {
      // EBUSY: an earlier dump on this socket was not read to its end; reading on ends it. ENOBUFS: the kernel
      // dropped replies because the receive buffer was full.
      if (last || !isPassing(error)) throw error;
      sink.restart();
      continue;
    }
    if (!outcome.interrupted || last) return outcome;
    sink.restart();
  }
}

/**
 * As {@linkcode dump}, for tables of which a part is worth nothing: if every attempt was disturbed, throws
 * {@linkcode NetlinkError} with EINTR. Returns how many messages were delivered.
 */
export function dumpWhole(
  socket: NetlinkSocket,
  request: Uint8Array,
  operation: string,
  sink: DumpSink,
): number {
  const { messages, interrupted } = dump(socket, request, operation, sink);
  if (!interrupted) return messages;
  throw new NetlinkError(operation, EINTR, "the table changed during every attempt to read it");
}

function isPassing(error: unknown): boolean {
  return (error instanceof NetlinkError || error instanceof SyscallError) &&
    (error.errno === EBUSY || error.errno === ENOBUFS);
}

/**
 * As {@linkcode dump}, but never starts over: for callers that print rows as they come, as ss mode does. `restart` is never called.
 */
export function attemptDump(
  socket: NetlinkSocket,
  request: Uint8Array,
  operation: string,
  sink: Pick<DumpSink, "message" | "messages">,
): DumpOutcome {
  const sequence = nextSequence();
  stamp(request, sequence, socket.portId);
  socket.send(request);
  const receiver = new DatagramReceiver(socket, operation);
  let messages = 0;
  let interrupted = false;
  for (;;) {
    const message = receiver.next();
    if (sink.messages !== undefined) {
      const start = message.position;
      messages += message.skipSeries(sequence, socket.portId);
      handRun(message.view, start, message.position, sink as Required<Run>);
    }
    while (message.next()) {
      if (message.sequence !== sequence || message.portId !== socket.portId) continue;
      if ((message.flags & NLM_F_DUMP_INTR) !== 0) interrupted = true;
      if (message.type >= NLMSG_MIN_TYPE) {
        // Whether the message carries NLM_F_MULTI says nothing: SCTP sends its associations without it.
        messages++;
        sink.message(message.view, message.start, message.end, message.type);
      } else if (message.type === NLMSG_DONE || message.type === NLMSG_ERROR) {
        const error = verdict(message, operation);
        if (error !== null) throw error;
        return { messages, interrupted };
      } else if (message.type === NLMSG_OVERRUN) {
        throw new NetlinkError(operation, ENOBUFS);
      }
    }
  }
}

type Run = Pick<DumpSink, "message" | "messages">;

function handRun(view: DataView, start: number, end: number, sink: Required<Run>): void {
  for (let at = start; at < end;) {
    at = sink.messages(view, at, end);
    if (at >= end) return;
    const length = view.getUint32(at, true);
    sink.message(view, at + NLMSG_HEADER_SIZE, at + length, view.getUint16(at + 4, true));
    at += align(length);
  }
}
