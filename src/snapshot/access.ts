/**
 * Access: how a snapshot reads everything except files of /proc. A recorder wraps it, and a replay takes its place.
 *
 * @module
 */
import { Connection } from "../netlink/connection.ts";
import { DescriptorScanner, type Scan } from "../proc/scan.ts";
import type { ProcRoot } from "../proc/root.ts";
import type { Diagnostics } from "../diagnostics.ts";
import type { SocketNamespaces } from "./socket_namespaces.ts";
import { findNamespace, type FoundNetns, visitNamespace } from "./namespaces.ts";
import type { DiagSocket } from "./source.ts";

const socketModule = () =>
  require("./socket_namespaces.ts") as typeof import("./socket_namespaces.ts");

/** A walk over the descriptors of all processes: see join/owners.ts. */
export interface Walk {
  readonly scan: Scan;
  search(missing: ReadonlySet<number>): Scan;
}

/** The ways to ask the kernel. */
export interface Access {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Opens a netlink socket in the namespace that this thread is in. Throws SyscallError. */
  open(protocol: number): DiagSocket;
  /** Process IDs, ascending. */
  listProcesses(root: ProcRoot): readonly number[];
  /** The walk over all descriptors. `walk` makes it on this machine; a replay does not call it. */
  owners(walk: () => Walk): Walk;
  /** As the scan tells it, or else each socket is asked: see {@linkcode namespacesOfSockets}. */
  socketNamespaces(scan: Scan): SocketNamespaces;
  /** See {@linkcode findNamespace}. */
  find(...args: Parameters<typeof findNamespace>): FoundNetns;
  /** See {@linkcode visitNamespace}. */
  visit(found: FoundNetns, diagnostics: Diagnostics, visit: () => void): boolean;
}

/** This machine, now. */
export const LIVE: Access = {
  now: () => Date.now(),
  open: (protocol) => new Connection(protocol),
  listProcesses: (root) => new DescriptorScanner(root).listProcesses(),
  owners: (walk) => walk(),
  socketNamespaces: ({ foreign, descriptors }) =>
    foreign === undefined
      ? socketModule().namespacesOfSockets(descriptors)
      : { found: foreign, partial: false },
  find: findNamespace,
  visit: visitNamespace,
};
