/**
 * An audit as text: problems with the worst first, then a summary.
 *
 * @module
 */
import { inNamespace } from "../../snapshot/identity.ts";
import { paint, type Role } from "../../text/color.ts";
import { absence, becauseText, decide, EVERYWHERE } from "../../model/verdict.ts";
import { sanitize } from "../../text/sanitize.ts";
import {
  type AuditReport,
  compareSeverity,
  countVerdicts,
  isProblem,
  reportVerdict,
  type Result,
  type ResultOwner,
  SEVERITIES,
  type Severity,
  VERDICT_TEXT,
  VERDICTS,
} from "../report.ts";
import { plural } from "../../text/plural.ts";

const ROLES: Readonly<Record<Severity, Role>> = {
  critical: "warning",
  high: "warning",
  medium: "notice",
  low: "dim",
  info: "dim",
};

/** The report as text. `all` shows what is in order too. */
export function textReport(report: AuditReport, color: boolean, all: boolean): string {
  const shown = report.results.filter((result) => all || isProblem(result));
  shown.sort((a, b) =>
    compareSeverity(b.severity, a.severity) || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)
  );
  let text = "";
  for (const result of shown) text += block(result, report, color);
  for (const { program, user, count, netns } of report.collapsed) {
    const whose = `${sanitize(program)}${user === null ? "" : ` of ${sanitize(user)}`}`;
    text += `${paint("collapsed", "dim", color)}  ${count} UDP ${
      count === 1 ? "client" : "clients"
    } on ephemeral ports: ${whose}${where(netns)}\n`;
  }
  if (report.unused.length > 0) {
    const allows = absence("unused_entry", decide(false, EVERYWHERE, report.gaps));
    for (const { name, line } of report.unused) {
      text += `${paint("unused", "dim", color)}  ${sanitize(report.policy!)}:${line}: ${
        sanitize(name)
      } ${allows}\n`;
    }
  }
  for (const { rule, because } of report.undecided) {
    if (!all) break;
    text += `${paint("undecided", "dim", color)} ${rule}: ${sanitize(because.join("; "))}\n`;
  }
  return text + summary(report);
}

function block(result: Result, report: AuditReport, color: boolean): string {
  const label = result.verdict === null ? result.severity : VERDICT_TEXT[result.verdict];
  const name = result.verdict === null ? ` ${result.rule}` : "";
  const lines = [
    `${paint(label, ROLES[result.severity], color)}${name}  ${sanitize(result.endpoint)}${
      where(result.netns)
    }  [${result.id}]`,
    `    ${sanitize(result.message)}`,
    ...result.evidence.map((fact) => `    ${sanitize(fact)}`),
  ];
  if (result.owners.length > 0) {
    lines.push(`    held by ${result.owners.map(ownerText).join("; ")}`);
  }
  if (result.entry !== null && report.policy !== null) {
    lines.push(
      `    entry ${sanitize(report.policy)}:${result.entry.line}: ${sanitize(result.entry.name)}`,
    );
  }
  if (result.fix !== "") lines.push(`    fix: ${sanitize(result.fix)}`);
  return lines.map((line) => `${line}\n`).join("");
}

function where(netns: string | null): string {
  return sanitize(inNamespace(netns));
}

/** An owner as text: `nginx (/usr/sbin/nginx, root, nginx.service) pid 80, 81`. */
function ownerText({ comm, exe, user, unit, container, pids }: ResultOwner): string {
  const facts = [exe, user, unit, container].filter((fact) => fact !== null).map(sanitize);
  const shown = pids.length > 5
    ? `${pids.slice(0, 5).join(", ")} and ${pids.length - 5} more`
    : pids.join(", ");
  return `${sanitize(comm ?? "?")}${facts.length > 0 ? ` (${facts.join(", ")})` : ""} pid ${shown}`;
}

function summary(report: AuditReport): string {
  const what = plural(report.services, "service");
  const counts = report.policy === null ? bySeverity(report) : byVerdict(report);
  return `${report.outcome === "undecidable" ? "undecided" : report.outcome}: ${what}: ${
    counts || nothing(report)
  }${undecidedText(report)}\n`;
}

function nothing(report: AuditReport): string {
  return absence("nothing_to_report", reportVerdict(report));
}

function undecidedText({ undecided }: AuditReport): string {
  if (undecided.length === 0) return "";
  const rules = plural(undecided.length, "rule is", "rules are");
  const because = [...new Set(undecided.flatMap((rule) => rule.because))];
  return `; ${rules} undecided: ${sanitize(becauseText({ answer: "undecided", because }))}`;
}

function byVerdict(report: AuditReport): string {
  const counts = countVerdicts(report);
  const collapsed = report.collapsed.reduce((sum, { count }) => sum + count, 0);
  return [
    ...VERDICTS.filter((verdict) => counts[verdict] > 0)
      .map((verdict) => `${counts[verdict]} ${VERDICT_TEXT[verdict]}`),
    ...(collapsed > 0 ? [`${collapsed} UDP clients collapsed`] : []),
  ].join(", ");
}

function bySeverity(report: AuditReport): string {
  return SEVERITIES.toReversed().map((severity) => {
    const count = report.results.filter((result) => result.severity === severity).length;
    return count === 0 ? "" : `${count} ${severity}`;
  }).filter((part) => part !== "").join(", ");
}
