/**
 * States of TCP as lsof spells them.
 *
 * @module
 */

/** States of TCP by the kernel's number, as lsof spells them. 0 is its own. */
export const TCP_STATES: readonly string[] = [
  "CLOSED",
  "ESTABLISHED",
  "SYN_SENT",
  "SYN_RECV",
  "FIN_WAIT1",
  "FIN_WAIT2",
  "TIME_WAIT",
  "CLOSE",
  "CLOSE_WAIT",
  "LAST_ACK",
  "LISTEN",
  "CLOSING",
];

/** Name of a state of TCP. */
export function tcpStateName(state: number): string {
  return TCP_STATES[state] ?? `UNKNOWN_TCP_STATE_${state}`;
}
