/**
 * The forms an audit can take, each loaded when asked for.
 *
 * @module
 */
import type { AuditReport } from "../report.ts";

/** How text is to look; the other formats have one look. */
export interface TextLook {
  readonly color: boolean;
  readonly all: boolean;
}

/** Format names, in the order of help. */
export const AUDIT_FORMATS = ["text", "json", "ndjson"] as const;
export type AuditFormat = typeof AUDIT_FORMATS[number];

/** The report in a format. */
export async function formatReport(
  report: AuditReport,
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
  }
}
