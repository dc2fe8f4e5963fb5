/**
 * What a TCP connection has moved so far, by the kernel's own counters.
 *
 * @module
 */
import type { Socket, SocketInfo } from "../model/socket.ts";

/** Bytes of payload. */
export interface TcpCounters {
  readonly sent: number;
  readonly received: number;
}

/** States in which the peer's FIN was received, which counts as a byte. */
const AFTER_FIN: ReadonlySet<string> = new Set(["close_wait", "last_ack", "closing", "time_wait"]);

/** The counters of a socket that was listed with all details; `null` where the kernel does not tell them. */
export function tcpCounters({ transport, state, info }: Socket): TcpCounters | null {
  if (transport !== "tcp") return null;
  const values = tcpInfo(info);
  if (values === null || values.bytes_received === undefined) return null;
  const received = Number(values.bytes_received);
  return {
    sent: sentOf(values),
    received: state !== null && AFTER_FIN.has(state) && received > 0 ? received - 1 : received,
  };
}

/**
 * The counters in the news that a connection has ended, which do not say whether the peer's FIN came: then what was received is
 * not known to the byte, and `null`. `null` altogether for an aborted connection, which is told with zeros.
 */
export function lastCounters(
  info: SocketInfo | null,
): { readonly sent: number; readonly received: number | null } | null {
  const values = tcpInfo(info);
  // A connection that was established has a round-trip time.
  if (values === null || Number(values.rtt_us ?? 0) === 0) return null;
  return { sent: sentOf(values), received: Number(values.bytes_received ?? 0) === 0 ? 0 : null };
}

type Values = Readonly<Record<string, unknown>>;

function tcpInfo(info: SocketInfo | null | undefined): Values | null {
  const tcp = info?.info;
  return typeof tcp !== "object" || tcp === null ? null : tcp as Values;
}

function sentOf(values: Values): number {
  return Number(values.bytes_sent ?? 0) - Number(values.bytes_retrans ?? 0);
}
