/**
 * Answers of commands as data, and what it means if one differs from another.
 */
import type { Command } from "./faults_commands.ts";

/** How a run ended, and what it said. */
export interface Ran {
  /** -1: it did not end in time. */
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** What came of a run with a fault. */
export const OUTCOMES = [
  /** The answer is the one without the fault. */
  "same",
  /** It lacks something, and says so: a gap, a message or the status. */
  "told",
  /** The error said that something is not there, or was what was asked for, and the answer is the one that follows from it. */
  "gone",
  /** It lacks what may not be read, and says nothing, as the tool does whose words it speaks. */
  "alike",
  /** It is another answer, and nothing says why. */
  "silent",
  /** Something is told, but the answer claims what is not so. */
  "false",
  "crashed",
  "hung",
  /** Nothing was injected, or what is looked at changed. */
  "missed",
] as const;
export type Outcome = typeof OUTCOMES[number];

/** Outcomes that must not be. */
export const FAULTY: ReadonlySet<Outcome> = new Set(["silent", "false", "crashed", "hung"]);

/** Judges the answer of a run with a fault by the one without. */
export function judge(command: Command, plain: Ran, ran: Ran): Outcome {
  if (ran.status === -1) return "hung";
  const words = ran.err.split("\n").filter((line) => line !== "");
  const isOurs = !/Bun v|panic|oh no/i.test(ran.err);
  if (isOurs && /this is a bug|^ {4}at /m.test(ran.err)) return "crashed";
  // The runtime gives up when it cannot start, which is no answer, and an error without an answer is none either.
  if (ran.status >= 126 || ran.status === 2 && ran.out === "") return "told";
  const [before, after] = [read(plain.out), read(ran.out)];
  if (plain.status === ran.status && agrees(before, after)) return "same";
  const known = new Set(plain.err.split("\n"));
  const isTold = ran.status !== plain.status || words.some((line) => !known.has(line)) ||
    gapsIn(after) !== gapsIn(before) || unreadIn(ran.out) > unreadIn(plain.out);
  if (!isTold) return "silent";
  if (command.language !== "sockeye" || ran.status === 2) return "told";
  if (command.decides && ran.status !== plain.status && (ran.status === 0 || ran.status === 1)) {
    return "false";
  }
  return claims(before, after) === null ? "told" : "false";
}

// What explain could not read stands beside what it could, facts about a process have the files, doctor has reasons, and lsof
// has the error in the row.
function unreadIn(out: string): number {
  return out.match(
    /"unread": ?(\[[^\]]|\{)|"reason": ?"|"enterable": ?false|"verdict": ?"undecidable"|"denied": ?[1-9]|"source": ?"none"|"forwards_unread": ?true|\(E[A-Z]{2,}\)|not read: |\((?:stat|readlink|opendir): /g,
  )
    ?.length ?? 0;
}

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** What differs from run to run, and what tells of an answer beside it. */
const LEFT_OUT = new Set([
  "taken_at",
  "generated_at",
  "start_time",
  "complete",
  "gaps",
  "timer",
  "info",
  "memory",
  "because",
  // What processes use meanwhile.
  "usage",
]);

/** An answer as data, without what differs from run to run: JSON, or sorted lines of words. */
function read(out: string): Json {
  if (out.startsWith("{")) {
    try {
      const answer = JSON.parse(out);
      if (Array.isArray(answer.sockets)) answer.sockets = answer.sockets.filter(isStable);
      return withoutUs(answer);
    } catch {
      return out;
    }
  }
  const changing =
    /timer:\([^)]*\)|\(\d+ s\)|since [-\d: ]+ UTC|\b(sk|ino|lastsnd|lastrcv|lastack|cgroup|rtt|ato|send|pacing_rate|delivery_rate|busy|rcv_rtt):\S+/g;
  const lines = out.replace(changing, "").replace(/\("(sockeye|strace)",[^)]*\),?/g, "").split(
    "\n",
  );
  // What a command asks the kernel through is in its own answer.
  return lines.filter((line) => !/sock_diag|tcpdiag|NETLINK|rtnl/.test(line))
    .map((line) => line.trim().split(/\s+/).join(" ")).sort();
}

