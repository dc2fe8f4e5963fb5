/**
 * `sockeye kill TARGET`: ends the processes that hold a listener, and says what became of them and of the port.
 *
 * @module
 */
import { effectiveUserId } from "../../../ffi/process.ts";
import { terminalColumns } from "../../../ffi/terminal.ts";
import { Diagnostics } from "../../diagnostics.ts";
import { Users } from "../../etc/users.ts";
import type { Process } from "../../model/owner.ts";
import type { Socket } from "../../model/socket.ts";
import { absence, becauseText, decide, decideAny, type Verdict } from "../../model/verdict.ts";
import { Facts } from "../../origin/facts.ts";
import { shellWord } from "../../origin/manager.ts";
import { Processes } from "../../origin/processes.ts";
import { showsOwnPids } from "../../proc/status.ts";
import { ProcRoot } from "../../proc/root.ts";
import { type NetnsChoice, NoSuchNamespace } from "../../query.ts";
import type { ColorChoice } from "../../text/color.ts";
import { plural } from "../../text/plural.ts";
import { sanitize } from "../../text/sanitize.ts";
import { BrokenPipe, type Writer } from "../../text/writer.ts";
import { named } from "../../views/explain/page.ts";
import { writeExplanations } from "../../views/explain/text.ts";
import { tellDiagnostics } from "../../views/gaps.ts";
import { Bearers } from "../explain/bearers.ts";
import { explainTargets, placesOf } from "../explain/explain.ts";
import { type ExplainInput, takeInput } from "../explain/input.ts";
import { isServer, matches } from "../explain/match.ts";
import { textFormat } from "../explain/mod.ts";
import type { Target } from "../explain/target.ts";
import { aftermath, type Became, placeOf, unknownFate } from "./aftermath.ts";
import { restartLines } from "./advice.ts";
import { HeldProcess, NotAsShown } from "./held_process.ts";
import { KeptNamespaces } from "./kept_namespaces.ts";
import { OwnSession, parseSshConnection } from "./own_session.ts";
import { type Plan, planFor } from "./plan.ts";
import { answersYes } from "./question.ts";
import { KILL, type Signal } from "./signal.ts";

/** How to end processes. */
interface EndOptions {
  readonly netns: NetnsChoice | undefined;
  /** True to end them without asking. */
  readonly yes: boolean;
  readonly signal: Signal;
  /** How long to wait for their end. */
  readonly timeoutMs: number;
  /** True to send KILL to what still runs then. */
  readonly force: boolean;
  /** True to end what this command itself hangs on, too. */
  readonly evenMine: boolean;
  readonly color: ColorChoice;
  /** True to tell how the answer was obtained, and to name what could not be read. */
  readonly verbose: boolean;
}

/**
 * `ended`: all of them, and what they held is free. `nothing`: nobody holds it. `declined`: the answer was no. `unasked`: there is no
 * terminal to ask on. `unseen`: what to be asked about could not be shown. `refused`: it is not what was shown any more, or this
 * command hangs on it. `undecided`: it is not known who holds it. `failed`: some still run, or what they held is held.
 */
export type EndOutcome =
  | "ended"
  | "nothing"
  | "declined"
  | "unasked"
  | "unseen"
  | "refused"
  | "undecided"
  | "failed";

/** KILL ends a process at once, unless the kernel itself is busy with it. */
const KILL_TIMEOUT_MS = 5000;
/** How long a manager is given to start a service again, and how often that is looked for. */
const RESTART_MS = 1000;
const RESTART_LOOK_MS = 250;

