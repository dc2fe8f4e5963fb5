/**
 * An audit in the Test Anything Protocol, version 13, which both Perl's prove and readers of version 14 understand.
 *
 * @module
 */
import { sanitize } from "../../text/sanitize.ts";
import { type AuditReport, VERDICT_TEXT } from "../report.ts";
import { casesOf } from "./cases.ts";
import { jsonText } from "../../text/json_text.ts";

/** The stream. */
export function tapReport(report: AuditReport): string {
  const cases = casesOf(report);
  const lines = [
    "TAP version 13",
    `# host.name ${sanitize(report.host.name)}`,
    `# boot_id ${sanitize(report.host.boot_id ?? "unknown")}`,
    `1..${cases.length}`,
  ];
  for (const [i, { rule, name, failure, result }] of cases.entries()) {
    const said = result?.verdict ? VERDICT_TEXT[result.verdict] : rule.slice(rule.indexOf("/") + 1);
    lines.push(`${failure === null ? "ok" : "not ok"} ${i + 1} - ${escape(`${said}: ${name}`)}`);
    if (failure === null) continue;
    // JSON is valid YAML, and needs no care about indentation and colons.
    const details: Record<string, unknown> = {
      message: failure.message,
      ...(result === null ? { decided: false } : {
        severity: result.severity,
        id: result.id,
        evidence: result.evidence.map(sanitize),
        fix: sanitize(result.fix),
      }),
    };
    lines.push("  ---");
    for (const [key, value] of Object.entries(details)) {
      lines.push(`  ${key}: ${jsonText(value)}`);
    }
    lines.push("  ...");
  }
  return lines.map((line) => `${line}\n`).join("");
}

/** Escapes number signs, which would start a directive. Sanitising has doubled backslashes already. */
function escape(text: string): string {
  return text.replaceAll("#", "\\#");
}
