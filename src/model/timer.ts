/**
 * Timers of internet sockets, by the kernel's number.
 *
 * Source: net/ipv4/inet_diag.c and net/ipv4/tcp_ipv4.c, `idiag_timer`. The kernel has no names for them.
 *
 * @module
 */

/** `idiag_timer` of a socket that is only a TIME-WAIT record, whatever state it reports. */
export const TIMER_TIME_WAIT = 3;

/** By number: the name in the JSON, that of ss and that of netstat; `null` where there is none. */
const TIMERS = [
  [null, "off", "off"],
  ["retransmit", "on", "on"],
  ["keepalive", "keepalive", "keepalive"],
  ["time_wait", "timewait", "timewait"],
  ["persist", "persist", "probe"],
  ["delayed_ack", "delack", null],
] as const;

/** Name of a timer in the JSON. */
export type TimerKind = NonNullable<typeof TIMERS[number][0]> | "unknown";

/** The name in the JSON of a timer that runs, so not of 0. */
export function timerKind(timer: number): TimerKind {
  return TIMERS[timer]?.[0] ?? "unknown";
}

/** The name that ss shows. */
export function ssTimerName(timer: number): string {
  return TIMERS[timer]?.[1] ?? "unknown";
}

/** The name that netstat shows. */
export function netstatTimerName(timer: number): string {
  return TIMERS[timer]?.[2] ?? `unkn-${timer}`;
}
