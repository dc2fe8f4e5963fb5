/**
 * Leaks: sockets that the processes of a service hold and no table shows, such as connections that were reset and never closed.
 *
 * @module
 */
import { Diagnostics } from "../../diagnostics.ts";
import type { Fault } from "../../model/fault.ts";
import { LISTED_WHEN_BOUND, type UnlistedSocket } from "../../model/explanation.ts";
import type { Process } from "../../model/owner.ts";
import { ALL_STATES } from "../../model/state.ts";
import { LIVE } from "../../snapshot/access.ts";
import { scanFew, unlistedSockets } from "../../snapshot/held_sockets.ts";
import { takeNetnsSnapshot } from "../../snapshot/netns_snapshot.ts";
import type { ExplainInput } from "./input.ts";

/** Any program has a socket that is not bound yet now and then. So many are left over. */
const MANY = 10;
/** Of processes with more sockets than this, it would take too long to ask for each what it is. */
const MOST = 65_536;

/**
 * Sockets of `processes` that are neither bound nor connected, where there are many. `netns`: inode of the network namespace of the
 * service. The tables are only read if a process has that many other sockets of internet protocols, and twice before anything is
 * told: one that is opened or closed between two looks is in no table either.
 */
export function leakFaults(
  processes: readonly Process[],
  netns: number | null,
  input: ExplainInput,
): Fault[] {
  const { root, sockets, facts } = input;
  if (!root.isLive || netns === null || processes.length === 0) return [];
  const known = new Set(sockets.map(({ inode }) => inode));
  const pids = processes.map(({ pid }) => pid);
  const first = scanFew(pids, root);
  const held = first.descriptors;
  let others = 0;
  for (let row = 0; row < held.length; row++) if (!known.has(held.inode(row))) others++;
  if (others < MANY || held.length > MOST) return [];
  const isHere = ({ netns: told, owners, protocol }: UnlistedSocket) =>
    protocol !== null && LISTED_WHEN_BOUND.test(protocol) &&
    (told === null ? owners.every(({ pid }) => facts.netns(pid) === netns) : told === netns);
  const candidates = unlistedSockets(first, root, (inode) => known.has(inode)).filter(isHere);
  if (candidates.length < MANY) return [];
  let left = candidates;
  for (let look = 1; look <= 2; look++) {
    const listed = listedInodes(input);
    if (listed === null) return [];
    left = left.filter(({ inode }) => !listed.has(inode));
    if (left.length < MANY) return [];
    const again = scanFew(pids, root).descriptors;
    const held = new Set<number>();
    for (let row = 0; row < again.length; row++) held.add(again.inode(row));
    left = left.filter(({ inode }) => held.has(inode));
  }
  if (left.length < MANY) return [];
  const holders = new Set(left.flatMap(({ owners }) => owners.map(({ pid }) => pid)));
  return [{
    kind: "leaked",
    count: left.length,
    protocols: [...new Set(left.map(({ protocol }) => protocol!))].sort(),
    processes: processes.filter(({ pid }) => holders.has(pid)),
  }];
}

/** All sockets of the internet families, whoever owns them; `null` if a table could not be read whole. */
function listedInodes({ choice, root }: ExplainInput): Set<number> | null {
  const nobody = scanFew([], root);
  const diagnostics = new Diagnostics();
  const { sockets } = takeNetnsSnapshot(
    {
      families: new Set(["inet", "inet6"] as const),
      transports: new Set(
        ["tcp", "udp", "udplite", "raw", "icmp", "mptcp", "sctp", "dccp"] as const,
      ),
      states: ALL_STATES,
      ports: null,
      pids: null,
      processes: null,
      users: null,
    },
    choice,
    diagnostics,
    { root, access: { ...LIVE, owners: () => ({ scan: nobody, search: () => nobody }) } },
  );
  if (diagnostics.gaps.some(({ kind }) => kind === "table" || kind === "interrupted")) return null;
  return new Set(sockets.flatMap(({ inode }) => inode === null ? [] : [inode]));
}
