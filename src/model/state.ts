/**
 * Socket states, by the kernel's numbers and by the names that JSON uses.
 *
 * Every diag family reports its state as a TCP state: a unix listener is `listen`, an idle datagram socket `close`.
 *
 * @module
 */

/** State names. The index is the kernel's number: enum in include/net/tcp_states.h. */
export const STATES = [
  "unknown",
  "established",
  "syn_sent",
  "syn_recv",
  "fin_wait_1",
  "fin_wait_2",
  "time_wait",
  "close",
  "close_wait",
  "last_ack",
  "listen",
  "closing",
  "new_syn_recv",
  "bound_inactive",
] as const;

/** A state name. */
export type State = typeof STATES[number];

/** Numbers of the states, for every protocol. Source: include/net/tcp_states.h. */
export const TCP_ESTABLISHED = 1;
export const TCP_SYN_SENT = 2;
export const TCP_SYN_RECV = 3;
export const TCP_FIN_WAIT1 = 4;
export const TCP_FIN_WAIT2 = 5;
export const TCP_TIME_WAIT = 6;
export const TCP_CLOSE = 7;
export const TCP_CLOSE_WAIT = 8;
export const TCP_LAST_ACK = 9;
export const TCP_LISTEN = 10;
export const TCP_CLOSING = 11;
export const TCP_NEW_SYN_RECV = 12;
/** Bound to a port, neither listening nor connected. Asked for in a request of its own: the reply says CLOSE. */
export const TCP_BOUND_INACTIVE = 13;

/** A set of states: bit `1 << number` each, as `idiag_states` has it. */
export type StateMask = number;

/** Every state there is. */
export const ALL_STATES: StateMask = 0x3fff & ~1;

/** Every state as ss counts them: bit 0, which no socket has, included. */
export const SS_ALL: StateMask = 0x3fff;

/** The mask that holds exactly the given kernel numbers. */
export function stateMask(...numbers: number[]): StateMask {
  let mask = 0;
  for (const number of numbers) mask |= 1 << number;
  return mask;
}

/** Name of a kernel number; `unknown` for one that this program does not know. */
export function stateName(number: number): State {
  return STATES[number] ?? "unknown";
}

/** Kernel number of a name as a person writes it: case, `-` and `_` do not matter. `undefined` if there is none. */
export function stateNumber(name: string): number | undefined {
  const wanted = name.toLowerCase().replaceAll("-", "_");
  const number = STATES.indexOf((ALIASES[wanted] ?? wanted) as State);
  return number > 0 ? number : undefined;
}

const ALIASES: Readonly<Record<string, State>> = {
  estab: "established",
  listening: "listen",
  syn_rcv: "syn_recv",
  synsent: "syn_sent",
  synrecv: "syn_recv",
  fin_wait1: "fin_wait_1",
  fin_wait2: "fin_wait_2",
  timewait: "time_wait",
  closed: "close",
  unconn: "close",
  unconnected: "close",
  closewait: "close_wait",
  lastack: "last_ack",
};
