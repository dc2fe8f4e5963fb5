/**
 * Evaluates a snapshot against a policy. A service that no entry allows is surplus.
 *
 * @module
 */
import type { GapDocument, SnapshotDocument } from "../snapshot/document.ts";
import { absence, becauseText, decide, mayHide, namespacesOf } from "../model/verdict.ts";
import { isService, program, shortId, userText } from "../snapshot/identity.ts";
import { FurtherEndpoints } from "./further_endpoints.ts";
import { compareMatches, judgeEntry, type Match, matchEntry, speaksOf } from "./match.ts";
import type { Policy, PolicyEntry, PolicySettings } from "./policy.ts";
import {
  type AuditOutcome,
  type AuditReport,
  type Collapsed,
  type Result,
  type ResultOwner,
  type Severity,
  type Verdict,
  VERDICTS,
} from "./report.ts";
import {
  type AuditedSocket,
  auditedSocket,
  checkedPlaces,
  resultOwners,
} from "./audited_socket.ts";

const SEVERITY: Readonly<Record<Verdict, Severity>> = {
  ok: "info",
  surplus: "high",
  missing: "high",
  too_exposed: "high",
  wrong_owner: "critical",
  expired: "medium",
  undecidable: "medium",
};

const TITLE: Readonly<Record<Verdict, string>> = {
  ok: "the policy allows the service",
  surplus: "no entry of the policy allows the service",
  missing: "a service that the policy requires is missing",
  too_exposed: "a service reaches farther than the policy allows",
  wrong_owner: "a service belongs to a process that the policy does not allow",
  expired: "the entry that allows a service has expired",
  undecidable: "too little could be read to decide",
};

const FIX: Readonly<Record<Verdict, string>> = {
  ok: "",
  surplus: "Stop the service, or allow it by an entry of the policy with a reason",
  missing: "Start the service, or change the entry to expect: allowed",
  too_exposed: "Bind the service to a nearer address, or raise what the entry allows",
  wrong_owner: "Find out why this program has the socket, then stop it or correct the entry",
  expired: "Remove the service, or renew the entry with a new day and reason",
  undecidable: "Give Sockeye access to what it could not read: the message names it",
};

/** Verdicts from best to worst. The worst verdict on its sockets is that of a service. */
const GRAVITY: readonly Verdict[] = [
  "ok",
  "undecidable",
  "expired",
  "missing",
  "too_exposed",
  "wrong_owner",
  "surplus",
];

/** An index of entries by transport and port, so that a socket is compared with few of them. */
class EntryIndex {
  readonly #byPort = new Map<string, PolicyEntry[]>();
  /** Entries without a port, or with large ranges of ports. */
  readonly #others: PolicyEntry[] = [];

  constructor(entries: readonly PolicyEntry[]) {
    for (const entry of entries) {
      const { ports, ephemeral } = entry;
      const few = ports !== null && !ephemeral &&
        ports.every(({ first, last }) => last - first < 64);
      if (!few) {
        this.#others.push(entry);
        continue;
      }
      const numbers = new Set<number>();
      for (const { first, last } of ports) {
        for (let port = first; port <= last; port++) numbers.add(port);
      }
      for (const port of numbers) {
        for (const transport of entry.transports ?? ["*"]) {
          const key = `${transport} ${port}`;
          const list = this.#byPort.get(key);
          if (list === undefined) this.#byPort.set(key, [entry]);
          else list.push(entry);
        }
      }
    }
  }

