/**
 * `sockeye explain`: who is behind a port, a path or a process, and who can reach it.
 *
 * @module
 */
import { terminalColumns, terminalWidth } from "../../../ffi/terminal.ts";
import { Diagnostics } from "../../diagnostics.ts";
import type { BindReport, Explanation } from "../../model/explanation.ts";
import type { Gap, ToldGap } from "../../model/gap.ts";
import { ProcRoot } from "../../proc/root.ts";
import type { NetnsChoice } from "../../query.ts";
import { tellDiagnostics } from "../../views/gaps.ts";
import { decide } from "../../model/verdict.ts";
import { writeEphemeral } from "../../views/explain/ephemeral.ts";
import {
  writeBindJson,
  writeEphemeralJson,
  writeExplanationsJson,
} from "../../views/explain/json.ts";
import { writeBind, writeExplanations } from "../../views/explain/text.ts";
import { type ColorChoice, useColor } from "../../text/color.ts";
import { terminalProgress, withProgress } from "../../text/progress.ts";
import { plural } from "../../text/plural.ts";
import type { Writer } from "../../text/writer.ts";
import { countEphemeral, usedUp } from "./ephemeral.ts";
import { explainTargets } from "./explain.ts";
import { takeInput, withInterfaceName } from "./input.ts";
import { tryBind } from "./bind.ts";
import type { PortTarget, Target } from "./target.ts";

/** Where to look, and how to show the answer. */
export interface ExplainOptions {
  readonly netns: NetnsChoice | undefined;
  readonly json: boolean;
  readonly color: ColorChoice;
  /** True to tell how the answer was obtained, and to name what could not be read. */
  readonly verbose: boolean;
}

/** What the exit status is made from. */
export type Verdict = "found" | "nothing" | "undecided";

/** Writes explanations to `out`, and the gaps to `err`. Throws what collecting and the writers throw. */
export async function explain(
  targets: readonly Target[],
  options: ExplainOptions,
  out: Writer,
  err: Writer,
): Promise<Verdict> {
  const diagnostics = new Diagnostics();
  const explanations = await withProgress(
    terminalProgress(err),
    () => explainTargets(targets, options.netns, diagnostics),
  );
  if (options.json) writeExplanationsJson(explanations, diagnostics.gaps, out);
  else writeExplanations(explanations, out, textFormat(options));
  out.flush();
  report(diagnostics, options, err, explanations.every(hasAllItAsksFor));
  const missing = explanations.filter(({ verdict }) => verdict.answer !== "yes");
  if (missing.length === 0) return "found";
  return missing.every(({ verdict }) => verdict.answer === "undecided") ? "undecided" : "nothing";
}

/** Writes whether bind(2) would succeed on each target. Throws as {@linkcode explain} does. */
export function predictBind(
  targets: readonly PortTarget[],
  options: ExplainOptions,
  out: Writer,
  err: Writer,
): Verdict {
  const diagnostics = new Diagnostics();
  const input = takeInput(targets, options.netns, diagnostics, new ProcRoot());
  const [facts] = input.namespaces.values();
  const reports: BindReport[] = facts === undefined
    ? []
    : targets.map((target) => tryBind(withInterfaceName(target, input), facts, input));
  if (options.json) writeBindJson(reports, diagnostics.gaps, out);
  else for (const report of reports) writeBind(report, out, textFormat(options));
  out.flush();
  report(diagnostics, options, err);
  if (reports.length === 0 || reports.some(({ plain }) => plain === null)) return "undecided";
  return reports.every(({ verdict }) => verdict === "free") ? "found" : "nothing";
}

/**
 * Writes how many of the ports that the kernel hands out are taken, and by whom. `nothing`: on some address, or towards some
 * destination, none is left. Throws as {@linkcode explain} does.
 */
export function explainEphemeral(options: ExplainOptions, out: Writer, err: Writer): Verdict {
  const diagnostics = new Diagnostics();
  // Port 0 stands for every one.
  const every: PortTarget = {
    kind: "port",
    text: "",
    transport: null,
    address: null,
    interface: null,
    port: 0,
  };
  const input = takeInput([every], options.netns, diagnostics, new ProcRoot());
  const [facts] = input.namespaces.values();
  const counted = facts === undefined ? null : countEphemeral(input.sockets, facts.ports);
  if (options.json) writeEphemeralJson(counted, diagnostics.gaps, out);
  else if (counted !== null) writeEphemeral(counted, out, textFormat(options));
  out.flush();
  report(diagnostics, options, err);
  if (counted === null) {
    err.write("sockeye: the range of ports that the kernel hands out could not be read\n");
    err.flush();
    return "undecided";
  }
  const tables = (label: string) => /^(tcp|udp) /.test(label);
  const { answer } = decide(usedUp(counted).length > 0, { tables }, diagnostics.gaps);
  return answer === "yes" ? "nothing" : answer === "undecided" ? "undecided" : "found";
}

/** How text is laid out on standard output. */
export function textFormat({ color }: { readonly color: ColorChoice }) {
  const width = terminalWidth(1);
  return {
    width,
    color: useColor(color, width !== null, process.env),
    now: Date.now(),
  };
}

/** True if nobody needs more rights for the answer: whatever was found has an owner that is seen. */
function hasAllItAsksFor({ verdict, subjects }: Explanation): boolean {
  return verdict.answer === "yes" && subjects.length > 0 &&
    subjects.every(({ sockets }) => sockets.every(({ ownership }) => ownership === "owned"));
}

// Whoever asks about processes of their own, such as those of a rootless container, needs not be root.
function withoutAdvice(gap: Gap): ToldGap {
  const { denied } = gap.detail;
  return gap.kind === "processes" && typeof denied === "number"
    ? {
      ...gap.items === undefined ? {} : { items: gap.items },
      reason: `${
        plural(denied, "process", "processes")
      } could not be read: another owner among them would not be seen`,
    }
    : gap;
}

function report(
  diagnostics: Diagnostics,
  options: ExplainOptions,
  err: Writer,
  answered = false,
): void {
  const choice = options.color === "always" ? "auto" : options.color;
  const color = useColor(choice, terminalColumns(2) !== null, process.env);
  const { gaps, notes } = diagnostics;
  const told = answered ? gaps.map(withoutAdvice) : gaps;
  const person = !options.json && !answered && terminalColumns(1) !== null;
  tellDiagnostics({ gaps: told, notes }, err, { verbose: options.verbose, color, person });
}
