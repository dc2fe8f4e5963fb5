/**
 * AuditReport: what an audit found, before it takes the form of a format.
 *
 * @module
 */
import type { GapDocument, HostDocument } from "../snapshot/document.ts";

/** Name and version of the format of `audit --format json`. */
export const AUDIT_SCHEMA = "sockeye.audit/1";

/** How bad, from least to worst. */
export const SEVERITIES = ["info", "low", "medium", "high", "critical"] as const;
export type Severity = typeof SEVERITIES[number];

/** What a policy says of a service. */
export const VERDICTS = [
  "ok",
  "surplus",
  "missing",
  "too_exposed",
  "wrong_owner",
  "expired",
  "undecidable",
] as const;
export type Verdict = typeof VERDICTS[number];

/** A holder, without what changes at every start. */
export interface ResultOwner {
  readonly comm: string | null;
  readonly exe: string | null;
  readonly user: string | null;
  readonly unit: string | null;
  readonly container: string | null;
  /** Of this moment: for people, and not part of any identity. */
  readonly pids: readonly number[];
}

/** One thing found: a service judged by a policy, or a finding of the built-in advice. */
export interface Result {
  /** `policy/surplus`, `advice/exposed-service`. */
  readonly rule: string;
  /** Twelve hexadecimal digits: the same on every run. */
  readonly id: string;
  readonly severity: Severity;
  /** `null` for advice. */
  readonly verdict: Verdict | null;
  /** The identity that `id` is made from. */
  readonly key: string;
  /** `tcp 0.0.0.0:22`; of a missing service, what the entry asks for. */
  readonly endpoint: string;
  /** Label of the network namespace; `null` where none is known. */
  readonly netns: string | null;
  readonly reach: string | null;
  readonly owners: readonly ResultOwner[];
  /** One line for a person. */
  readonly message: string;
  readonly evidence: readonly string[];
  /** What to do about it; empty when nothing is to be done. */
  readonly fix: string;
  /** The policy's entry that matched, or came nearest. */
  readonly entry: { readonly name: string; readonly line: number } | null;
}

/** Sockets that were counted together. */
export interface Collapsed {
  readonly netns: string;
  readonly program: string;
  readonly user: string | null;
  readonly count: number;
}

/** Something that an audit asks: a verdict that a service may get, or a rule of the advice. */
export interface AuditRule {
  /** As in {@linkcode Result.rule}. */
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  readonly fix: string;
}

/** The whole of an audit. */
export interface AuditReport {
  readonly host: HostDocument;
  readonly takenAt: string;
  readonly complete: boolean;
  readonly gaps: readonly GapDocument[];
  /** Name of the policy's file; `null` for advice alone. */
  readonly policy: string | null;
  readonly results: readonly Result[];
  readonly collapsed: readonly Collapsed[];
  /** Everything that was asked, found or not. */
  readonly rules: readonly AuditRule[];
  /** Services that were looked at: sockets that share an identity are one. Those of {@linkcode AuditReport.collapsed} are not among them. */
  readonly services: number;
  /** Entries that nothing needed: candidates for removal. */
  readonly unused: readonly { readonly name: string; readonly line: number }[];
  readonly outcome: AuditOutcome;
}

/** `violation` before `undecidable`: what is certain decides. */
export type AuditOutcome = "compliant" | "violation" | "undecidable";

/** Compares severities: positive when `a` is worse. */
export function compareSeverity(a: Severity, b: Severity): number {
  return SEVERITIES.indexOf(a) - SEVERITIES.indexOf(b);
}

/** How many results have each verdict. */
export function countVerdicts(report: AuditReport): Record<Verdict, number> {
  const counts = Object.fromEntries(VERDICTS.map((verdict) => [verdict, 0])) as Record<
    Verdict,
    number
  >;
  for (const { verdict } of report.results) if (verdict !== null) counts[verdict]++;
  return counts;
}

/** True for a result that something is to be done about. */
export function isProblem(result: Result): boolean {
  return result.verdict !== "ok";
}
