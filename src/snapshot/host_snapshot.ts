/**
 * The snapshot of the whole host, which audits and comparisons work on: every family, as far as this program can see.
 *
 * @module
 */
import { type SnapshotDocument, toDocument } from "./document.ts";
import { LIVE, type Walk } from "./access.ts";
import { Diagnostics } from "../diagnostics.ts";
import { gapJson } from "../model/gap.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { FAMILIES, TRANSPORTS } from "../model/socket.ts";
import { ALL_STATES } from "../model/state.ts";
import { ProcRoot } from "../proc/root.ts";
import type { Query } from "../query.ts";
import { withContainers } from "./containers.ts";
import { scanFew } from "./held_sockets.ts";
import { takeSnapshot } from "./own_netns_snapshot.ts";
import { takeNetnsSnapshot } from "./netns_snapshot.ts";
import { rescanUntilStable } from "./rescan.ts";
import { withProgramFiles } from "./program_files.ts";
import { withUnixAccess } from "./unix_access.ts";

/** How much of the host to read. */
export interface HostOptions {
  /** Connections too, not only services. */
  readonly connections: boolean;
  /** Only the network namespace that this program runs in, instead of every one that it can enter. */
  readonly ownNetns: boolean;
}

/** A query for every service of every family, or with `connections` for every socket. */
export function hostQuery(connections: boolean): Query {
  return {
    families: new Set(FAMILIES),
    transports: new Set(TRANSPORTS),
    states: connections ? ALL_STATES : null,
    ports: null,
    pids: null,
    processes: null,
    users: null,
    receiveBuffers: true,
  };
}

/** Takes the snapshot. Throws what collecting throws. */
function takeHostSnapshot(
  options: HostOptions,
  diagnostics: Diagnostics,
  query = hostQuery(options.connections),
  access = LIVE,
): Snapshot {
  return options.ownNetns
    ? takeSnapshot(query, diagnostics, { access })
    : takeNetnsSnapshot(query, "all", diagnostics, { access });
}

/**
 * The snapshot as data. The host is scanned again where owners were not found, and facts from files are added: who may
 * connect to unix sockets, and the names of containers.
 */
export function takeHostDocument(options: HostOptions, diagnostics: Diagnostics): SnapshotDocument {
  const query = hostQuery(options.connections);
  const seen = withProgramFiles(withUnixAccess(rescanUntilStable((uncertain) => {
    if (uncertain === null) return toDocument(takeHostSnapshot(options, diagnostics, query));
    const { sockets, pids } = uncertain;
    const narrow = {
      ...query,
      families: new Set(sockets.map(({ family }) => family)),
      transports: new Set(sockets.map(({ transport }) => transport)),
    };
    const access = pids === null ? LIVE : { ...LIVE, owners: () => walkOf(pids) };
    // The gaps were recorded by the first scan.
    return toDocument(takeHostSnapshot(options, new Diagnostics(), narrow, access));
  })));
  const document = withContainers(seen, "", diagnostics);
  // Calls that failed later, for facts, are gaps too.
  return { ...document, complete: diagnostics.complete, gaps: diagnostics.gaps.map(gapJson) };
}

/** A walk over these processes only: so quick that the sockets listed just before are still open. */
function walkOf(pids: ReadonlySet<number>): Walk {
  const scan = scanFew([...pids].sort((a, b) => a - b), new ProcRoot());
  return { scan, search: () => scan };
}
