/**
 * Signals by name and number.
 *
 * @module
 */

/** Names of the signals 1 to 31, in order. Source: include/uapi/asm-generic/signal.h, which x86-64 and arm64 share. */
const NAMES =
  ("HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU " +
    "URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS").split(" ");
/** Kernel: _NSIG. */
const LAST = 64;

/** A signal. */
export interface Signal {
  readonly number: number;
  /** Without SIG: `TERM`. That of a realtime signal is its number. */
  readonly name: string;
}

/** Politely asks a process to end. */
export const TERM: Signal = { number: 15, name: "TERM" };
/** Ends a process that does not want to. */
export const KILL: Signal = { number: 9, name: "KILL" };

/** A signal by name or number: `TERM`, `sigterm`, `15`; `null` for none. */
export function parseSignal(text: string): Signal | null {
  if (/^\d+$/.test(text)) {
    const number = Number(text);
    if (number < 1 || number > LAST) return null;
    return { number, name: NAMES[number - 1] ?? text };
  }
  const name = text.toUpperCase().replace(/^SIG/, "");
  const at = NAMES.indexOf(name);
  return at < 0 ? null : { number: at + 1, name };
}
