/**
 * An audit as SARIF 2.1.0 (OASIS), for code-scanning dashboards.
 *
 * Results are about services, not files, so they have logical locations, and a line of the policy if one is known.
 *
 * @module
 */
import type { Location, Log, ReportingDescriptor, Result as SarifResult } from "sarif";
import { VERSION } from "../../version.ts";
import { shortId } from "../../snapshot/identity.ts";
import type { AuditReport, AuditRule, Result, Severity, UndecidedRule } from "../report.ts";
import { jsonText } from "../../text/json_text.ts";

const LEVELS: Readonly<Record<Severity, "error" | "warning" | "note">> = {
  critical: "error",
  high: "error",
  medium: "warning",
  low: "note",
  info: "note",
};
/** A number like a CVSS score as text, which dashboards sort by. */
const SECURITY_SEVERITY: Readonly<Record<Severity, string>> = {
  critical: "9.5",
  high: "8.0",
  medium: "5.5",
  low: "3.0",
  info: "0.0",
};

/** The log as text. */
export function sarifReport(report: AuditReport): string {
  const log: Log = {
    $schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json",
    version: "2.1.0",
    runs: [{
      tool: { driver: { name: "Sockeye", version: VERSION, rules: report.rules.map(descriptor) } },
      invocations: [{
        executionSuccessful: true,
        endTimeUtc: report.takenAt,
        machine: report.host.name,
        toolExecutionNotifications: report.gaps.map(({ kind, reason }) => ({
          level: "warning",
          message: { text: reason },
          descriptor: { id: `gap/${kind}` },
        })),
      }],
      columnKind: "utf16CodeUnits",
      automationDetails: { id: `sockeye/${report.host.name}/` },
      results: [
        ...report.results.map((result) => sarifResult(result, report)),
        ...report.undecided.map((rule) => openResult(rule, report)),
      ],
      properties: { boot_id: report.host.boot_id, outcome: report.outcome },
    }],
  };
  return `${jsonText(log)}\n`;
}

function descriptor({ id, title, severity, fix }: AuditRule): ReportingDescriptor {
  return {
    id,
    name: pascalCase(id),
    shortDescription: { text: sentence(title) },
    ...(fix === "" ? {} : { help: { text: `${fix}.` } }),
    defaultConfiguration: { level: LEVELS[severity] },
    properties: { "security-severity": SECURITY_SEVERITY[severity], tags: ["security", "network"] },
  };
}

function pascalCase(id: string): string {
  return id.split(/[/_-]/).map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join("");
}

function sentence(title: string): string {
  return `${title.slice(0, 1).toUpperCase()}${title.slice(1)}.`;
}

function sarifResult(result: Result, report: AuditReport): SarifResult {
  const { verdict } = result;
  const passed = verdict === "ok";
  const open = verdict === "undecidable";
  return {
    ruleId: result.rule,
    ruleIndex: report.rules.findIndex(({ id }) => id === result.rule),
    // In the standard, only a failure has a level.
    kind: passed ? "pass" : open ? "open" : "fail",
    level: passed || open ? "none" : LEVELS[result.severity],
    message: {
      text: [`${result.endpoint}: ${result.message}`, ...result.evidence].join("; "),
    },
    locations: [location(result, report)],
    partialFingerprints: { "sockeyeIdentity/v1": result.id },
    properties: {
      host: report.host.name,
      boot_id: report.host.boot_id,
      severity: result.severity,
      reach: result.reach,
      netns: result.netns,
      owners: result.owners,
      fix: result.fix,
    },
  };
}

// A rule that found nothing, but could not look everywhere.
function openResult({ rule, title, because }: UndecidedRule, report: AuditReport): SarifResult {
  return {
    ruleId: rule,
    ruleIndex: report.rules.findIndex(({ id }) => id === rule),
    kind: "open",
    level: "none",
    message: { text: `Not decided whether ${title}: ${because.join("; ")}` },
    locations: [{ logicalLocations: [{ fullyQualifiedName: report.host.name, kind: "resource" }] }],
    partialFingerprints: { "sockeyeIdentity/v1": shortId(`undecided ${rule}`) },
    properties: { host: report.host.name, boot_id: report.host.boot_id },
  };
}

function location({ key, entry }: Result, { policy, host }: AuditReport): Location {
  const logical = {
    logicalLocations: [{ fullyQualifiedName: `${host.name} ${key}`, kind: "resource" }],
  };
  if (policy === null || policy === "standard input") return logical;
  return {
    ...logical,
    physicalLocation: {
      artifactLocation: { uri: policy.split("/").map(encodeURIComponent).join("/") },
      ...(entry === null ? {} : { region: { startLine: entry.line } }),
    },
  };
}
