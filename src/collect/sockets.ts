/**
 * Collects the sockets that a query asks for, from every family, without their owners.
 *
 * @module
 */
import { familiesNamed } from "../families/mod.ts";
import type { Netns, Socket } from "../model/socket.ts";
import type { Query } from "../query.ts";
import type { RowFilter } from "../families/family.ts";
import type { Occupancy } from "./occupancy.ts";
import type { Source } from "./source.ts";

/** What collecting may be told beside the query. */
export interface CollectOptions {
  /** Tables that it knows to be empty are left out. */
  readonly occupancy?: Occupancy | null;
  /** The query's filter, for the rows of this namespace. */
  readonly filter?: RowFilter | undefined;
  /** Gets, for each socket that the kernel could be asked to close, the request. */
  readonly closing?: { add(socket: Socket, request: Uint8Array): void } | undefined;
}

/**
 * Reads all tables that answer the query, in the order of the families, and within one in the kernel's.
 */
export function collectSockets(
  query: Query,
  source: Source,
  netns: Netns | null,
  { occupancy = null, filter, closing }: CollectOptions = {},
): Socket[] {
  const contexts = {
    netlink: source.context("netlink", netns, filter),
    proc: source.context("proc", netns, filter),
  };
  const sockets: Socket[] = [];
  for (const family of familiesNamed(query.families)) {
    for (const request of family.requests(query)) {
      if (occupancy !== null && occupancy.isEmpty(request.counters ?? [])) continue;
      const before = sockets.length;
      const cookies = new Set<Socket["cookie"]>();
      source.read(request, {
        message(view, start, end, kind) {
          const socket = request.decode(view, start, end, contexts[kind]);
          if (socket === null) return;
          if (request.repeats && socket.cookie !== null) {
            if (cookies.has(socket.cookie)) return;
            cookies.add(socket.cookie);
          }
          // Lines of /proc have no cookie to name a socket by.
          if (closing !== undefined && kind === "netlink") {
            const destroy = request.destroy?.(view, start, end) ?? null;
            if (destroy !== null) closing.add(socket, destroy);
          }
          if (query.info) {
            // Lines of /proc have no attributes.
            socket.info = kind === "proc" ? null : request.info?.(view, start, end) ?? null;
          }
          sockets.push(socket);
        },
        restart() {
          sockets.length = before;
          cookies.clear();
        },
      });
    }
  }
  return sockets;
}
