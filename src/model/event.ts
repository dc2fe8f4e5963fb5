/**
 * Event: something that happened to a socket, and who did it.
 *
 * @module
 */
import type { Bytes, Container } from "./owner.ts";
import type { Endpoint, FamilyName, Netns, SocketType, Transport } from "./socket.ts";

/** What can happen. */
export const EVENT_NAMES = [
  /** socket(2) made it. */
  "open",
  /** It got a local address by bind(2). */
  "bind",
  /** It listens. */
  "listen",
  /** A connection was begun here, and is established or has failed. */
  "connect",
  /** A connection that was begun elsewhere. */
  "accept",
  /** Datagrams: the first to a destination, and then once a second how many there were since. */
  "send",
  /** It is closed. */
  "close",
  /** The program was started that then did one of these. */
  "exec",
  /** Something happened that could not be told: how much. */
  "lost",
] as const;

/** One of {@linkcode EVENT_NAMES}. */
type EventName = typeof EVENT_NAMES[number];

/**
 * How the process of an event is known.
 *
 * - `hook`: the kernel was asked while the process was in the call.
 * - `first-io`: it is the first that used the socket.
 * - `listener`: it has the socket that the connection came in by. Which of several accepts it is not known.
 * - `owner-pass`: it held the socket when processes were looked through.
 */
export const HOWS = ["hook", "first-io", "listener", "owner-pass"] as const;

/** One of {@linkcode HOWS}. */
export type How = typeof HOWS[number];

/** What became of a connection that was begun here. `unknown`: nothing tells it here. */
type ConnectOutcome = "established" | "failed" | "unknown";

/** How a TCP connection ended: in order, by a reset or because time ran out. */
type CloseReason = "fin" | "reset" | "timeout";

/** A process, as far as anything is known of it. It may be gone. */
export interface EventProcess {
  /** Where we run; `null` for a process that has no number there. */
  readonly pid: number | null;
  /** The thread; `null` for the first one. */
  readonly tid: number | null;
  readonly ppid: number | null;
  readonly comm: Bytes | null;
  readonly exe: Bytes | null;
  /** Arguments, NUL-separated. */
  readonly cmdline: Bytes | null;
  readonly uid: number | null;
  readonly user: string | null;
  readonly unit: string | null;
  readonly container: Container | null;
}

/** One event about a socket. `null` is "not known". */
export interface SocketEvent {
  readonly event: Exclude<EventName, "lost">;
  /** Nanoseconds since the epoch. Two events differ by what the clock that never jumps says. */
  readonly atNs: bigint;
  readonly netns: Netns | null;
  readonly cookie: number | bigint | null;
  readonly family: FamilyName | null;
  readonly transport: Transport | null;
  readonly type: SocketType | null;
  readonly local: Endpoint | null;
  readonly peer: Endpoint | null;
  readonly process: EventProcess | null;
  readonly how: How | null;
  /** All that are known to hold the socket, where that is not {@linkcode process} alone. */
  readonly owners: readonly EventProcess[];
  /** Of a connect. */
  readonly outcome: ConnectOutcome | null;
  /** Name of the error number of what failed: `ECONNREFUSED`. */
  readonly error: string | null;
  /** Of a listen: connections that may wait. */
  readonly backlog: number | null;
  /** Datagrams of a send. */
  readonly datagrams: number | null;
  /** Of those, how many failed. */
  readonly failed: number | null;
  /** Payload. Of a send those of the event, of a close all. */
  readonly bytesSent: number | null;
  readonly bytesReceived: number | null;
  /** How long the socket was open, or the connection; of a failed connect how long it was tried. */
  readonly durationMs: number | null;
  /** Of a close of a TCP connection. */
  readonly reason: CloseReason | null;
  /** True for a socket that can be connected or sent to: a listener, or a bound one without a peer. */
  readonly service: boolean;
  /** True for what was there when the watch began: it did not happen then. */
  readonly existing: boolean;
}

/** What could not be told. */
export interface LostEvent {
  readonly event: "lost";
  readonly atNs: bigint;
  /** Records since the last such event. */
  readonly count: number;
  /** The same by what they were about; empty where that is not known. */
  readonly of: Readonly<Record<string, number>>;
}

/** An event. */
export type WatchEvent = SocketEvent | LostEvent;

/** A way to learn what happens, from the one that sees most to the one that sees least. */
export const RUNGS = ["all", "tracepoints", "cgroup", "perf", "destroy", "scan"] as const;

/** One of {@linkcode RUNGS}. */
export type Rung = typeof RUNGS[number];

/** How events are learned here, and what that does not show. */
export interface WatchSource {
  readonly rung: Rung;
  /** In words. */
  readonly sources: readonly string[];
  /** What cannot be seen, a clause each. */
  readonly unseen: readonly string[];
  /** Why the rungs above were not taken. */
  readonly reasons: readonly string[];
}