/** Shows who holds the targets, then ends them. Throws what collecting and the writers throw. */
export function endProcesses(
  targets: readonly Target[],
  options: EndOptions,
  out: Writer,
  err: Writer,
): EndOutcome {
  const root = new ProcRoot();
  const diagnostics = new Diagnostics();
  const explanations = explainTargets(targets, options.netns, diagnostics, root);
  const plan = planFor(targets, explanations, new Bearers(new Users(), root));
  const say = (line: string) => {
    err.write(`sockeye: ${line}\n`);
    err.flush();
  };
  // With --yes, nobody waits for the list: the processes are ended although its reader is gone.
  out.keepsOn = options.yes;
  try {
    // What could be done is what is being done.
    const shown = explanations.map((explanation) => ({
      ...explanation,
      subjects: explanation.subjects.map((subject) => ({ ...subject, next: [] })),
    }));
    writeExplanations(shown, out, textFormat(options));
    const lines = planLines(plan, options, root);
    if (lines.length > 0) out.write(`\n${lines.join("\n")}\n`);
    out.flush();
  } catch (error) {
    if (error instanceof BrokenPipe) return "unseen";
    throw error;
  }
  tellDiagnostics(diagnostics, err, { verbose: options.verbose });
  if (plan.victims.length === 0) {
    // A connection that was found is no listener, which may be in what could not be read.
    const listener = decideAny([
      ...targets.map((target) => decide(false, placesOf(target), diagnostics.gaps)),
      ...explanations.map(({ socketVerdict }) => socketVerdict)
        .filter(({ answer }) => answer === "undecided"),
    ]);
    say(`${whyNobody(plan, listener)}: nothing was ended`);
    const undecided = plan.ownerless.some(({ ownership }) => ownership !== "kernel") ||
      plan.subjects.length === 0 && listener.answer === "undecided";
    const because = becauseText(listener);
    if (undecided && because !== "") say(because);
    // Root lacks something else, which the gaps name.
    if (undecided && plan.ownerless.length > 0 && effectiveUserId() !== 0) {
      const words = sanitize(targets.map(({ text }) => shellWord(text)).join(" "));
      say(`only its owner's user and root see it and may end it; try: sudo sockeye kill ${words}`);
    }
    return undecided ? "undecided" : plan.subjects.length > 0 ? "failed" : "nothing";
  }
  if (!showsOwnPids(root)) {
    say("/proc shows the process IDs of another PID namespace: nothing was ended");
    return "refused";
  }
  const refusals = options.evenMine ? [] : ownAmong(plan, root);
  if (refusals.length > 0) {
    for (const refusal of refusals) say(refusal);
    say("nothing was ended; --even-mine does it all the same");
    return "refused";
  }
  const held: HeldProcess[] = [];
  const places = new KeptNamespaces(plan.subjects.flatMap(({ sockets }) => sockets), root);
  try {
    const wrong = takeHold(plan, root, held);
    if (wrong !== null) {
      say(`${wrong}: nothing was ended`);
      return "refused";
    }
    if (!options.yes) {
      if (terminalColumns(0) === null) return "unasked";
      if (!answersYes(questionFor(plan, options), err)) return "declined";
      const changed = whatChanged(held, plan, targets, options, root);
      if (changed !== null) {
        say(`${changed}: nothing was ended`);
        return "refused";
      }
    }
    out.keepsOn = true;
    end(held, options);
    return report(held, plan, targets, options, out, root, places);
  } finally {
    for (const one of held) one.release();
    places.close();
  }
}

function questionFor({ victims }: Plan, { signal }: EndOptions): string {
  const what = victims.length === 1
    ? named(victims[0]!.process)
    : `these ${victims.length} processes`;
  return `End ${what} by ${signal.name}?`;
}

function whyNobody({ subjects, ownerless, activators }: Plan, listener: Verdict): string {
  if (subjects.length === 0) return absence("no_listener", listener);
  const [activator] = activators;
  if (activator !== undefined) {
    return `only ${named(activator)} holds it, for a service that it starts`;
  }
  return ownerless.some(({ ownership }) => ownership === "kernel")
    ? "the kernel itself holds it, and no process"
    : "its owner cannot be seen";
}

