/**
 * The snapshot that audits and comparisons are made of: every family, as far as this program can see.
 *
 * @module
 */
import { type SnapshotDocument, toDocument } from "../audit/document.ts";
import { Diagnostics } from "../diagnostics.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { FAMILIES, TRANSPORTS } from "../model/socket.ts";
import { ALL_STATES } from "../model/state.ts";
import type { Query } from "../query.ts";
import { takeSnapshot } from "./list.ts";
import { takeNetnsSnapshot } from "./netns_snapshot.ts";
import { settledDocument } from "./settle.ts";
import { withUnixAccess } from "./unix_access.ts";

/** How much of the host. */
export interface HostScope {
  /** Connections as well, and not only what can be talked to. */
  readonly connections: boolean;
  /** Only the network namespace that this program runs in, and not every one that it can enter. */
  readonly ownNetns: boolean;
}

/** Every socket of every family. */
export function wholeHostQuery(connections: boolean): Query {
  return {
    families: new Set(FAMILIES),
    transports: new Set(TRANSPORTS),
    states: connections ? ALL_STATES : null,
    ports: null,
    pids: null,
    processes: null,
    users: null,
  };
}

/** Takes it. Throws what collecting throws. */
export function takeHostSnapshot(scope: HostScope, diagnostics: Diagnostics): Snapshot {
  const query = wholeHostQuery(scope.connections);
  return scope.ownNetns
    ? takeSnapshot(query, diagnostics)
    : takeNetnsSnapshot(query, "all", diagnostics);
}

/**
 * The same as data, looked at again where holders were not found, and with what only the file system tells: who may connect
 * to unix sockets.
 */
export function takeHostDocument(scope: HostScope, diagnostics: Diagnostics): SnapshotDocument {
  let first = true;
  return withUnixAccess(settledDocument(() => {
    // Gaps are told once.
    const collected = first ? diagnostics : new Diagnostics();
    first = false;
    return toDocument(takeHostSnapshot(scope, collected));
  }));
}
