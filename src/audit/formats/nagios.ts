/**
 * An audit as the output of a monitoring plug-in: one line, figures, and an exit status of its own.
 *
 * @module
 */
import { absence, becauseText } from "../../model/verdict.ts";
import { sanitize } from "../../text/sanitize.ts";
import {
  type AuditReport,
  compareSeverity,
  countVerdicts,
  isProblem,
  reportVerdict,
  SEVERITIES,
  VERDICT_TEXT,
  VERDICTS,
} from "../report.ts";
import { plural } from "../../text/plural.ts";

/** Exit statuses of the Monitoring Plugins, which differ from those of Sockeye's commands. */
export const NAGIOS_STATUS = { OK: 0, WARNING: 1, CRITICAL: 2, UNKNOWN: 3 } as const;
type NagiosState = keyof typeof NAGIOS_STATUS;

/** The state of an audit for a monitor. */
export function nagiosState(report: AuditReport): NagiosState {
  switch (report.outcome) {
    case "compliant":
      return "OK";
    case "undecidable":
      return "UNKNOWN";
    case "violation":
      return report.results.some(({ verdict, severity }) =>
          verdict === "ok" || verdict === "undecidable"
            ? false
            : compareSeverity(severity, "high") >= 0
        )
        ? "CRITICAL"
        : "WARNING";
  }
}

/** At most so many services are named, because monitors cut long lines. */
const NAMED = 5;

/** The line. */
export function nagiosReport(report: AuditReport): string {
  const problems = report.results.filter(isProblem)
    .sort((a, b) => compareSeverity(b.severity, a.severity));
  const named = problems.slice(0, NAMED).map(({ endpoint, verdict, rule }) =>
    `${endpoint} ${verdict === null ? rule.replace("advice/", "") : VERDICT_TEXT[verdict]}`
  );
  if (problems.length > NAMED) named.push(`and ${problems.length - NAMED} more`);
  const what = plural(report.services, "service");
  const detail = named.length === 0 ? nothing(report) : named.join(", ");
  return `${nagiosLine(nagiosState(report), `${what}: ${detail}`)} | ${figures(report)}\n`;
}

function nothing(report: AuditReport): string {
  const verdict = reportVerdict(report);
  const said = absence("nothing_to_report", verdict);
  return verdict.answer === "undecided" ? `${said}: ${becauseText(verdict)}` : said;
}

/** `SOCKEYE OK - text`, without the characters that would end the text. */
export function nagiosLine(state: NagiosState, text: string): string {
  return `SOCKEYE ${state} - ${sanitize(text).replaceAll("|", "/")}`;
}

function figures(report: AuditReport): string {
  const values: [string, number][] = [["services", report.services]];
  if (report.policy === null) {
    for (const severity of SEVERITIES) {
      values.push([severity, report.results.filter((one) => one.severity === severity).length]);
    }
    values.push(["undecidable", report.undecided.length]);
  } else {
    const counts = countVerdicts(report);
    for (const verdict of VERDICTS) values.push([verdict, counts[verdict]]);
    const collapsed = report.collapsed.reduce((sum, { count }) => sum + count, 0);
    values.push(["collapsed", collapsed]);
  }
  return values.map(([name, value]) => `${name}=${value}`).join(" ");
}
