/**
 * Relations: how the processes that hold one socket came to share it.
 *
 * @module
 */
import type { Owner } from "./owner.ts";

/**
 * How an owner came by the socket, as far as can be told:
 *
 * - `holder`: the first in its tree; where it has it from is not told by anything that still exists.
 * - `worker`: forked from another owner, and runs the same program.
 * - `inherited`: descends from another owner, but runs another program: the descriptor went along across exec.
 * - `activated`: was started with the socket by a manager that holds it too: socket activation.
 * - `passed`: has it by another descriptor than the owner it descends from, or descends from none: one of them gave it to
 *   the other over a unix socket, or fetched it.
 * - `sibling`: has the same parent as another owner; that parent has let go of the socket.
 * - `thread`: a thread of an owner with a descriptor table of its own.
 */
export const OWNER_ROLES = [
  "holder",
  "worker",
  "inherited",
  "activated",
  "passed",
  "sibling",
  "thread",
] as const;
export type OwnerRole = typeof OWNER_ROLES[number];

/** A fact that a role rests on. `kind` says which; keys in snake case: they go into the JSON as they are. */
export type Evidence =
  | { readonly kind: "ancestor"; readonly pid: number; readonly via: readonly number[] }
  | { readonly kind: "same_program"; readonly exe: string }
  | { readonly kind: "other_program"; readonly exe: string; readonly ancestor_exe: string }
  | { readonly kind: "same_fd"; readonly fds: readonly number[] }
  | {
    readonly kind: "other_fd";
    readonly fds: readonly number[];
    readonly ancestor_fds: readonly number[];
  }
  /** Forked, and no exec since: the addresses that exec chooses at random are the same. Or it did call exec since. */
  | { readonly kind: "same_image" | "executed" }
  | { readonly kind: "environment"; readonly name: string; readonly value: string }
  | { readonly kind: "init"; readonly pid: number; readonly comm: string }
  | { readonly kind: "no_common_ancestor"; readonly pids: readonly number[] }
  | { readonly kind: "same_parent"; readonly pid: number; readonly pids: readonly number[] }
  | {
    readonly kind: "other_netns";
    readonly netns: number;
    readonly name: string | null;
    readonly socket_netns: number;
  }
  | { readonly kind: "own_table"; readonly tid: number };

/** An owner in the tree by parentage, which leaves out processes that do not hold the socket. */
export interface OwnerNode {
  readonly owner: Owner;
  readonly role: OwnerRole;
  /** False where the evidence leaves another explanation open. */
  readonly certain: boolean;
  readonly evidence: readonly Evidence[];
  readonly children: readonly OwnerNode[];
}

/** Whether a socket lets others bind to its address. Kernel: SO_REUSEADDR, SO_REUSEPORT. */
export interface Reuse {
  readonly address: boolean;
  readonly port: boolean;
}

/** What a relation leads to. */
export interface Consequence {
  /**
   * - `port_kept`: a program cannot be started again on this address while others, which are not its workers, hold the
   *   socket.
   * - `share_kept`: it can, by SO_REUSEPORT, and the others still hold one of the listeners that the kernel deals out to.
   */
  readonly kind: "port_kept" | "share_kept";
  /** The process whose program could not be restarted, or would share. */
  readonly pid: number;
  /** Who keeps the socket open. */
  readonly by: readonly number[];
  /** Whether the socket lets others bind to its address; `null` where it may not be asked. */
  readonly reuse: Reuse | null;
}

/** Everything that could be worked out about the owners of one socket. */
export interface Relations {
  /** Ascending by process ID. */
  readonly roots: readonly OwnerNode[];
  readonly consequences: readonly Consequence[];
}
