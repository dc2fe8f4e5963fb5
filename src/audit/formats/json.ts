/**
 * An audit as JSON, and as NDJSON in which every record names its host.
 *
 * @module
 */
import { AUDIT_SCHEMA, type AuditReport, countVerdicts } from "../report.ts";
import { jsonText } from "../../text/json_text.ts";

function header(report: AuditReport): Record<string, unknown> {
  return {
    schema: AUDIT_SCHEMA,
    host: report.host,
    taken_at: report.takenAt,
    complete: report.complete,
    gaps: report.gaps,
    policy: report.policy,
    outcome: report.outcome,
    services: report.services,
    verdicts: report.policy === null ? null : countVerdicts(report),
    collapsed: report.collapsed,
    unused: report.unused,
    undecided: report.undecided,
  };
}

/** One document. The schema is in schema/audit-1.json. */
export function jsonReport(report: AuditReport): string {
  const head = jsonText(header(report)).slice(0, -1);
  const results = report.results.map((result) => `\n${jsonText(result)}`).join(",");
  return `${head},"results":[${results}${results === "" ? "" : "\n"}]}\n`;
}

/** A header line, then one result per line. */
export function ndjsonReport(report: AuditReport): string {
  const host = { name: report.host.name, boot_id: report.host.boot_id };
  const lines = report.results.map((result) =>
    jsonText({ host, taken_at: report.takenAt, ...result })
  );
  return [jsonText(header(report)), ...lines].map((line) => `${line}\n`).join("");
}
