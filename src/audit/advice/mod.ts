/**
 * Advice: an audit without a policy, by rules that hold on any host.
 *
 * @module
 */
import type { SnapshotDocument } from "../../snapshot/document.ts";
import { isService, shortId } from "../../snapshot/identity.ts";
import { decide, decideAny, type Places, type Verdict } from "../../model/verdict.ts";
import {
  type AuditReport,
  compareSeverity,
  type Result,
  type Severity,
  type UndecidedRule,
} from "../report.ts";
import { FurtherEndpoints } from "../further_endpoints.ts";
import { type AuditedSocket, auditedSocket, resultOwners } from "../audited_socket.ts";
import { acceptQueue } from "./accept_queue.ts";
import { datagramDrops } from "./datagram_drops.ts";
import { deletedProgram } from "./deleted_program.ts";
import { ephemeralListener } from "./ephemeral_listener.ts";
import { exposedService } from "./exposed_service.ts";
import { hiddenSocket, unheldListener } from "./hidden_socket.ts";
import { inheritedListener } from "./inherited_listener.ts";
import { openUnixSocket } from "./open_unix_socket.ts";
import { packetSocket } from "./packet_socket.ts";
import type { AdviceContext, Finding, Rule, SourceComparison } from "./rule.ts";
import { splitPort } from "./split_port.ts";

/** All rules, in the order of the documentation. */
export const RULES: readonly Rule[] = [
  exposedService,
  inheritedListener,
  deletedProgram,
  openUnixSocket,
  packetSocket,
  acceptQueue,
  datagramDrops,
  ephemeralListener,
  splitPort,
  hiddenSocket,
  unheldListener,
];

/**
 * Applies all rules to a snapshot. A finding of at least severity `failOn` makes it a violation; `null`: none does. A rule that
 * found nothing, and could have found such a thing in what was not seen, makes it undecidable.
 */
export function advise(
  document: SnapshotDocument,
  comparison: SourceComparison | null,
  failOn: Severity | null,
  reserved: AdviceContext["reserved"] = [],
): AuditReport {
  const services = document.sockets.filter(isService)
    .map((socket) => auditedSocket(socket, document.host));
  const context: AdviceContext = { document, services, comparison, reserved };
  const rules = RULES.filter(({ live }) => !live || comparison !== null);
  const undecided: UndecidedRule[] = [];
  const results = new Map<string, Result>();
  const further = new FurtherEndpoints();
  for (const rule of rules) {
    const findings = rule.find(context);
    const verdict = decideAny([
      decide(
        findings.length > 0,
        placesOf(rule, services),
        rule.live ? comparison!.gaps : document.gaps,
      ),
      unknownTo(rule, services),
    ]);
    if (verdict.answer === "undecided") {
      const { title, severity, worst = severity } = rule;
      undecided.push({ rule: ruleId(rule), title, severity: worst, because: verdict.because });
    }
    for (const finding of findings) {
      const result = toResult(rule, finding);
      // The workers of a service would all be reported with the same finding.
      const earlier = results.get(result.id);
      if (earlier !== undefined) further.add(result.id, earlier, result);
      if (earlier === undefined || compareSeverity(result.severity, earlier.severity) > 0) {
        results.set(result.id, result);
      }
    }
  }
  further.addTo(results);
  const sorted = [...results.values()].sort((a, b) =>
    a.key < b.key ? -1 : a.key > b.key ? 1 : a.rule < b.rule ? -1 : 1
  );
  const counts = ({ severity }: { readonly severity: Severity }) =>
    failOn !== null && compareSeverity(severity, failOn) >= 0;
  return {
    host: document.host,
    takenAt: document.taken_at,
    complete: document.complete,
    gaps: document.gaps,
    policy: null,
    results: sorted,
    collapsed: [],
    rules: rules.map((rule) => ({
      id: ruleId(rule),
      title: rule.title,
      severity: rule.severity,
      fix: rule.fix,
    })),
    undecided,
    services: new Set(services.map(({ identity }) => identity.key)).size,
    unused: [],
    outcome: sorted.some(counts)
      ? "violation"
      : undecided.some(counts)
      ? "undecidable"
      : "compliant",
  };
}

// Where there is no service that an owner could make a finding, it does not matter whose owners were not seen.
function placesOf(rule: Rule, services: readonly AuditedSocket[]): Places {
  return rule.owner !== undefined && services.some((audited) => rule.owner!(audited))
    ? { ...rule.places, processes: true }
    : rule.places;
}

/** A rule that could not judge some services has not established that none is a finding. */
function unknownTo({ unknown }: Rule, services: readonly AuditedSocket[]): Verdict {
  const because = new Set<string>();
  for (const audited of services) {
    const fact = unknown?.(audited) ?? null;
    if (fact !== null) because.add(`${fact} is not known`);
  }
  return because.size === 0 ? { answer: "no" } : { answer: "undecided", because: [...because] };
}

const ruleId = ({ id }: Rule) => `advice/${id}`;

function toResult(rule: Rule, finding: Finding): Result {
  const { audited } = finding;
  const key = audited?.identity.key ?? finding.endpoint ?? rule.id;
  return {
    rule: ruleId(rule),
    // A service may have several findings, so the rule is part of the ID.
    id: shortId(`${rule.id} ${key}`),
    severity: finding.severity ?? rule.severity,
    verdict: null,
    key,
    endpoint: audited?.identity.endpoint ?? finding.endpoint ?? "",
    netns: audited?.identity.netns ?? null,
    reach: audited?.socket.reach.scope ?? null,
    owners: audited === null ? [] : resultOwners(audited.socket.owners),
    message: finding.message,
    evidence: finding.evidence,
    fix: finding.fix ?? rule.fix,
    entry: null,
  };
}
