/**
 * Finds listeners that accept too slowly, so that connections wait and are then dropped.
 *
 * @module
 */
import { fullQueueText } from "../../snapshot/identity.ts";
import { type Rule, SERVICES } from "./rule.ts";

/** A queue is nearly full from this share of its limit on. */
const NEARLY = 0.8;

/** The rule. */
export const acceptQueue: Rule = {
  id: "accept-queue",
  severity: "high",
  title: "the queue of connections that wait to be accepted is full",
  places: SERVICES,
  fix:
    "Find out why the program does not accept; raise its backlog and net.core.somaxconn only for short bursts",
  // /proc tells how many wait, but not how many may, and nothing of the queues of unix sockets.
  unknown({ socket: { state, transport, family, accept_queue: queue }, identity }) {
    const hasQueue = state === "listen" && (transport === "tcp" || family === "unix");
    const isKnown = queue !== null && (queue.limit !== null || queue.length === 0);
    return hasQueue && !isKnown ? `the length of the accept queue of ${identity.endpoint}` : null;
  },
  find: ({ services }) =>
    services.flatMap((audited) => {
      const queue = audited.socket.accept_queue;
      if (queue === null || queue.limit === null || queue.length === 0) return [];
      const { length, limit } = queue;
      // The kernel accepts one connection more than the limit. Kernel: sk_acceptq_is_full().
      const full = length > limit;
      // In a short queue a single connection would already be a large share.
      if (!full && (length < 4 || length < limit * NEARLY)) return [];
      return [{
        audited,
        ...(full ? {} : { severity: "medium" as const }),
        message: full
          ? `its accept queue is full: ${fullQueueText(audited.socket)}`
          : "its accept queue is nearly full",
        evidence: [
          `${length === 1 ? "1 connection waits" : `${length} connections wait`}, ${limit} may`,
        ],
      }];
    }),
};