// A run beside this one may have a copy of a descriptor, to ask the socket something.
function withoutUs(answer: Json): Json {
  if (Array.isArray(answer)) {
    return answer.filter((item) => !(isObject(item) && item.comm === "sockeye")).map(withoutUs);
  }
  if (!isObject(answer)) return answer;
  return Object.fromEntries(Object.entries(answer).map(([key, value]) => [key, withoutUs(value)]));
}

function isStable({ family, local }: { family: string; local: { port_id?: number } }): boolean {
  return family !== "netlink" || local.port_id === 77;
}

function gapsIn(answer: Json): string {
  if (answer === null || typeof answer !== "object" || Array.isArray(answer)) return "";
  const { gaps = null, complete = null, undecided = null, undecidable = null, new: later = null } =
    answer;
  // strace itself is a process that is seen.
  const told = JSON.stringify([gaps, complete, undecided, undecidable, gapsIn(later)]);
  return told.replace(/"processes_seen":\d+/g, "");
}

/** Whether an answer says the same; what it calls unknown (`null`, `unknown`, `?`, not `certain`) it does not say. */
function agrees(plain: Json, ran: Json): boolean {
  if (ran === null || ran === "unknown") return true;
  if (Array.isArray(plain)) {
    return Array.isArray(ran) && plain.length === ran.length &&
      plain.every((item, i) => agrees(item, ran[i]!));
  }
  if (typeof plain === "string" && typeof ran === "string") return sameWords(plain, ran);
  if (plain === null || typeof plain !== "object") return plain === ran;
  if (typeof ran !== "object" || Array.isArray(ran)) return false;
  const isGuess = plain.certain === true && ran.certain === false;
  return Object.keys(plain).every((key) =>
    LEFT_OUT.has(key) || isGuess && ["certain", "role", "evidence"].includes(key) ||
    key === "evidence" && isPart(plain[key]!, ran[key] ?? null) ||
    agrees(plain[key]!, ran[key] ?? null)
  );
}

function sameWords(plain: string, ran: string): boolean {
  if (plain === ran) return true;
  const [before, after] = [plain.split(" "), ran.split(" ")];
  // Behind the holders of a socket stand those of its other end, where that is known: it is in the sixth column.
  const lacksPeer = after[5] === "-" && before[5] !== "-" && before.length > after.length;
  return (before.length === after.length || lacksPeer) &&
    after.every((word, i) => word === before[i] || word === "-" || word.startsWith("?"));
}

// The facts that a relation follows from: fewer prove less.
function isPart(plain: Json, ran: Json): boolean {
  return Array.isArray(plain) && Array.isArray(ran) &&
    ran.every((item) => plain.some((known) => agrees(known, item)));
}

interface SocketJson {
  readonly [key: string]: Json;
}

/**
 * What an incomplete answer says that the whole one does not: a socket, an owner or a finding of its own, or another value. `null`:
 * nothing.
 */
function claims(plain: Json, ran: Json): string | null {
  if (!isObject(plain) || !isObject(ran)) return null;
  if (Array.isArray(plain.sockets) && Array.isArray(ran.sockets)) {
    const known = new Map(plain.sockets.map((socket) => [keyOf(socket as SocketJson), socket]));
    for (const socket of ran.sockets as SocketJson[]) {
      const before = known.get(keyOf(socket));
      if (before === undefined) return `another socket: ${keyOf(socket)}`;
      const claim = socketClaims(before as SocketJson, socket);
      if (claim !== null) return `${keyOf(socket)}: ${claim}`;
    }
  }
  for (const list of ["results", "differences"]) {
    const [before, after] = [plain[list], ran[list]];
    if (!Array.isArray(before) || !Array.isArray(after)) continue;
    const known = new Set(before.map(findingOf));
    for (const one of after as SocketJson[]) {
      if (one.rule === "policy/undecidable" || one.kind === "undecided") continue;
      if (!known.has(findingOf(one))) return `another finding: ${findingOf(one)}`;
    }
  }
  return null;
}

