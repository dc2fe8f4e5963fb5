/**
 * `sockeye wait`: until something listens, is gone, or is connected.
 *
 * Every look is a full one, so that an answer is what the tables say at that moment. The kernel only tells when to look again;
 * where it does not, the look is repeated every 20 ms.
 *
 * @module
 */
import { POLLIN, PollSet } from "../../ffi/poll.ts";
import { Diagnostics } from "../diagnostics.ts";
import { Users } from "../etc/users.ts";
import { Change } from "../events/change.ts";
import { Interrupts } from "../events/interrupts.ts";
import { turn } from "../events/patient_output.ts";
import { familyOf } from "../families/mod.ts";
import { any, type End, type Expr } from "../filter/ast.ts";
import { single } from "../filter/ranges.ts";
import { attachOwners } from "../join/attach.ts";
import type { Gap } from "../model/gap.ts";
import type { Socket, Transport } from "../model/socket.ts";
import { stateMask, TCP_LISTEN } from "../model/state.ts";
import { becauseText, decide, type Verdict } from "../model/verdict.ts";
import { Processes } from "../origin/processes.ts";
import { currentNetns } from "../proc/ns.ts";
import { ProcRoot } from "../proc/root.ts";
import type { Query } from "../query.ts";
import { SocketFiles } from "../reach/socket_file.ts";
import { collectSockets } from "../snapshot/collect.ts";
import { processIsCalled } from "../snapshot/owner_match.ts";
import { scanFew } from "../snapshot/held_sockets.ts";
import { Source } from "../snapshot/source.ts";
import { sanitize, sanitizeBytes } from "../text/sanitize.ts";
import type { Writer } from "../text/writer.ts";
import { formatEndpoint } from "../views/columns.ts";
import { tellGaps } from "../views/gaps.ts";
import { queryFor } from "./explain/input.ts";
import { concerns, matchesPort } from "./explain/match.ts";
import type { Target } from "./explain/target.ts";
import { isAt, unreadPath } from "./explain/unix_path.ts";
import { utf8Text } from "../text/encoding.ts";

/** What is waited for. */
export type WaitFor = "listening" | "gone" | "connected";

/** What can be waited for: a port or a unix socket. */
export type WaitTarget = Extract<Target, { kind: "port" | "unix" | "abstract" }>;

interface WaitOptions {
  readonly target: WaitTarget;
  readonly what: WaitFor;
  /** Name of a process that must have it; `null`: whoever. */
  readonly by: string | null;
  readonly timeoutMs: number;
}

/** How the wait ended. */
export type WaitOutcome = "met" | "timeout" | "undecided" | "interrupted";

/** Between two looks where nothing tells of changes, and right after something did: a change is told before it is done. */
const POLL_MS = 20;
const SETTLE_MS = 200;
/** Between two looks where the kernel tells of changes. */
const REST_MS = 1000;

/** What a look has found. */
interface Look {
  readonly met: boolean;
  readonly found: readonly Socket[];
  /** Why it cannot be known that it is not so; `null` if it can. */
  readonly doubt: string | null;
  /** What may lack of those that have it. */
  readonly gaps: readonly Gap[];
}

/** Waits. Writes who it was. Throws what reading throws. */
export async function wait(options: WaitOptions, out: Writer, err: Writer): Promise<WaitOutcome> {
  const root = new ProcRoot();
  const startedMs = performance.now();
  const left = () => options.timeoutMs - (performance.now() - startedMs);
  /** Processes that did something to a socket there, which are the first to be looked into. */
  const pids = new Set<number>();
  let look = lookAt(options, root, pids);
  if (look.met) return tell(look, options, out, err);
  if (left() <= 0) return giveUp(look, options, err);
  using interrupts = new Interrupts();
  using change = openChange(options, root);
  const poll = new PollSet(change === null ? [] : [[change.fd, POLLIN]]);
  // What happened while the programs were attached nobody has told.
  let quickUntilMs = performance.now() + SETTLE_MS;
  for (;;) {
    look = lookAt(options, root, pids);
    if (look.met) return tell(look, options, out, err);
    if (left() <= 0) return giveUp(look, options, err);
    const quick = change === null || performance.now() < quickUntilMs;
    // Only a change cuts a rest short. Right after one the next look is due soon anyway.
    (quick ? NOTHING : poll).wait(
      Math.max(0, Math.ceil(Math.min(quick ? POLL_MS : REST_MS, left()))),
    );
    await turn();
    if (interrupts.came) return "interrupted";
    if (change?.take(pids) === true) quickUntilMs = performance.now() + SETTLE_MS;
  }
}

const NOTHING = new PollSet([]);

function openChange({ target, what }: WaitOptions, root: ProcRoot): Change | null {
  if (target.kind !== "port") return null;
  const at = (end: End): Expr => ({
    kind: "host",
    end,
    addresses: [],
    ports: single(target.port),
  });
  const ends = what === "connected" ? any([at("source"), at("destination")]) : at("source");
  return Change.open(ends, target.transport, root);
}

