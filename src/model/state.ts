/**
 * Socket states: the kernel's numbers, and their names in the JSON and in the tools.
 *
 * Every diag family reports its state as a TCP state: a unix listener is `listen`, an idle datagram socket `close`.
 *
 * Source: include/net/tcp_states.h, as of Linux 6.18.
 *
 * @module
 */

/**
 * By the kernel's number: the kernel's name without `TCP_`, the name in the JSON, that of ss, that of netstat and that of
 * lsof. `null` where a tool has no name; the tool then says what it says of any number that it does not know. No socket
 * has state 0.
 */
const TABLE = [
  [null, "unknown", "UNKNOWN", "", "CLOSED"],
  ["ESTABLISHED", "established", "ESTAB", "ESTABLISHED", "ESTABLISHED"],
  ["SYN_SENT", "syn_sent", "SYN-SENT", "SYN_SENT", "SYN_SENT"],
  ["SYN_RECV", "syn_recv", "SYN-RECV", "SYN_RECV", "SYN_RECV"],
  ["FIN_WAIT1", "fin_wait_1", "FIN-WAIT-1", "FIN_WAIT1", "FIN_WAIT1"],
  ["FIN_WAIT2", "fin_wait_2", "FIN-WAIT-2", "FIN_WAIT2", "FIN_WAIT2"],
  ["TIME_WAIT", "time_wait", "TIME-WAIT", "TIME_WAIT", "TIME_WAIT"],
  ["CLOSE", "close", "UNCONN", "CLOSE", "CLOSE"],
  ["CLOSE_WAIT", "close_wait", "CLOSE-WAIT", "CLOSE_WAIT", "CLOSE_WAIT"],
  ["LAST_ACK", "last_ack", "LAST-ACK", "LAST_ACK", "LAST_ACK"],
  ["LISTEN", "listen", "LISTEN", "LISTEN", "LISTEN"],
  ["CLOSING", "closing", "CLOSING", "CLOSING", "CLOSING"],
  // netstat reads it in /proc, which says SYN_RECV.
  ["NEW_SYN_RECV", "new_syn_recv", null, "SYN_RECV", null],
  ["BOUND_INACTIVE", "bound_inactive", null, null, null],
] as const;

/** A state, as in the JSON. */
export type State = typeof TABLE[number][1];

/** States as in the JSON; the index is the kernel's number. */
export const STATES: readonly State[] = TABLE.map((names) => names[1]);

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

/** Every state. */
export const ALL_STATES: StateMask = 0x3fff & ~1;

/** Every state as ss counts them, with bit 0, which no socket has. */
export const SS_ALL: StateMask = 0x3fff;

/** The mask of the given numbers. */
export function stateMask(...numbers: number[]): StateMask {
  let mask = 0;
  for (const number of numbers) mask |= 1 << number;
  return mask;
}

/** The name in the JSON; `unknown` for a number that this program does not know. */
export function stateName(number: number): State {
  return STATES[number] ?? "unknown";
}

/** The name that ss shows. */
export function ssStateName(number: number): string {
  return TABLE[number]?.[2] ?? "UNDEF";
}

/** The name that netstat shows. */
export function netstatStateName(number: number): string {
  return TABLE[number]?.[3] ?? "UNKNOWN";
}

/** The name that lsof shows. */
export function lsofStateName(number: number): string {
  return TABLE[number]?.[4] ?? `UNKNOWN_TCP_STATE_${number}`;
}

/** Number of a name of lsof, in upper case; `undefined` if it is no such name. */
export function lsofStateNumber(name: string): number | undefined {
  const number = TABLE.findIndex((names) => names[4] === name);
  return number < 0 ? undefined : number;
}

/**
 * The kernel's number of a name as a person writes it: letter case does not matter, nor whether it has `-` or `_`.
 * `undefined` if it is no state.
 *
 * @example stateNumber("Fin-Wait1") // 4
 */
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
