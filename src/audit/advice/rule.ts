/**
 * Rule: something that is questionable on any host, whatever its policy.
 *
 * @module
 */
import type { SnapshotDocument } from "../../snapshot/document.ts";
import type { Severity } from "../report.ts";
import type { AuditedSocket } from "../audited_socket.ts";

/** What the tables and descriptors of one moment contradict each other in: only a live host can be asked. */
export interface Discrepancy {
  /** Which of the three shows it, and which does not. */
  readonly kind: "only_sock_diag" | "only_proc_net" | "only_descriptors";
  /** `tcp 0.0.0.0:31337`. */
  readonly endpoint: string;
  readonly inode: number | null;
  readonly detail: string;
}

/** What rules look at. */
export interface AdviceContext {
  readonly document: SnapshotDocument;
  /** Every service, with its identity. */
  readonly services: readonly AuditedSocket[];
  /** `null` where they were not compared: for a snapshot from a file. */
  readonly discrepancies: readonly Discrepancy[] | null;
  /** Ports of the host that the kernel never picks; inclusive. Empty for a snapshot from a file, which does not tell. */
  readonly reserved: readonly { readonly first: number; readonly last: number }[];
}

/** One thing a rule found. */
export interface Finding {
  readonly subject: AuditedSocket | null;
  /** What to call it where there is no subject. */
  readonly endpoint?: string;
  /** Where it is worse, or better, than the rule's own. */
  readonly severity?: Severity;
  /** One line for a person: what is questionable. */
  readonly message: string;
  /** The facts it rests on. */
  readonly evidence: readonly string[];
  /** Where it is another than the rule's own. */
  readonly fix?: string;
}

/** A rule. */
export interface Rule {
  /** `exposed-service`: in results `advice/exposed-service`. */
  readonly id: string;
  readonly severity: Severity;
  /** A few words, for lists of rules. */
  readonly title: string;
  /** What to do about a finding. */
  readonly fix: string;
  find(context: AdviceContext): Finding[];
}
