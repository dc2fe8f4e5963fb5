/**
 * The snapshot that audits and comparisons are made of: every family, as far as this program can see.
 *
 * @module
 */
import { type SnapshotDocument, toDocument } from "./document.ts";
import { LIVE, type Walk } from "./access.ts";
import { Diagnostics } from "../diagnostics.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { FAMILIES, TRANSPORTS } from "../model/socket.ts";
import { ALL_STATES } from "../model/state.ts";
import { ProcRoot } from "../proc/root.ts";
import { DescriptorScanner } from "../proc/scan.ts";
import type { Query } from "../query.ts";
import { withContainers } from "./container_facts.ts";
import { takeSnapshot } from "./take.ts";
import { takeNetnsSnapshot } from "./netns_snapshot.ts";
import { settledDocument } from "./rescan.ts";
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
export function takeHostSnapshot(
  scope: HostScope,
  diagnostics: Diagnostics,
  query = wholeHostQuery(scope.connections),
  access = LIVE,
): Snapshot {
  return scope.ownNetns
    ? takeSnapshot(query, diagnostics, { access })
    : takeNetnsSnapshot(query, "all", diagnostics, { access });
}

/**
 * The same as data, looked at again where holders were not found, and with what only files tell: who may connect to unix
 * sockets, and what containers are called.
 */
export function takeHostDocument(scope: HostScope, diagnostics: Diagnostics): SnapshotDocument {
  const query = wholeHostQuery(scope.connections);
  return withContainers(withUnixAccess(settledDocument((doubt) => {
    if (doubt === null) return toDocument(takeHostSnapshot(scope, diagnostics, query));
    const { sockets, holders } = doubt;
    const narrow = {
      ...query,
      families: new Set(sockets.map(({ family }) => family)),
      transports: new Set(sockets.map(({ transport }) => transport)),
    };
    const access = holders === null ? LIVE : { ...LIVE, owners: () => walkOf(holders) };
    // Gaps are told once.
    return toDocument(takeHostSnapshot(scope, new Diagnostics(), narrow, access));
  })));
}

/** A walk over a few processes: over in a moment, so that what was listed just before is still there. */
function walkOf(pids: ReadonlySet<number>): Walk {
  const scan = new FewProcesses(pids).scanProcesses();
  return { scan, search: () => scan };
}

class FewProcesses extends DescriptorScanner {
  readonly #pids: ReadonlySet<number>;

  constructor(pids: ReadonlySet<number>) {
    super(new ProcRoot());
    this.#pids = pids;
  }

  override listProcesses(): number[] {
    return [...this.#pids].sort((a, b) => a - b);
  }
}
