/**
 * Measures: numbers of a socket that people compare, whatever the kernel's name and unit for them is.
 *
 * @module
 */
import type { InfoValue, Socket, SocketInfo } from "./socket.ts";

/** What a measure is counted in: `us` are microseconds. */
export type MeasureUnit = "count" | "bytes" | "us";

/** One measure. */
export interface Measure {
  readonly unit: MeasureUnit;
  /** What it is, for help: starts in upper case and has no period. */
  readonly summary: string;
  /** True if it takes what the kernel only tells on request: see `Query.info`. */
  readonly info: boolean;
  /** True if it takes the owners of the socket. */
  readonly owners?: true;
  /** `null` where it is not known, or the socket has no such thing. */
  value(socket: Socket, nowMs: number): number | null;
}

/** Every measure by its name. */
export const MEASURES = {
  queue: {
    unit: "count",
    summary: "What waits: connections of a listener, else bytes",
    info: false,
    value: ({ acceptQueue, recvQueue, sendQueue }) =>
      acceptQueue !== null
        ? acceptQueue.length
        : recvQueue === null && sendQueue === null
        ? null
        : (recvQueue ?? 0) + (sendQueue ?? 0),
  },
  limit: {
    unit: "count",
    summary: "How many connections may wait to be accepted",
    info: false,
    value: ({ acceptQueue }) => acceptQueue?.limit ?? null,
  },
  drops: {
    unit: "count",
    summary: "Packets that were dropped for want of room",
    info: true,
    value: ({ info }) => member(info?.skmeminfo ?? info?.meminfo, "drops"),
  },
  rtt: {
    unit: "us",
    summary: "Round-trip time of a TCP connection",
    info: true,
    value: (socket) => positive(tcp(socket, "rtt_us")),
  },
  retrans: {
    unit: "count",
    summary: "Segments that were sent again in the life of a TCP connection",
    info: true,
    value: (socket) => tcp(socket, "total_retrans"),
  },
  idle: {
    unit: "us",
    summary: "For how long a TCP connection has neither sent nor received data",
    info: true,
    value(socket) {
      const [sent, received] = [tcp(socket, "last_data_sent_ms"), tcp(socket, "last_data_recv_ms")];
      if (sent === null && received === null) return null;
      return Math.min(sent ?? Infinity, received ?? Infinity) * 1000;
    },
  },
  age: {
    unit: "us",
    summary: "For how long the oldest of its processes has been running",
    info: false,
    owners: true,
    value({ owners }, nowMs) {
      const starts = owners.flatMap(({ process: { startTimeMs } }) => startTimeMs ?? []);
      return starts.length === 0 ? null : Math.max(0, nowMs - Math.min(...starts)) * 1000;
    },
  },
} as const satisfies Readonly<Record<string, Measure>>;

/** The name of a measure. */
export type MeasureName = keyof typeof MEASURES;

/** The names, in the order of help. */
export const MEASURE_NAMES = Object.keys(MEASURES) as MeasureName[];

function member(of: InfoValue | undefined, key: string): number | null {
  if (typeof of !== "object" || of === null) return null;
  const value = (of as SocketInfo)[key];
  return typeof value === "number" ? value : typeof value === "bigint" ? Number(value) : null;
}

// A listener has the same attribute, with its queue in it and nothing of a connection.
function tcp({ info, state, transport }: Socket, key: string): number | null {
  if (transport !== "tcp" || state === "listen") return null;
  const value = (info?.info as SocketInfo | null | undefined)?.[key];
  return typeof value === "number" ? value : typeof value === "bigint" ? Number(value) : null;
}

function positive(value: number | null): number | null {
  return value === 0 ? null : value;
}
