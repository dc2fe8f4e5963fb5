/**
 * An audit as JUnit XML, for CI servers.
 *
 * @module
 */
import XMLBuilder from "fast-xml-builder";
import { sanitize } from "../../text/sanitize.ts";
import type { AuditReport } from "../report.ts";
import { type Case, casesOf } from "./cases.ts";

/** The document. */
export function junitReport(report: AuditReport): string {
  const cases = casesOf(report);
  const failures = cases.filter(({ failure }) => failure?.kind === "failure").length;
  const errors = cases.filter(({ failure }) => failure?.kind === "error").length;
  const totals = { "@tests": cases.length, "@failures": failures, "@errors": errors };
  const builder = new XMLBuilder({
    ignoreAttributes: false,
    attributeNamePrefix: "@",
    format: true,
    suppressEmptyNode: true,
    suppressBooleanAttributes: false,
  });
  return builder.build({
    "?xml": { "@version": "1.0", "@encoding": "UTF-8" },
    testsuites: {
      "@name": "sockeye audit",
      ...totals,
      testsuite: {
        "@name": allowed(`sockeye audit ${sanitize(report.host.name)}`),
        ...totals,
        "@skipped": 0,
        "@hostname": allowed(sanitize(report.host.name)),
        // Common schemas want a time without fraction and zone. It is in UTC.
        "@timestamp": report.takenAt.slice(0, "2026-01-31T12:00:00".length),
        "@time": 0,
        properties: {
          property: [
            { "@name": "host.name", "@value": allowed(sanitize(report.host.name)) },
            { "@name": "boot_id", "@value": allowed(sanitize(report.host.boot_id ?? "")) },
            { "@name": "outcome", "@value": report.outcome },
            { "@name": "complete", "@value": String(report.complete) },
          ],
        },
        testcase: cases.map(testcase),
      },
    },
  });
}

function testcase({ rule, name, failure, result }: Case): Record<string, unknown> {
  return {
    "@classname": rule.replace("/", "."),
    "@name": allowed(name),
    "@time": 0,
    ...(failure === null ? {} : {
      [failure.kind]: {
        "@type": result?.verdict ?? result?.severity ?? "undecidable",
        "@message": allowed(failure.message),
        "#text": allowed(failure.text),
      },
    }),
  };
}

/**
 * Replaces the characters that XML 1.0 cannot contain, not even escaped. Only these two can be left in sanitised text.
 */
function allowed(text: string): string {
  return text.replace(/[\ufffe\uffff]/g, "\ufffd");
}
