/**
 * Rule: a check that makes sense on any host, whatever its policy.
 *
 * @module
 */
import type { FlatGap } from "../../model/gap.ts";
import type { Places } from "../../model/verdict.ts";
import type { PortRange } from "../../model/port_range.ts";
import type { SnapshotDocument } from "../../snapshot/document.ts";
import type { Severity } from "../report.ts";
import type { AuditedSocket } from "../audited_socket.ts";
import { holder } from "../holders.ts";

/** A socket that not all sources show. Only a live host can be checked for that. */
export interface Discrepancy {
  /** The only source that shows it. */
  readonly kind: "only_sock_diag" | "only_proc_net" | "only_descriptors";
  /** `tcp 0.0.0.0:31337`. */
  readonly endpoint: string;
  readonly inode: number | null;
  readonly detail: string;
}

/** What the comparison of the sources found, and what it could not compare. */
export interface SourceComparison {
  readonly discrepancies: readonly Discrepancy[];
  readonly gaps: readonly FlatGap[];
}

/** What rules may look at. */
export interface AdviceContext {
  readonly document: SnapshotDocument;
  /** Every service with its identity. */
  readonly services: readonly AuditedSocket[];
  /** `null` for a snapshot from a file, whose sources cannot be compared. */
  readonly comparison: SourceComparison | null;
  /** Ports of the host that the kernel never picks, inclusive. Empty for a snapshot from a file, which does not say. */
  readonly reserved: readonly PortRange[];
}

/** Something that a rule found. */
export interface Finding {
  readonly audited: AuditedSocket | null;
  /** The endpoint to show if there is no audited. */
  readonly endpoint?: string;
  /** Absent: the severity of the rule. */
  readonly severity?: Severity;
  /** One line: what is questionable. */
  readonly message: string;
  /** The facts that it is based on. */
  readonly evidence: readonly string[];
  /** Absent: the fix of the rule. */
  readonly fix?: string;
}

/** A rule. */
export interface Rule {
  /** Such as `exposed-service`, which is `advice/exposed-service` in results. */
  readonly id: string;
  readonly severity: Severity;
  /** A few words, for lists of rules. */
  readonly title: string;
  /** The worst that a finding may be. Absent: {@linkcode Rule.severity}. */
  readonly worst?: Severity;
  /** Where a service to find could be. What of it was not seen leaves the rule undecided if it found nothing. */
  readonly places: Places;
  /** True for a service that an owner who was not seen could make a finding. Absent: owners do not matter. */
  owner?(audited: AuditedSocket): boolean;
  /** Which fact about a service this rule needs and nobody could find out: the service may be a finding. `null`: none. */
  unknown?(audited: AuditedSocket): string | null;
  /** True if a live host is needed. The rule is left out for a snapshot from a file. */
  readonly live?: true;
  /** What to do about a finding. */
  readonly fix: string;
  find(context: AdviceContext): Finding[];
}

/** The label of a table begins with its transport or family: `tcp over IPv4`, `unix`. */
const kindOf = (label: string) => label.split(" ")[0]!;

/** Services of the internet families. */
export const INTERNET_SERVICES: Places = {
  tables: (label) => !/^(unix|packet|netlink|vsock|xdp|tipc)$/.test(kindOf(label)),
  namespaces: true,
};

/**
 * Services of the families that every kernel can list. vsock, XDP and TIPC sockets are judged where they are seen; where the
 * kernel has no way to list them, that is told and decides nothing.
 */
export const SERVICES: Places = {
  tables: (label) => !/^(netlink|vsock|xdp|tipc)$/.test(kindOf(label)),
  namespaces: true,
};

/** The program of an owner that could not be read; `null` if there is none. */
export function unreadProgram({ socket }: AuditedSocket): string | null {
  const owner = socket.owners.find(({ exe, unread }) => exe === null && unread?.exe !== undefined);
  return owner === undefined ? null : `the program of ${holder(owner)}`;
}
