/**
 * Requests and their replies: a dump of many messages, or one acknowledged request.
 *
 * @module
 */
import { EBUSY, ENOBUFS, SyscallError } from "../../ffi/errno.ts";
import { MSG_TRUNC } from "../../ffi/socket.ts";
import { DecodeError } from "../model/decode_error.ts";
import type { Datagrams, NetlinkSocket } from "./connection.ts";
import { NetlinkError, verdict } from "./error.ts";
import {
  align,
  NLM_F_DUMP_INTR,
  NLM_F_MULTI,
  NLMSG_DONE,
  NLMSG_ERROR,
  NLMSG_HEADER_SIZE,
  NLMSG_MIN_TYPE,
  NLMSG_OVERRUN,
} from "./header.ts";
import { MessageCursor, stamp } from "./message.ts";

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

// Sequence numbers tell the replies of one request from the leavings of another. They count per process, so that
// a reply to an earlier request on a reused transport is never taken for one of this.
let lastSequence = 0;

/**
 * Sends a dump request and delivers every message of the reply, in the order the kernel sends them.
 *
 * Throws {@linkcode NetlinkError} when the kernel refuses, {@linkcode DecodeError} when what it sent does not add up,
 * SyscallError when the socket fails. `operation` names the request in those errors.
 */
export function dump(
  transport: NetlinkSocket,
  request: Uint8Array,
  operation: string,
  sink: DumpSink,
): DumpOutcome {
  for (let attempt = 1;; attempt++) {
    const last = attempt === ATTEMPTS;
    let outcome: DumpOutcome;
    try {
      outcome = attemptDump(transport, request, operation, sink);
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

function isPassing(error: unknown): boolean {
  return (error instanceof NetlinkError || error instanceof SyscallError) &&
    (error.errno === EBUSY || error.errno === ENOBUFS);
}

/**
 * As {@linkcode dump}, but once: for rows that are on their way out when the dump turns out to be disturbed, as in ss mode.
 * `restart` is never called.
 */
export function attemptDump(
  transport: NetlinkSocket,
  request: Uint8Array,
  operation: string,
  sink: Pick<DumpSink, "message" | "messages">,
): DumpOutcome {
  const sequence = ++lastSequence;
  stamp(request, sequence, transport.portId);
  transport.send(request);
  const { datagrams } = transport;
  const message = new MessageCursor(datagrams.data, 0, 0);
  let messages = 0;
  let interrupted = false;
  for (;;) {
    const count = transport.receive();
    for (let slot = 0; slot < count; slot++) {
      // Any process may send to a netlink port; only the kernel's word counts.
      if (datagrams.senderPortId(slot) !== 0) continue;
      const start = slot * datagrams.slotSize;
      checkWhole(datagrams, slot, operation);
      message.reset(datagrams.data, start, start + datagrams.length(slot));
      if (sink.messages !== undefined) {
        messages += message.skipSeries(sequence, transport.portId);
        handRun(datagrams.data, start, message.position, sink as Required<Run>);
      }
      while (message.next()) {
        if (message.sequence !== sequence || message.portId !== transport.portId) continue;
        if ((message.flags & NLM_F_DUMP_INTR) !== 0) interrupted = true;
        if (message.type >= NLMSG_MIN_TYPE) {
          messages++;
          sink.message(message.view, message.start, message.end, message.type);
          // A reply that is not part of a series is the whole answer.
          if ((message.flags & NLM_F_MULTI) === 0) return { messages, interrupted };
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
}

function checkWhole(datagrams: Datagrams, slot: number, operation: string): void {
  if ((datagrams.flags(slot) & MSG_TRUNC) === 0) return;
  throw new DecodeError(
    operation,
    slot * datagrams.slotSize,
    `a datagram is longer than ${datagrams.slotSize} bytes`,
  );
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

/**
 * Sends a request that carries NLM_F_ACK and waits for its acknowledgement. Messages that come before it go to
 * `onMessage`. Throws {@linkcode NetlinkError} when the kernel refuses.
 */
export function execute(
  transport: NetlinkSocket,
  request: Uint8Array,
  operation: string,
  onMessage: (view: DataView, start: number, end: number, type: number) => void = () => {},
): void {
  const sequence = ++lastSequence;
  stamp(request, sequence, transport.portId);
  transport.send(request);
  const { datagrams } = transport;
  const message = new MessageCursor(datagrams.data, 0, 0);
  for (;;) {
    const count = transport.receive();
    for (let slot = 0; slot < count; slot++) {
      if (datagrams.senderPortId(slot) !== 0) continue;
      const start = slot * datagrams.slotSize;
      checkWhole(datagrams, slot, operation);
      message.reset(datagrams.data, start, start + datagrams.length(slot));
      while (message.next()) {
        if (message.sequence !== sequence || message.portId !== transport.portId) continue;
        if (message.type === NLMSG_OVERRUN) throw new NetlinkError(operation, ENOBUFS);
        if (message.type === NLMSG_ERROR) {
          const error = verdict(message, operation);
          if (error !== null) throw error;
          return;
        }
        if (message.type >= NLMSG_MIN_TYPE) {
          onMessage(message.view, message.start, message.end, message.type);
        }
      }
    }
  }
}