function planLines(
  { victims, activators, subjects }: Plan,
  { signal }: EndOptions,
  root: ProcRoot,
): string[] {
  const workers = new Map<number, number>();
  for (const { master } of victims) {
    if (master !== null) workers.set(master, (workers.get(master) ?? 0) + 1);
  }
  return [
    ...victims.filter(({ master }) => master === null).map(({ process }) => {
      const count = workers.get(process.pid) ?? 0;
      return `${signal.name} to ${named(process)}${
        count === 0 ? "" : `, with which ${plural(count, "worker")} ${count === 1 ? "ends" : "end"}`
      }`;
    }),
    ...activators.map((process) =>
      `${
        named(process)
      } keeps the socket, and starts the service again when somebody connects: stop its socket unit too`
    ),
    ...restartLines(
      victims.map(({ process }) => process),
      subjects,
      new Facts(root, new Processes(root)),
    ),
  ];
}

function ownAmong({ victims }: Plan, root: ProcRoot): string[] {
  const ssh = parseSshConnection(process.env.SSH_CONNECTION);
  // The session's own socket need not be among those that were asked for.
  const sockets = ssh === null ? [] : takeInput(
    [{
      kind: "port",
      text: "",
      transport: "tcp",
      address: null,
      interface: null,
      port: ssh.local.port,
    }],
    undefined,
    new Diagnostics(),
    root,
  ).sockets;
  const own = new OwnSession(root, process.env, sockets);
  return victims.flatMap(({ process }) => {
    const why = own.why(process.pid);
    return why === null ? [] : [`${named(process)} ${why}`];
  });
}

// Returns what is not as it was shown.
function takeHold({ victims }: Plan, root: ProcRoot, held: HeldProcess[]): string | null {
  for (const victim of victims) {
    try {
      held.push(HeldProcess.take(victim, root));
    } catch (error) {
      if (!(error instanceof NotAsShown)) throw error;
      return `${named(victim.process)} ${error.message}`;
    }
  }
  return null;
}

const isSame = (one: Process, other: Process) =>
  one.pid === other.pid && one.startTicks === other.startTicks;

/** What differs from what was shown, because a person takes time to answer. `null`: nothing that matters. */
function whatChanged(
  held: readonly HeldProcess[],
  { victims, activators, subjects }: Plan,
  targets: readonly Target[],
  { netns }: EndOptions,
  root: ProcRoot,
): string | null {
  for (const one of held) {
    const { process, master } = one.victim;
    if (one.hasEnded() || master !== null || one.holdsShown(root)) continue;
    if (!one.hasEnded()) return `${named(process)} no longer holds it`;
  }
  const input = takeInput(targets, netns, new Diagnostics(), root);
  const shown = [...victims.map(({ process }) => process), ...activators];
  const others = subjects.flatMap(({ processes }) => processes);
  for (const socket of wanted(targets, input)) {
    for (const { process } of socket.owners) {
      if ([...shown, ...others].some((known) => isSame(known, process))) continue;
      // Masters start workers whenever they like.
      if (shown.some((known) => known.pid === process.ppid && isSameProgram(known, process))) {
        continue;
      }
      return `${named(process)} holds it now, which was not shown`;
    }
  }
  return null;
}

function isSameProgram(one: Process, other: Process): boolean {
  const [a, b] = [one.exe, other.exe];
  return a !== null && b !== null && a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function wanted(targets: readonly Target[], input: ExplainInput): Socket[] {
  return input.sockets.filter((socket) =>
    isServer(socket) && targets.some((target) => matches(socket, target, input))
  );
}

/** Sends the signals, and waits. */
function end(held: readonly HeldProcess[], { signal, timeoutMs, force }: EndOptions): void {
  for (const one of held) if (one.victim.master === null) one.signal(signal);
  waitForEnd(held, signal, timeoutMs);
  if (!force || signal.number === KILL.number) return;
  const left = held.filter((one) => one.isRunning);
  for (const one of left) one.signal(KILL);
  if (left.length > 0) waitForEnd(held, KILL, KILL_TIMEOUT_MS);
}

function waitForEnd(held: readonly HeldProcess[], signal: Signal, timeoutMs: number): void {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    // A master ends after its workers. One that does not leaves them to us.
    for (const one of held) {
      const { master } = one.victim;
      if (master === null || !one.isRunning || one.sent !== null) continue;
      const above = held.find(({ victim }) => victim.process.pid === master);
      if (above === undefined || above.hasEnded()) one.signal(signal);
    }
    const running = held.filter((one) => one.isRunning);
    const left = Math.ceil(deadline - performance.now());
    if (running.length === 0 || left <= 0) return;
    HeldProcess.wait(running, left);
  }
}

