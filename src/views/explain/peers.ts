/**
 * Connections one by one, and the peers that have the most.
 *
 * @module
 */
import { endpointTraits } from "../../families/mod.ts";
import type { ExplainedSockets } from "../../model/explanation.ts";
import type { Process } from "../../model/owner.ts";
import type { ConnectionEnd, PeerCount } from "../../model/peer.ts";
import type { Span } from "../../text/flow.ts";
import { sanitize, sanitizeBytes } from "../../text/sanitize.ts";
import { stateLabel } from "../columns.ts";
import {
  formatAddress,
  type Line,
  localText,
  named,
  plain,
  protocolName,
  some,
  unbroken,
} from "./page.ts";

/** So many processes of a peer are named. */
const NAMED = 3;

const ARROWS: Readonly<Record<"in" | "out" | "unknown", string>> = {
  in: " ← ",
  out: " → ",
  unknown: " — ",
};

/** One line for each connection. The arrow goes from the end that began it. */
export function eachConnection({ sockets, connectionEnds }: ExplainedSockets): Line[] {
  return some(
    sockets.map((socket, i) => ({ socket, end: connectionEnds[i] })),
    ({ socket, end }) => {
      const peer = socket.peer === null ? "-" : endpointTraits(socket.family).text(socket.peer);
      return plain(
        `${protocolName(socket)} ${localText(socket)}`,
        [ARROWS[end?.direction ?? "unknown"], "dim"],
        typeof peer === "string" ? sanitize(peer) : sanitizeBytes(peer),
        [`  ${stateLabel(socket)}`, "dim"],
        ...peerSpans(end),
      );
    },
  );
}

function peerSpans(end: ConnectionEnd | undefined): Span[] {
  if (end?.peers == null || end.peers.length === 0) return [];
  const word = end.direction === "in" ? "from" : end.direction === "out" ? "to" : "with";
  return [`  ${word} `, [processesText(end.peers), "name"]];
}

function processesText(processes: readonly Process[]): string {
  const rest = processes.length - NAMED;
  return processes.slice(0, NAMED).map(named).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}

/** The peers with the most connections on one line; none where there is nothing to count. */
export function peerLines({ peers, otherPeers }: ExplainedSockets): Line[] {
  if (peers.length === 0) return [];
  return [plain(
    otherPeers === 0 ? "with " : "most with ",
    ...peers.flatMap((peer, i): Span[] => [...i === 0 ? [] : [", "], ...countSpans(peer)]),
    ...otherPeers === 0 ? [] : [[` and ${otherPeers} more`, "dim"] as const],
  )];
}

function countSpans({ address, port, count, processes }: PeerCount): Span[] {
  const where = port === null ? address : formatAddress(address, port);
  return [
    sanitize(where),
    [`${unbroken(" ×")}${count}`, "dim"],
    ...processes.length === 0 ? [] : [" by ", [processesText(processes), "name"] as const],
  ];
}
