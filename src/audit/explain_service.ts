/**
 * Explains which entry of a policy matched a service, or which came nearest and why it did not match.
 *
 * @module
 */
import { sanitize } from "../text/sanitize.ts";
import type { SnapshotDocument } from "../snapshot/document.ts";
import { allMatches } from "./evaluate.ts";
import { isService, shortId } from "../snapshot/identity.ts";
import type { Match } from "./match.ts";
import type { Policy } from "./policy.ts";
import { type AuditReport, type Result, type Verdict, VERDICT_TEXT } from "./report.ts";
import { type AuditedSocket, auditedSocket } from "./audited_socket.ts";

/** How many entries are shown if none matched. */
const NEAREST = 3;

/** One service, and what the entries say about it. */
interface ServiceExplanation {
  readonly result: Result | null;
  readonly key: string;
  readonly endpoint: string;
  readonly collapsed: boolean;
  readonly entries: readonly {
    readonly name: string;
    readonly line: number;
    readonly matched: boolean;
    readonly verdict: Verdict;
    readonly why: readonly string[];
  }[];
}

/**
 * Explains the services that `wanted` names by the ID of a result or its beginning, by a key, or by an endpoint such as
 * `tcp 0.0.0.0:22`. Empty if there is none.
 */
export function explainService(
  wanted: string,
  document: SnapshotDocument,
  policy: Policy,
  report: AuditReport,
): ServiceExplanation[] {
  const found = new Map<string, ServiceExplanation>();
  for (const socket of document.sockets) {
    if (!isService(socket)) continue;
    const audited = auditedSocket(socket, document.host);
    if (!policy.settings.check.has(audited.check) || !isCalled(audited, wanted)) continue;
    const { key, endpoint } = audited.identity;
    const result = report.results.find((result) => result.key === key) ?? null;
    found.set(key, {
      result,
      key,
      endpoint,
      collapsed: result === null,
      entries: relevant(allMatches(audited, document, policy)),
    });
  }
  for (const result of report.results) {
    if (found.has(result.key) || !(result.id.startsWith(wanted) || result.key === wanted)) continue;
    // A missing service or a part that could not be seen has no socket to compare with entries.
    found.set(result.key, {
      result,
      key: result.key,
      endpoint: result.endpoint,
      collapsed: false,
      entries: [],
    });
  }
  return [...found.values()];
}

function isCalled({ identity }: AuditedSocket, wanted: string): boolean {
  return /^[0-9a-f]{4,12}$/.test(wanted) && shortId(identity.key).startsWith(wanted) ||
    identity.key === wanted ||
    identity.endpoint === wanted;
}

function relevant(matches: readonly Match[]): ServiceExplanation["entries"] {
  const speaking = matches.filter(({ misses }) => misses.length === 0);
  return (speaking.length > 0 ? speaking : matches.slice(0, NEAREST)).map((match) => ({
    name: match.entry.name,
    line: match.entry.line,
    matched: match.misses.length === 0,
    verdict: match.verdict,
    why: match.misses.length > 0 ? match.misses : match.reasons,
  }));
}

/** An explanation as text. */
export function explanationText(explanation: ServiceExplanation, policy: Policy): string {
  const { result, endpoint, collapsed, entries } = explanation;
  const lines = [
    `${sanitize(endpoint)}: ${
      collapsed
        ? "not judged: UDP clients on ports that the kernel picked are counted together (ephemeral_udp: collapse)"
        : `${VERDICT_TEXT[result!.verdict!]}: ${sanitize(result!.message)}`
    }`,
  ];
  if (entries.length > 0 && !entries[0]!.matched) {
    lines.push("No entry matches it. The closest are:");
  }
  for (const entry of entries) {
    lines.push(
      `  ${sanitize(policy.file)}:${entry.line}: ${sanitize(entry.name)}: ${
        entry.matched ? VERDICT_TEXT[entry.verdict] : "does not match"
      }`,
    );
    for (const why of entry.why) lines.push(`    ${sanitize(why)}`);
  }
  return lines.map((line) => `${line}\n`).join("");
}
