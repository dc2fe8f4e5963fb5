/**
 * The formats of an audit. Each is loaded when it is needed.
 *
 * @module
 */
import type { SnapshotDocument } from "../../snapshot/document.ts";
import type { AuditReport } from "../report.ts";

/** Options of the format text. The other formats have none. */
interface TextLook {
  readonly color: boolean;
  readonly all: boolean;
}

/** Format names, in the order of help. */
export const AUDIT_FORMATS = [
  "text",
  "json",
  "ndjson",
  "sarif",
  "junit",
  "tap",
  "nagios",
  "prometheus",
  "ecs",
  "otel",
  "osquery",
] as const;
/** One of {@linkcode AUDIT_FORMATS}. */
export type AuditFormat = typeof AUDIT_FORMATS[number];

/** The report in a format. The last three formats show the services of the snapshot instead of results. */
export async function formatReport(
  report: AuditReport,
  document: SnapshotDocument,
  format: AuditFormat,
  look: TextLook,
): Promise<string> {
  switch (format) {
    case "text":
      return (await import("./text.ts")).textReport(report, look.color, look.all);
    case "json":
      return (await import("./json.ts")).jsonReport(report);
    case "ndjson":
      return (await import("./json.ts")).ndjsonReport(report);
    case "sarif":
      return (await import("./sarif.ts")).sarifReport(report);
    case "junit":
      return (await import("./junit.ts")).junitReport(report);
    case "tap":
      return (await import("./tap.ts")).tapReport(report);
    case "nagios":
      return (await import("./nagios.ts")).nagiosReport(report);
    case "prometheus":
      return (await import("./prometheus.ts")).prometheusReport(report, document);
    case "ecs":
      return (await import("./projections.ts")).ecsProjection(document);
    case "otel":
      return (await import("./projections.ts")).otelProjection(document);
    case "osquery":
      return (await import("./projections.ts")).osqueryProjection(document);
  }
}