function report(
  held: readonly HeldProcess[],
  plan: Plan,
  targets: readonly Target[],
  options: EndOptions,
  out: Writer,
  root: ProcRoot,
  places: KeptNamespaces,
): EndOutcome {
  for (const one of held) out.write(`${named(one.victim.process)}: ${fateText(one, options)}\n`);
  const became = whatBecame(held, plan, targets, options, root, places);
  for (const { text } of became) out.write(`${text}\n`);
  out.flush();
  const failed = held.some(({ fate }) => fate.kind !== "ended") ||
    became.some(({ verdict }) => verdict === "held");
  if (failed) return "failed";
  return became.some(({ verdict }) => verdict === "undecided") ? "undecided" : "ended";
}

function fateText({ fate, sent }: HeldProcess, { timeoutMs, force }: EndOptions): string {
  switch (fate.kind) {
    case "ended":
      if (fate.by === null) return "ended";
      return fate.by.number === KILL.number ? "ended by KILL" : "ended";
    case "refused":
      return sanitize(fate.why);
    case "running":
      return `still runs after ${timeoutMs / 1000} s${
        force || sent === null ? "" : ": --force ends it by KILL"
      }`;
  }
}

/** `null` where the namespace is gone. */
function inputOf(
  targets: readonly Target[],
  choice: NetnsChoice | undefined,
  root: ProcRoot,
): ExplainInput | null {
  try {
    return takeInput(targets, choice, new Diagnostics(), root);
  } catch (error) {
    if (error instanceof NoSuchNamespace) return null;
    throw error;
  }
}

// A manager needs a moment to start a service again: it is given one where there is a manager.
function whatBecame(
  held: readonly HeldProcess[],
  { subjects, activators }: Plan,
  targets: readonly Target[],
  { netns }: EndOptions,
  root: ProcRoot,
  places: KeptNamespaces,
): Became[] {
  const shown = new Map(
    subjects.flatMap(({ sockets }) => sockets).map((socket) => [placeOf(socket), socket]),
  );
  const old = subjects.flatMap(({ processes }) => processes);
  const known = (process: Process) => old.some((one) => isSame(one, process));
  const managed = held.some(({ victim: { process } }) =>
    process.container !== null || process.unit?.endsWith(".service") === true
  );
  const deadline = performance.now() + RESTART_MS;
  for (;;) {
    const inputs = new Map<string, ExplainInput>();
    const became = [...shown.values()].map((socket) => {
      // The processes that led to another namespace may have ended, so it is looked into by itself.
      // The name that was given may be that of a process which has ended.
      const choice = places.choiceFor(socket) ?? netns;
      if (choice === undefined && places.choiceFor(socket) === null) return unknownFate(socket);
      const key = JSON.stringify(choice ?? null);
      const input = inputs.get(key) ?? inputOf(targets, choice, root);
      if (input === null) return unknownFate(socket);
      inputs.set(key, input);
      return aftermath(socket, known, input);
    });
    const free = became.every(({ verdict }) => verdict === "free");
    if (!managed || activators.length > 0 || !free || performance.now() >= deadline) return became;
    Bun.sleepSync(RESTART_LOOK_MS);
  }
}
