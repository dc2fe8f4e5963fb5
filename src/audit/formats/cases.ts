/**
 * An audit as test cases: what JUnit XML and TAP have in common.
 *
 * @module
 */
import { inNamespace } from "../../snapshot/identity.ts";
import { absence, decide, EVERYWHERE } from "../../model/verdict.ts";
import { sanitize } from "../../text/sanitize.ts";
import { type AuditReport, type Result } from "../report.ts";

/** One case. */
export interface Case {
  /** `policy/surplus`. */
  readonly rule: string;
  /** One line, sanitised. */
  readonly name: string;
  /** `null` if the case passed. `error`: it could not be decided. */
  readonly failure: {
    readonly kind: "failure" | "error";
    readonly message: string;
    readonly text: string;
  } | null;
  readonly result: Result | null;
}

/** One case for each service. Without a policy, one for each finding and for each rule without findings. */
export function casesOf(report: AuditReport): Case[] {
  const cases = report.results.map(caseOf);
  if (report.policy === null) {
    const found = new Set(report.results.map(({ rule }) => rule));
    const undecided = new Map(report.undecided.map((rule) => [rule.rule, rule]));
    for (const { id, title } of report.rules) {
      if (found.has(id)) continue;
      const because = undecided.get(id)?.because ?? null;
      const said = absence(
        "never",
        because === null ? { answer: "no" } : { answer: "undecided", because },
      );
      const text = because === null ? "" : sanitize(because.join("; "));
      cases.push({
        rule: id,
        name: `${said}: ${title}`,
        failure: because === null ? null : { kind: "error", message: text, text },
        result: null,
      });
    }
  } else if (cases.length === 0) {
    const name = absence("no_service", decide(false, EVERYWHERE, report.gaps));
    cases.push({ rule: "policy/ok", name, failure: null, result: null });
  }
  return cases;
}

function caseOf(result: Result): Case {
  const { rule, endpoint, netns, verdict, message, evidence, fix } = result;
  return {
    rule,
    name: sanitize(`${endpoint}${inNamespace(netns)}`),
    failure: verdict === "ok" ? null : {
      kind: verdict === "undecidable" ? "error" : "failure",
      message: sanitize(message),
      text: [message, ...evidence, ...(fix === "" ? [] : [`fix: ${fix}`])].map(sanitize).join("\n"),
    },
    result,
  };
}