function isObject(value: Json): value is { [key: string]: Json } {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

// Without the network namespace, which may not be known: the inode of a socket is its own on the whole host.
function keyOf({ family, transport, inode, local }: SocketJson): string {
  return JSON.stringify([family, transport, inode, family === "unix" ? null : local]);
}

function findingOf(finding: Json): string {
  const { rule = null, kind = null, endpoint = null, severity = null } = finding as SocketJson;
  return JSON.stringify([rule, kind, endpoint, severity]);
}

const QUEUES = new Set([
  "recv_queue",
  "send_queue",
  "accept_queue",
  "receive_buffer",
  "drops",
  "info",
  "timer",
  "memory",
]);

function socketClaims(plain: SocketJson, ran: SocketJson): string | null {
  for (const [key, value] of Object.entries(ran)) {
    const before = plain[key] ?? null;
    if (value === null || QUEUES.has(key)) continue;
    switch (key) {
      case "ownership":
        if (value !== before && value !== "hidden" && value !== "unknown") {
          return `${before} is ${value}`;
        }
        break;
      case "owners":
      case "peer_owners":
        for (const owner of value as SocketJson[]) {
          const known = ((before ?? []) as SocketJson[])
            .find(({ pid, tid }) => pid === owner.pid && tid === owner.tid);
          if (known === undefined) return `another owner: ${owner.pid}`;
          for (const [fact, told] of Object.entries(owner)) {
            if (fact === "fds" || fact === "unread" || LEFT_OUT.has(fact)) continue;
            if (!agrees(known[fact] ?? null, told)) return `${fact} of ${owner.pid}`;
          }
        }
        break;
      case "reach": {
        const { scope = null } = value as SocketJson;
        if (scope !== (before as SocketJson).scope && scope !== "unknown" && scope !== "any") {
          return `reach ${scope}`;
        }
        break;
      }
      case "local":
      case "peer":
        if (!agrees(before, value)) return key;
        break;
      default:
        if (typeof value !== "object" && before !== null && value !== before) return key;
    }
  }
  return null;
}

/** The first differences of two answers, for whoever looks into one. */
export function differences(plain: Ran, ran: Ran): string[] {
  const [before, after] = [read(plain.out), read(ran.out)];
  const claim = claims(before, after);
  const found: string[] = claim === null ? [] : [claim];
  const walk = (a: Json, b: Json, path: string): void => {
    if (found.length >= 8 || agrees(a, b)) return;
    if (Array.isArray(a) && Array.isArray(b) && a.length === b.length) {
      a.forEach((item, i) => walk(item, b[i]!, `${path}[${i}]`));
    } else if (isObject(a) && isObject(b)) {
      for (const key of Object.keys(a)) {
        if (!LEFT_OUT.has(key)) walk(a[key]!, b[key] ?? null, `${path}.${key}`);
      }
    } else if (Array.isArray(a) && Array.isArray(b)) {
      const [one, two] = [a, b].map((list) => new Set(list.map((item) => JSON.stringify(item))));
      const lost = [...one!].filter((item) => !two!.has(item));
      const more = [...two!].filter((item) => !one!.has(item));
      for (const item of lost.slice(0, 3)) found.push(`${path} - ${item.slice(0, 160)}`);
      for (const item of more.slice(0, 3)) found.push(`${path} + ${item.slice(0, 160)}`);
    } else found.push(`${path}: ${text(a)} → ${text(b)}`);
  };
  walk(before, after, "");
  return found;
}

const text = (value: Json) => (JSON.stringify(value) ?? "").slice(0, 120);