function lookAt(
  { target, what, by }: WaitOptions,
  root: ProcRoot,
  pids: ReadonlySet<number>,
): Look {
  const diagnostics = new Diagnostics();
  const inode = currentNetns(root);
  const source = new Source(root, diagnostics);
  const query = queryFor([target]);
  let found: Socket[];
  let unread: Gap[] = [];
  try {
    const netns = inode === null ? null : { inode, name: null };
    const files = new SocketFiles(root);
    found = queries(query, what).flatMap((one) =>
      collectSockets(one, source, netns).filter((socket) => isWanted(socket, target, what, files))
    );
    if (target.kind === "unix" && found.length === 0) unread = unreadPath(target.path, files);
  } finally {
    source.close();
  }
  const tables = (label: string) => concerns(label, target);
  const verdict = decide(found.length > 0, { tables }, [...diagnostics.gaps, ...unread]);
  const doubt = verdict.answer === "undecided" ? becauseText(verdict) : null;
  if (what === "gone") return goneLook(found, verdict, doubt);
  if (found.length === 0) return { met: false, found, doubt, gaps: [] };
  const theirs = () =>
    by === null
      ? found
      : found.filter(({ owners }) => owners.some(({ process }) => processIsCalled(process, by)));
  const processes = new Processes(root, new Users());
  // To look into all that there are may take longer than the wait was to last.
  if (pids.size > 0) {
    const scan = scanFew([...pids].sort((a, b) => a - b), root);
    const few = new Diagnostics();
    attachOwners(found, root, processes, few, { scan, search: () => scan });
    const seen = theirs().filter(({ owners }) => owners.length > 0);
    if (seen.length > 0) return { met: true, found: seen, doubt: null, gaps: few.gaps };
  }
  attachOwners(found, root, processes, diagnostics);
  const known = theirs();
  const { gaps } = diagnostics;
  if (known.length > 0) return { met: true, found: known, doubt: null, gaps };
  // Where one holder is known there may be another one.
  const holder = decide(false, { processes: true }, gaps);
  const who = `who has ${describe(found[0]!)} may not be seen`;
  return {
    met: false,
    found,
    doubt: holder.answer === "undecided" ? `${who}: ${becauseText(holder)}` : null,
    gaps,
  };
}

/** Transports whose services are in the state LISTEN. */
const STREAMS: ReadonlySet<Transport> = new Set(["tcp", "mptcp", "sctp", "dccp"]);

/** The kernel finds listeners at once; for other states it goes through all connections of the host, which may be many. */
function queries(query: Query, what: WaitFor): Query[] {
  if (what === "connected") return [{ ...query, ports: null }];
  if (!query.families.has("inet") && !query.families.has("inet6")) return [query];
  const part = (streams: boolean) =>
    new Set([...query.transports].filter((name) => STREAMS.has(name) === streams));
  return [
    { ...query, transports: part(true), states: stateMask(TCP_LISTEN) },
    { ...query, transports: part(false) },
  ].filter(({ transports }) => transports.size > 0);
}

function goneLook(found: readonly Socket[], verdict: Verdict, doubt: string | null): Look {
  return { met: verdict.answer === "no", found, doubt, gaps: [] };
}

function isWanted(
  socket: Socket,
  target: WaitTarget,
  what: WaitFor,
  files: SocketFiles,
): boolean {
  const { local, peer, state } = socket;
  if (what === "connected") {
    if (state !== "established" || peer === null) return false;
    if (target.kind !== "port") return isNamed(socket, target, files);
    if (target.transport !== null && socket.transport !== target.transport) return false;
    const isEnd = (end: typeof local) =>
      "address" in end && end.port === target.port &&
      (target.address === null || end.address === target.address);
    return isEnd(local) || isEnd(peer);
  }
  if (!familyOf(socket.family).serves(socket)) return false;
  return target.kind === "port" ? matchesPort(socket, target) : isNamed(socket, target, files);
}

function isNamed(
  socket: Socket,
  target: Extract<WaitTarget, { kind: "unix" | "abstract" }>,
  files: SocketFiles,
): boolean {
  if (target.kind === "unix") return isAt(socket, target.path, files) !== null;
  const { local } = socket;
  return "name" in local && local.name !== null &&
    utf8Text(local.name).replaceAll("\0", "@") === target.name;
}

function tell(
  { found, gaps }: Look,
  { target, what }: WaitOptions,
  out: Writer,
  err: Writer,
): WaitOutcome {
  if (what === "gone") out.write(`${sanitize(target.text)} is gone\n`);
  for (const socket of what === "gone" ? [] : found) out.write(`${describe(socket)}\n`);
  out.flush();
  // That it is so is certain. Who has it may not be all.
  tellGaps(gaps, err);
  return "met";
}

function giveUp(
  look: Look,
  { target, what, by, timeoutMs }: WaitOptions,
  err: Writer,
): WaitOutcome {
  const name = sanitize(target.text);
  const after = `after ${timeoutMs / 1000} s`;
  if (look.doubt !== null) {
    err.write(`sockeye: whether ${name} is ${what} cannot be known: ${sanitize(look.doubt)}\n`);
    err.flush();
    return "undecided";
  }
  const [first] = look.found;
  const still = first === undefined ? "" : `: ${describe(first)}`;
  const not = by === null ? `not ${what}` : `not ${what} by ${sanitize(by)}`;
  err.write(`sockeye: ${name} is ${what === "gone" ? "still there" : not} ${after}${still}\n`);
  err.flush();
  return "timeout";
}

/** A socket in one line: what it is, where, and who has it. */
function describe(socket: Socket): string {
  const { family, local, peer, owners } = socket;
  const ends = [local, ...(peer === null ? [] : [peer])].map((end) => formatEndpoint(family, end));
  const names = owners.map(({ pid, process: { comm } }) =>
    `${comm === null ? "?" : sanitizeBytes(comm)}(${pid})`
  );
  return [familyOf(family).label(socket), ...ends, ...names].join(" ");
}
