/**
 * Access: everything a snapshot reads that is not a file of /proc. The seam where a recording listens in, and where its
 * replay answers instead of this machine.
 *
 * @module
 */
import { Connection } from "../netlink/connection.ts";
import { DescriptorScanner, type Scan } from "../proc/scan.ts";
import type { ProcRoot } from "../proc/root.ts";
import type { Diagnostics } from "../diagnostics.ts";
import { findNamespace, type FoundNetns, visitNamespace } from "./namespaces.ts";
import type { DiagSocket } from "./source.ts";

/** A walk over all descriptors, as join/owners.ts makes it. */
export interface Walk {
  readonly scan: Scan;
  search(missing: ReadonlySet<number>): Scan;
}

/** How to get at the kernel. */
export interface Access {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Opens a netlink socket in the namespace that this thread is in. Throws SyscallError. */
  open(protocol: number): DiagSocket;
  /** Process IDs, ascending. */
  listProcesses(root: ProcRoot): readonly number[];
  /** The walk over all descriptors, which `walk` makes on this machine. */
  owners(walk: () => Walk): Walk;
  /** As {@linkcode findNamespace}. */
  find(...args: Parameters<typeof findNamespace>): FoundNetns;
  /** As {@linkcode visitNamespace}. */
  visit(found: FoundNetns, diagnostics: Diagnostics, visit: () => void): boolean;
}

/** This machine, now. */
export const LIVE: Access = {
  now: () => Date.now(),
  open: (protocol) => new Connection(protocol),
  listProcesses: (root) => new DescriptorScanner(root).listProcesses(),
  owners: (walk) => walk(),
  find: findNamespace,
  visit: visitNamespace,
};
