/**
 * Collects the sockets that a query asks for, from every family, without their owners.
 *
 * @module
 */
import { familiesNamed } from "../families/mod.ts";
import { DecodedSockets } from "../families/decoded_sockets.ts";
import type { Core } from "../core/gears.ts";
import type { SocketTable } from "../store/socket_table.ts";
import type { Netns, Socket } from "../model/socket.ts";
import type { Query } from "../query.ts";
import type { DiagRequest, RowFilter, SharedDump, SourceKind } from "../families/family.ts";
import type { Sockstat } from "../proc/sockstat.ts";
import { tellProgress } from "../text/progress.ts";
import { SocketRows } from "../store/socket_rows.ts";
import type { Source } from "./source.ts";

/** Progress is told after so many sockets, less one: a power of two, less one. */
const EVERY = 4095;

/** Options beside the query. */
interface CollectOptions {
  /** Tables that are empty by its counters are not read. */
  readonly sockstat?: Sockstat | null;
  /** The filter of the query, for the rows of this namespace. */
  readonly filter?: RowFilter | undefined;
  /** The core whose arena keeps very many sockets. Absent: they have memory of their own. */
  readonly core?: (() => Core) | undefined;
  /** Takes the request that closes a socket, for each socket that the kernel can close. */
  readonly closing?: { add(socket: Socket, request: Uint8Array): void } | undefined;
  /**
   * True if one dump may answer several requests, which takes less of the kernel's time. A recording has the answer to each by
   * itself, so that it also answers narrower questions.
   */
  readonly sharing?: boolean;
}

/** Reads all tables that answer the query, in the order of the families, and within a family in the order of the kernel. */
export function collectSockets(
  query: Query,
  source: Source,
  netns: Netns | null,
  options: CollectOptions = {},
): Socket[] {
  const rows = SocketRows.empty();
  collectRows(rows, query, source, netns, options);
  return rows.toArray();
}

/** The same as {@linkcode collectSockets}, but adds the sockets to `rows`, and makes no objects where the family does not need them. */
export function collectRows(
  rows: SocketRows,
  query: Query,
  source: Source,
  netns: Netns | null,
  { sockstat = null, filter, core, closing, sharing = false }: CollectOptions = {},
): void {
  const contexts = {
    netlink: source.context("netlink", netns, filter, core),
    proc: source.context("proc", netns, filter),
  };
  let read = 0;
  const isEmpty = ({ counters }: DiagRequest) => sockstat?.isEmpty(counters ?? []) === true;
  const newTable = (request: DiagRequest, kind: SourceKind) => {
    const context = contexts[kind];
    return request.sockets?.(context) ??
      new DecodedSockets(request, context, query.info === true);
  };
  // Takes runs of messages where there is a core.
  const runs = (tableOf: () => SocketTable) =>
    core === undefined ? {} : {
      messages(view: DataView, start: number, end: number) {
        const table = tableOf();
        const before = table.length;
        const next = table.addRun?.(view, start, end) ?? start;
        read += table.length - before;
        if ((read & EVERY) < table.length - before) tellProgress(read, "sockets");
        return next;
      },
    };
  /** Returns whether the dump answered its requests. Their sockets are added then. */
  const readShared = (shared: SharedDump): boolean => {
    const { requests } = shared;
    if (requests.every(isEmpty)) return true;
    const table = newTable(requests[0]!, "netlink");
    const done = source.readShared(shared, {
      message(view, start, end) {
        if ((++read & EVERY) === 0) tellProgress(read, "sockets");
        table.add(view, start, end);
      },
      ...runs(() => table),
      restart: () => table.clear(),
    });
    if (done) rows.addTable(table);
    return done;
  };
  for (const family of familiesNamed(query.families)) {
    const answers = new Map<SharedDump, boolean>();
    for (const request of family.requests(query)) {
      const { shared } = request;
      // Sockets that are to be closed are told as they come, and a dump that fails would tell them twice.
      if (sharing && closing === undefined && shared !== undefined) {
        let answered = answers.get(shared);
        if (answered === undefined) answers.set(shared, answered = readShared(shared));
        if (answered) continue;
      }
      if (isEmpty(request)) continue;
      const tableOf = (kind: SourceKind) => newTable(request, kind);
      // When netlink stops in the middle of a table, the table is read again from /proc.
      const tables: Partial<Record<SourceKind, SocketTable>> = {};
      source.read(request, {
        message(view, start, end, kind) {
          if ((++read & EVERY) === 0) tellProgress(read, "sockets");
          const table = tables[kind] ??= tableOf(kind);
          const number = table.add(view, start, end);
          // Lines of /proc have no cookie, which is what names a socket.
          if (number < 0 || closing === undefined || kind !== "netlink") return;
          const destroy = request.destroy?.(view, start, end) ?? null;
          if (destroy !== null) closing.add(table.keep(number), destroy);
        },
        ...runs(() => tables.netlink ??= tableOf("netlink")),
        restart() {
          for (const table of Object.values(tables)) table.clear();
        },
      });
      for (const table of Object.values(tables)) rows.addTable(table);
    }
  }
}
