/**
 * Plan: which processes a signal goes to so that targets are free, and which are left alone.
 *
 * @module
 */
import type { ExplainedSockets, Explanation } from "../../model/explanation.ts";
import type { Owner, Process } from "../../model/owner.ts";
import type { OwnerNode } from "../../model/relation.ts";
import type { Socket } from "../../model/socket.ts";
import { type Bearers, namesProcesses } from "../explain/bearers.ts";
import type { Target } from "../explain/target.ts";

/** A process that is to end. */
export interface Victim {
  readonly process: Process;
  readonly holds: readonly Hold[];
  /** Process ID of the master that it ends with, so that it gets no signal of its own at first; `null` for all others. */
  readonly master: number | null;
}

/** A socket that a process holds, and by which descriptors. */
interface Hold {
  readonly socket: Socket;
  readonly owner: Owner;
}

/** See the module. */
export interface Plan {
  /** Ascending by process ID. */
  readonly victims: readonly Victim[];
  /** Service managers that hold a socket for a service which they started with it. */
  readonly activators: readonly Process[];
  /** What was asked for and has no known owner. */
  readonly ownerless: readonly Socket[];
  /** Everything that is to be free afterwards. */
  readonly subjects: readonly ExplainedSockets[];
}

/** Makes the plan for targets from their explanations, which stand in the same order. Connections are none of its business. */
export function planFor(
  targets: readonly Target[],
  explanations: readonly Explanation[],
  bearers: Bearers,
): Plan {
  const drafts = new Map<number, { process: Process; holds: Hold[]; master: number | null }>();
  const activators = new Map<number, Process>();
  const ownerless: Socket[] = [];
  const subjects: ExplainedSockets[] = [];
  for (const [i, { subjects: found }] of explanations.entries()) {
    const target = targets[i]!;
    for (const subject of found) {
      if (subject.kind === "connections") continue;
      subjects.push(subject);
      for (const [j, socket] of subject.sockets.entries()) {
        if (socket.owners.length === 0) ownerless.push(socket);
        for (const node of subject.relations[j]!.roots) add(node, null, socket, target);
      }
    }
  }
  return {
    victims: [...drafts.values()].sort((a, b) => a.process.pid - b.process.pid),
    activators: [...activators.values()].filter(({ pid }) => !drafts.has(pid)),
    ownerless,
    subjects,
  };

  // Whoever names a process means that one, and not all who share its sockets.
  function isMeant(process: Process, target: Target): boolean {
    return !namesProcesses(target) || bearers.bears(process, target);
  }

  function add(node: OwnerNode, above: number | null, socket: Socket, target: Target): void {
    const { owner, role, children } = node;
    const { process } = owner;
    let master: number | null = null;
    if (children.some((child) => child.role === "activated")) {
      activators.set(process.pid, process);
    } else if (isMeant(process, target)) {
      master = role === "worker" ? above : null;
      const known = drafts.get(process.pid);
      if (known === undefined) {
        drafts.set(process.pid, { process, holds: [{ socket, owner }], master });
      } else {
        known.holds.push({ socket, owner });
        // A thread is no process of its own.
        if (role !== "thread") known.master = known.master === null ? null : master;
      }
    }
    // A worker of a worker ends with the first master.
    const next = role === "worker" ? above ?? process.pid : process.pid;
    for (const child of children) {
      const own = drafts.has(process.pid) ? next : null;
      add(child, child.owner.pid === process.pid ? above : own, socket, target);
    }
  }
}
