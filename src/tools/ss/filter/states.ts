/**
 * The state clauses before an ss filter: `state listening exclude close-wait`.
 *
 * @module
 */
import {
  SS_ALL,
  type StateMask,
  stateMask,
  TCP_BOUND_INACTIVE,
  TCP_CLOSE,
  TCP_CLOSE_WAIT,
  TCP_CLOSING,
  TCP_ESTABLISHED,
  TCP_FIN_WAIT1,
  TCP_FIN_WAIT2,
  TCP_LAST_ACK,
  TCP_LISTEN,
  TCP_SYN_RECV,
  TCP_SYN_SENT,
  TCP_TIME_WAIT,
} from "../../../model/state.ts";
import { FilterSyntaxError } from "../../../filter/errors.ts";
import { similar } from "../../../text/nearest.ts";

const BUCKET = stateMask(TCP_SYN_RECV, TCP_TIME_WAIT);
const CONNECTED = SS_ALL & ~stateMask(TCP_CLOSE, TCP_LISTEN);

/** The words for states and groups of states, in lower case. */
const WORDS: Readonly<Record<string, StateMask>> = {
  all: SS_ALL,
  connected: CONNECTED,
  synchronized: CONNECTED & ~stateMask(TCP_SYN_SENT),
  bucket: BUCKET,
  big: SS_ALL & ~BUCKET,
  unknown: 1,
  established: stateMask(TCP_ESTABLISHED),
  "syn-sent": stateMask(TCP_SYN_SENT),
  "syn-recv": stateMask(TCP_SYN_RECV),
  "syn-rcv": stateMask(TCP_SYN_RECV),
  "fin-wait-1": stateMask(TCP_FIN_WAIT1),
  "fin-wait-2": stateMask(TCP_FIN_WAIT2),
  "time-wait": stateMask(TCP_TIME_WAIT),
  unconnected: stateMask(TCP_CLOSE),
  close: stateMask(TCP_CLOSE),
  closed: stateMask(TCP_CLOSE),
  "close-wait": stateMask(TCP_CLOSE_WAIT),
  "last-ack": stateMask(TCP_LAST_ACK),
  listening: stateMask(TCP_LISTEN),
  closing: stateMask(TCP_CLOSING),
  "bound-inactive": stateMask(TCP_BOUND_INACTIVE),
};

/** The states that the clauses name, and the arguments that follow. */
interface StateClauses {
  /**
   * The states asked for; `null` when there was no clause. ss takes a mask of 0, as from `exclude all`, as if there were no
   * clause. That is left to the caller, who knows the default.
   */
  readonly states: StateMask | null;
  /** The arguments after the clauses: the filter itself. */
  readonly rest: readonly string[];
}

/**
 * Takes `state X`, `exclude X` and `excl X` from the front of the arguments. Each word is an argument of its own. If the
 * first clause is `state`, states are added to none; if it is `exclude`, they are removed from all.
 *
 * Throws {@linkcode FilterSyntaxError} for an unknown state, or when the word for it is missing.
 */
export function takeStateClauses(args: readonly string[]): StateClauses {
  let states: StateMask | null = null;
  let i = 0;
  for (; i < args.length; i += 2) {
    const clause = args[i];
    if (clause === "state") states = (states ?? 0) | wordAt(args, i + 1);
    else if (clause === "exclude" || clause === "excl") {
      states = (states ?? SS_ALL) & ~wordAt(args, i + 1);
    } else break;
  }
  return { states, rest: args.slice(i) };
}

function wordAt(args: readonly string[], i: number): StateMask {
  const word = args[i];
  const key = word?.toLowerCase() ?? "";
  if (Object.hasOwn(WORDS, key)) return WORDS[key]!;
  throw new FilterSyntaxError({
    expression: args.join(" "),
    offset: args.slice(0, i).join(" ").length + (word === undefined ? 0 : 1),
    token: word ?? "",
    kind: "syntax",
    problem: word === undefined
      ? `A state is missing after "${args[i - 1]}"`
      : `"${word}" is not a state`,
    wanted: "a state, such as established, listening or all",
    suggestion: similar(key.toLowerCase(), Object.keys(WORDS)),
  });
}
