/**
 * The tables of TCP, UDP, UDP-Lite and raw sockets.
 *
 * sock_diag is asked where it says what /proc says. /proc is read for the timers of TCP, for the user of a half-open
 * connection, and for raw sockets.
 *
 * @module
 */
import { AF_INET6 } from "../../../../ffi/socket.ts";
import { InetMessage } from "../../../families/inet/message.ts";
import { inetProcTable } from "../../../families/inet/proc.ts";
import { dumpRequest } from "../../../families/inet/request.ts";
import { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDPLITE } from "../../../families/inet/uapi.ts";
import {
  ALL_STATES,
  stateMask,
  TCP_BOUND_INACTIVE,
  TCP_LISTEN,
  TCP_NEW_SYN_RECV,
} from "../../../model/state.ts";
import { KeptRows } from "../kept_rows.ts";
import type { CoreRows } from "../core_rows.ts";
import { STATUS_UNREADABLE } from "../report.ts";
import type { RowFormat, TimerFacts } from "../rows/internet.ts";
import { tcpRows } from "../rows/tcp.ts";
import { rawRows, udpRows } from "../rows/udp.ts";
import type { ListingContext } from "./context.ts";

/** Rows are held back until their table ends, because it may have to be read again. This much is written out then. */
const FLUSH_AT = 1024 * 1024;

/** A table that exists once for IPv4 and once for IPv6. */
interface NetstatTable {
  readonly protocol: "tcp" | "udp" | "udplite" | "raw";
  readonly label: string;
  /** `null`: sock_diag is not asked. */
  readonly ipProtocol: number | null;
  readonly rows: RowFormat;
  /** How the core writes them; `null` where it does not. */
  readonly core: "streams" | "datagrams" | null;
}

/** The tables, in the order of netstat. */
export const INTERNET_TABLES: readonly NetstatTable[] = [
  { protocol: "tcp", label: "tcp", ipProtocol: IPPROTO_TCP, rows: tcpRows, core: "streams" },
  { protocol: "udp", label: "udp", ipProtocol: IPPROTO_UDP, rows: udpRows, core: "datagrams" },
  {
    protocol: "udplite",
    label: "udpl",
    ipProtocol: IPPROTO_UDPLITE,
    rows: udpRows,
    core: "datagrams",
  },
  // For a raw socket raw_diag tells the port that was given to connect(2), and /proc does not.
  { protocol: "raw", label: "raw", ipProtocol: null, rows: rawRows, core: null },
];

/** The states that a dump asks for. A socket that is only bound is not among them: /proc does not list it. */
const LISTED = ALL_STATES & ~stateMask(TCP_BOUND_INACTIVE, TCP_NEW_SYN_RECV);

/** The facts of a socket that came from sock_diag. */
const NO_TIMER: TimerFacts = { retransmits: 0, probes: 0 };

/**
 * Reads the table of a protocol over IPv4 or IPv6. Its rows are written at once when hosts stay numbers, and else wait for
 * the names. Returns the exit status.
 */
export function readInternetTable(
  table: NetstatTable,
  family: number,
  context: ListingContext,
): number {
  const { query, names, rows: rowContext, source, core } = context;
  const { layout } = query;
  const { row } = rowContext;
  const six = family === AF_INET6;
  const procTable = inetProcTable(six ? `${table.protocol}6` : table.protocol, family);
  const message = new InetMessage();
  const tableStart = row.length;
  const kept = query.numeric.hosts ? null : new KeptRows();
  const label = six ? `${table.label}6` : table.label;
  /** What has the core write rows of this table, from when on there is much to write. */
  const inCore = () => {
    const rows = table.core === null ? null : core.rows;
    if (rows !== null && begun !== rows) {
      rows.begin(label, table.core === "datagrams", layout);
      begun = rows;
    }
    return rows;
  };
  let begun: CoreRows | null = null;
  const outcome = source.read({
    label: procTable.file,
    message: requestFor(table, family, context),
    table: procTable,
  }, {
    message: (view, start, end, from) => {
      core.work(end - start);
      const rows = inCore();
      if (rows?.message(view, start, end)) return;
      rows?.flush();
      message.at(view, start, end);
      if (!table.rows.wants(message, layout)) return;
      const facts = from === "proc" ? procTable : NO_TIMER;
      if (kept === null) {
        table.rows.write(message, label, facts, rowContext);
      } else {
        names.note(message.source);
        names.note(message.destination);
        kept.push(message, facts);
      }
    },
    messages: (view, start, end) => inCore()?.messages(view, start, end) ?? start,
    restart: () => {
      core.rows?.clear();
      row.length = tableStart;
      kept?.clear();
    },
  });
  core.rows?.flush();
  if (kept !== null) {
    context.waiting.push(() =>
      kept.forEach((socket, facts) => table.rows.write(socket, label, facts, rowContext))
    );
  } else if (row.length >= FLUSH_AT) {
    row.flush(context.out);
  }
  if (outcome === "absent") {
    return six ? 0 : context.report.absent(`AF INET (${table.protocol})`);
  }
  return outcome === "failed" ? STATUS_UNREADABLE : 0;
}

/** The dump to ask for; `null` when the table is to be read from /proc. */
function requestFor(
  table: NetstatTable,
  family: number,
  { query: { layout }, root }: ListingContext,
): Uint8Array | null {
  if (table.ipProtocol === null || !root.isLive) return null;
  let states = LISTED;
  if (table.protocol === "tcp") {
    const serversOnly = layout.listening && !layout.all;
    // Only /proc has what -o and -e show of connections: sock_diag adds retransmits and probes up, and does not know the
    // user of a half-open connection. Listeners have no timer and a user of their own.
    if (!serversOnly && (layout.timers || layout.extended)) return null;
    if (serversOnly) states = stateMask(TCP_LISTEN);
    else if (!layout.all) states &= ~stateMask(TCP_LISTEN);
  }
  return dumpRequest({ family, protocol: table.ipProtocol, states });
}