  /** The entries that may match a socket. */
  candidates({ transport, socket: { local } }: AuditedSocket): readonly PolicyEntry[] {
    if (typeof local.port !== "number") return this.#others;
    const exact = this.#byPort.get(`${transport} ${local.port}`);
    const anyTransport = this.#byPort.get(`* ${local.port}`);
    if (exact === undefined && anyTransport === undefined) return this.#others;
    if (anyTransport === undefined && this.#others.length === 0) return exact!;
    return [...exact ?? [], ...anyTransport ?? [], ...this.#others];
  }
}

/** Judges every service of a snapshot, and every entry that requires one. */
export function evaluate(document: SnapshotDocument, policy: Policy): AuditReport {
  const today = document.taken_at.slice(0, 10);
  const unseen = document.gaps.find(({ kind }) => kind === "processes")?.reason ?? null;
  const index = new EntryIndex(policy.entries);
  const spokenOf = new Set<PolicyEntry>();
  const results = new Map<string, Result>();
  const collapsed = new Collapse();
  const further = new FurtherEndpoints();
  // The same processes may own many sockets.
  const known = new Map<string, ResultOwner[]>();
  for (const socket of document.sockets) {
    if (!isService(socket)) continue;
    const audited = auditedSocket(socket, document.host);
    if (!policy.settings.check.has(audited.check)) continue;
    let best: Match | undefined;
    for (const entry of index.candidates(audited)) {
      if (!speaksOf(entry, audited)) continue;
      spokenOf.add(entry);
      const match = judgeEntry(entry, audited, policy.settings, today, unseen);
      if (best === undefined || compareMatches(match, best) < 0) best = match;
    }
    if (
      best === undefined && isEphemeralUdp(audited) && policy.settings.ephemeralUdp === "collapse"
    ) {
      collapsed.add(audited);
      continue;
    }
    const key = socket.owners.map(({ pid, exe, comm, uid, unit }) =>
      `${pid} ${uid} ${unit} ${comm} ${exe}`
    ).join("\0");
    let owners = known.get(key);
    if (owners === undefined) known.set(key, owners = resultOwners(socket.owners));
    const result = judged(audited, best ?? null, owners);
    const earlier = results.get(result.key);
    if (earlier !== undefined) further.add(result.key, earlier, result);
    if (earlier === undefined || graver(result, earlier)) results.set(result.key, result);
  }
  further.addTo(results);
  const all = [
    ...[...results.values()].sort((a, b) => a.key < b.key ? -1 : a.key > b.key ? 1 : 0),
    ...policy.entries.filter((entry) => entry.required && !spokenOf.has(entry))
      .filter(({ expires }) => expires === null || expires >= today)
      .map((entry) => absent(entry, document, policy)),
    ...(policy.settings.unseenParts === "accept"
      ? []
      : relevantGaps(document.gaps, policy.settings.check)).map(({ kind, reason }) =>
        unreadable(kind, reason)
      ),
  ];
  return {
    host: document.host,
    takenAt: document.taken_at,
    complete: document.complete,
    gaps: document.gaps,
    policy: policy.file,
    results: all,
    collapsed: collapsed.list(),
    rules: VERDICTS.map((verdict) => ({
      id: `policy/${verdict}`,
      title: TITLE[verdict],
      severity: SEVERITY[verdict],
      fix: FIX[verdict],
    })),
    undecided: [],
    services: results.size,
    unused: policy.entries.filter((entry) => !entry.required && !spokenOf.has(entry))
      .map(({ name, line }) => ({ name, line })),
    outcome: outcomeOf(all, policy),
  };
}

/** A violation decides. Undecidable results count only if there is none. */
function outcomeOf(results: readonly Result[], policy: Policy): AuditOutcome {
  const bad = results.filter(({ verdict }) => verdict !== "ok" && verdict !== "undecidable");
  if (bad.length > 0) return "violation";
  return policy.settings.undecidable === "fail" &&
      results.some(({ verdict }) => verdict === "undecidable")
    ? "undecidable"
    : "compliant";
}

// An unconnected UDP or ping socket on a port that the kernel picked is most likely a client that waits for an answer.
function isEphemeralUdp({ identity, transport, socket }: AuditedSocket): boolean {
  return identity.ephemeral && ["udp", "udplite", "icmp"].includes(transport) &&
    socket.state !== "listen";
}

/** Counts UDP clients by program, user and namespace. */
class Collapse {
  readonly #groups = new Map<
    string,
    { netns: string; program: string; user: string | null; count: number }
  >();

  add({ socket, identity }: AuditedSocket): void {
    const [owner] = socket.owners;
    const name = owner === undefined ? `(${socket.ownership})` : program(owner);
    const user = owner === undefined ? null : userText(owner);
    const key = JSON.stringify([identity.netns, name, user]);
    const group = this.#groups.get(key);
    if (group === undefined) {
      this.#groups.set(key, { netns: identity.netns, program: name, user, count: 1 });
    } else {
      group.count++;
    }
  }

  list(): Collapsed[] {
    return [...this.#groups.entries()].sort(([a], [b]) => a < b ? -1 : 1).map(([, group]) => group);
  }
}

// Of equal results the first by endpoint wins, so that the order of sockets does not matter.
function graver(a: Result, b: Result): boolean {
  const difference = GRAVITY.indexOf(a.verdict!) - GRAVITY.indexOf(b.verdict!);
  return difference > 0 || difference === 0 && a.endpoint < b.endpoint;
}

function judged(
  audited: AuditedSocket,
  best: Match | null,
  owners: readonly ResultOwner[],
): Result {
  const { socket, identity } = audited;
  const verdict = best?.verdict ?? "surplus";
  return {
    rule: `policy/${verdict}`,
    // The ID is made only when it is shown.
    get id() {
      return shortId(identity.key);
    },
    severity: SEVERITY[verdict],
    verdict,
    key: identity.key,
    endpoint: identity.endpoint,
    netns: identity.netns,
    reach: socket.reach.scope,
    owners,
    message: best === null
      ? "no entry allows it"
      : verdict === "ok"
      ? `allowed by ${best.entry.name}`
      : best.reasons[0]!,
    evidence: best === null ? [] : best.reasons.slice(1),
    fix: FIX[verdict],
    entry: best === null ? null : { name: best.entry.name, line: best.entry.line },
  };
}

function absent(entry: PolicyEntry, document: SnapshotDocument, policy: Policy): Result {
  const decided = decide(false, {
    ...checkedPlaces(policy.settings.check),
    namespaces: namespacesOf(entry.netns),
  }, document.gaps);
  const verdict: Verdict = decided.answer === "no" ? "missing" : "undecidable";
  const said = `${entry.name} ${absence("required_missing", decided)}`;
  const key = `entry ${entry.name}`;
  return {
    rule: `policy/${verdict}`,
    id: shortId(key),
    severity: SEVERITY[verdict],
    verdict,
    key,
    endpoint: wantedText(entry),
    netns: entry.netns,
    reach: null,
    owners: [],
    message: decided.answer === "no" ? said : `${said}: ${becauseText(decided)}`,
    evidence: [],
    fix: FIX[verdict],
    entry: { name: entry.name, line: entry.line },
  };
}

function wantedText({ transports, addresses, ports, ephemeral, paths }: PolicyEntry): string {
  const port = [
    ...(ports ?? []).map(({ first, last }) => first === last ? `${first}` : `${first}-${last}`),
    ...(ephemeral ? ["ephemeral"] : []),
  ].join(",");
  const what = (transports ?? ["any"]).join(",");
  return `${what} ${paths?.join(",") ?? `${addresses?.join(",") ?? "*"}:${port || "*"}`}`;
}

/** The gaps that may hide services which the policy checks. A gap that several namespaces share is listed once. */
export function relevantGaps(
  gaps: readonly GapDocument[],
  check: PolicySettings["check"],
): GapDocument[] {
  const places = checkedPlaces(check);
  const distinct = new Map<string, GapDocument>();
  for (const gap of gaps) {
    if (mayHide(gap, places)) distinct.set(`${gap.kind} ${gap.reason}`, gap);
  }
  return [...distinct.values()];
}

// A part of the host that could not be seen may contain services that no entry allows.
function unreadable(kind: string, reason: string): Result {
  const key = `gap ${kind} ${reason.replace(/\d+/g, "N")}`;
  return {
    rule: "policy/undecidable",
    id: shortId(key),
    severity: SEVERITY.undecidable,
    verdict: "undecidable",
    key,
    endpoint: `(${kind} not seen)`,
    netns: null,
    reach: null,
    owners: [],
    message: `services that are not allowed may be hidden: ${reason}`,
    evidence: [],
    fix: FIX.undecidable,
    entry: null,
  };
}

/** Compares one socket with all entries of a policy, including those that do not match. The nearest entry is first. */
export function allMatches(
  audited: AuditedSocket,
  document: SnapshotDocument,
  policy: Policy,
): Match[] {
  const today = document.taken_at.slice(0, 10);
  const unseen = document.gaps.find(({ kind }) => kind === "processes")?.reason ?? null;
  return policy.entries
    .map((entry) => matchEntry(entry, audited, policy.settings, today, unseen))
    .sort(compareMatches);
}
