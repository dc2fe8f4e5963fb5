/**
 * AuditReport: the results of an audit, independent of the output format.
 *
 * @module
 */
import { decide, decideAny, EVERYWHERE, type Verdict as Decision } from "../model/verdict.ts";
import type { GapDocument, HostDocument } from "../snapshot/document.ts";

/** Name and version of the format of `audit --format json`. */
export const AUDIT_SCHEMA = "sockeye.audit/1";

/** From least to worst. */
export const SEVERITIES = ["info", "low", "medium", "high", "critical"] as const;
/** One of {@linkcode SEVERITIES}. */
export type Severity = typeof SEVERITIES[number];

/** What a policy says about a service. */
export const VERDICTS = [
  "ok",
  "surplus",
  "missing",
  "too_exposed",
  "wrong_owner",
  "expired",
  "undecidable",
] as const;
/** One of {@linkcode VERDICTS}. */
export type Verdict = typeof VERDICTS[number];

/** What people read for each verdict. Its name is for programs. */
export const VERDICT_TEXT: Readonly<Record<Verdict, string>> = {
  ok: "ok",
  surplus: "not allowed",
  missing: "missing",
  too_exposed: "too exposed",
  wrong_owner: "wrong owner",
  expired: "expired",
  undecidable: "undecided",
};

/** An owner, without facts that change at every start. */
export interface ResultOwner {
  readonly comm: string | null;
  readonly exe: string | null;
  readonly user: string | null;
  readonly unit: string | null;
  readonly container: string | null;
  /** Process IDs of now. They are shown, but not part of any identity. */
  readonly pids: readonly number[];
  /** Why facts are missing: the name of a file about the process, and the error. Absent if none is. */
  readonly unread?: Readonly<Record<string, string>>;
}

/** One result: a service judged by a policy, or a finding of the built-in advice. */
export interface Result {
  /** Such as `policy/surplus` or `advice/exposed-service`. */
  readonly rule: string;
  /** Twelve hexadecimal digits, the same in every run. */
  readonly id: string;
  readonly severity: Severity;
  /** `null` for advice. */
  readonly verdict: Verdict | null;
  /** The identity that `id` is made from. */
  readonly key: string;
  /** `tcp 0.0.0.0:22`. For a missing service, what the entry asks for. */
  readonly endpoint: string;
  /** Label of the network namespace; `null` if none is known. */
  readonly netns: string | null;
  readonly reach: string | null;
  readonly owners: readonly ResultOwner[];
  /** One line: what was found. */
  readonly message: string;
  readonly evidence: readonly string[];
  /** What to do about it; empty if nothing. */
  readonly fix: string;
  /** The entry of the policy that matched or came nearest. */
  readonly entry: { readonly name: string; readonly line: number } | null;
}

/** Sockets that were counted together. */
export interface Collapsed {
  readonly netns: string;
  readonly program: string;
  readonly user: string | null;
  readonly count: number;
}

/** A rule of an audit: a verdict that a service may get, or a rule of the advice. */
export interface AuditRule {
  /** See {@linkcode Result.rule}. */
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  readonly fix: string;
}

/** A rule that found nothing, though something may be where nobody could look. */
export interface UndecidedRule {
  /** See {@linkcode Result.rule}. */
  readonly rule: string;
  readonly title: string;
  /** The worst that could be found. */
  readonly severity: Severity;
  /** The gaps, as sentences. */
  readonly because: readonly string[];
}

/** The results of one audit. */
export interface AuditReport {
  readonly host: HostDocument;
  readonly takenAt: string;
  readonly complete: boolean;
  readonly gaps: readonly GapDocument[];
  /** Name of the policy's file; `null` for advice. */
  readonly policy: string | null;
  readonly results: readonly Result[];
  readonly collapsed: readonly Collapsed[];
  /** All rules that were applied, whether they found something or not. */
  readonly rules: readonly AuditRule[];
  /** Rules of the advice that could not be decided. Of a policy, there are results with the verdict `undecidable` instead. */
  readonly undecided: readonly UndecidedRule[];
  /** Number of services that were judged. Those in {@linkcode AuditReport.collapsed} are not counted. */
  readonly services: number;
  /** Entries that no service matched, which might be removed. */
  readonly unused: readonly { readonly name: string; readonly line: number }[];
  readonly outcome: AuditOutcome;
}

/** A violation outweighs what is undecidable. */
export type AuditOutcome = "compliant" | "violation" | "undecidable";

/** Compares severities. Positive if `a` is worse. */
export function compareSeverity(a: Severity, b: Severity): number {
  return SEVERITIES.indexOf(a) - SEVERITIES.indexOf(b);
}

/** Whether there is anything to report, for the sentence that there is not. */
export function reportVerdict(report: AuditReport): Decision {
  const found = report.results.some(isProblem);
  if (report.policy !== null) return decide(found, EVERYWHERE, report.gaps);
  return decideAny([
    { answer: found ? "yes" : "no" },
    ...report.undecided.map(({ because }): Decision => ({ answer: "undecided", because })),
  ]);
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

/** True for a result that needs action. */
export function isProblem(result: Result): boolean {
  return result.verdict !== "ok";
}
