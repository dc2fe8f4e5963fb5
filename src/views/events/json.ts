/**
 * Events as JSON, version 1: a header, then an event a line. The schema is in schema/watch-1.json.
 *
 * @module
 */
import type { EventProcess, SocketEvent, WatchEvent, WatchSource } from "../../model/event.ts";
import type { Host } from "../../model/snapshot.ts";
import { utf8Text } from "../../text/encoding.ts";
import { jsonText } from "../../text/json_text.ts";
import { endpointJson, splitArguments } from "../json.ts";
import type { ExchangeRow } from "./summary.ts";

/** Name and version of the format. */
const WATCH_SCHEMA = "sockeye.watch/1";

/** The first line. */
export function headerLine(
  host: Host,
  startedNs: bigint,
  { rung, sources, unseen, reasons }: WatchSource,
): string {
  return jsonText({
    schema: WATCH_SCHEMA,
    host: { name: host.name, boot_id: host.bootId, kernel: host.kernel },
    started_at: time(startedNs),
    rung,
    sources,
    unseen,
    reasons,
  }) + "\n";
}

/** The last line, if a summary was asked for: who had how much to do with whom. */
export function summaryRecord(
  atNs: bigint,
  { counts, lost, seconds, exchanges }: {
    readonly counts: Readonly<Record<string, number>>;
    readonly lost: number;
    readonly seconds: number;
    readonly exchanges: readonly ExchangeRow[];
  },
): string {
  return jsonText({
    event: "summary",
    at: time(atNs),
    duration_ms: Math.round(seconds * 1000),
    counts: Object.fromEntries(Object.entries(counts).filter(([name]) => name !== "lost")),
    lost,
    exchanges: exchanges.map((row) => ({
      process: row.process === null ? null : processJson(row.process),
      processes: row.pids.size,
      transport: row.transport,
      direction: row.incoming ? "from" : "to",
      peer: row.peer,
      connections: row.connections,
      open: row.open,
      failed: row.failures,
      datagrams: row.datagrams,
      bytes_sent: row.bytesSent,
      bytes_received: row.bytesReceived,
    })),
  }) + "\n";
}

/** The line of an event. */
export function eventLine(event: WatchEvent): string {
  return jsonText(event.event === "lost" ? lostJson(event) : eventJson(event)) + "\n";
}

function lostJson({ atNs, count, of }: WatchEvent & { event: "lost" }) {
  return { event: "lost", at: time(atNs), count, of };
}

function eventJson(event: SocketEvent): Record<string, unknown> {
  const { family, cookie } = event;
  return {
    event: event.event,
    at: time(event.atNs),
    netns: event.netns,
    cookie: typeof cookie === "bigint" ? cookie.toString() : cookie,
    family,
    transport: event.transport,
    type: event.type,
    local: event.local === null || family === null ? null : endpointJson(family, event.local),
    peer: event.peer === null || family === null ? null : endpointJson(family, event.peer),
    process: event.process === null ? null : processJson(event.process),
    how: event.how,
    owners: event.owners.map(processJson),
    outcome: event.outcome,
    error: event.error,
    backlog: event.backlog,
    datagrams: event.datagrams,
    failed: event.failed,
    bytes_sent: event.bytesSent,
    bytes_received: event.bytesReceived,
    duration_ms: event.durationMs === null ? null : Math.round(event.durationMs * 1000) / 1000,
    reason: event.reason,
    service: event.service,
    existing: event.existing,
  };
}

function processJson(process: EventProcess): Record<string, unknown> {
  const { pid, tid, ppid, comm, exe, cmdline, uid, user, unit, container } = process;
  return {
    pid,
    tid,
    ppid,
    comm: comm === null ? null : utf8Text(comm),
    exe: exe === null ? null : utf8Text(exe),
    cmdline: cmdline === null ? null : splitArguments(cmdline),
    uid,
    user,
    unit,
    container,
  };
}

/** ISO 8601 with nanoseconds, so that two events differ by what lies between them. */
function time(ns: bigint): string {
  const ms = Number(ns / 1_000_000n);
  const rest = String(ns % 1_000_000_000n).padStart(9, "0");
  return `${new Date(ms).toISOString().slice(0, 19)}.${rest}Z`;
}
