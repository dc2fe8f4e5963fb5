/**
 * Relations: how the owners of one socket came to share it.
 *
 * @module
 */
import type { Owner } from "./owner.ts";

/**
 * How an owner got the socket, as far as can be told:
 *
 * - `holder`: the first in its tree. Nothing that still exists tells where it got the socket from.
 * - `worker`: was forked from another owner and runs the same program.
 * - `inherited`: descends from another owner but runs another program, so the descriptor survived an exec.
 * - `activated`: was started with the socket by a service manager that owns it too (socket activation).
 * - `passed`: descends from no other owner, or owns the socket through a different descriptor than its ancestor does. The
 *   socket was sent over a unix socket, or fetched by pidfd_getfd(2).
 * - `sibling`: has the same parent as another owner, and that parent has closed the socket.
 * - `thread`: is a thread of an owner, with a descriptor table of its own.
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
/** One of {@linkcode OWNER_ROLES}. */
export type OwnerRole = typeof OWNER_ROLES[number];

/** A fact that supports a role. Keys are in snake case, because they are JSON keys too. */
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
  /** `same_image`: no exec since the fork, because the addresses that exec chooses at random are the same. `executed`: one. */
  | { readonly kind: "same_image" | "executed" }
  | { readonly kind: "environment"; readonly name: string; readonly value: string }
  | { readonly kind: "init"; readonly pid: number; readonly comm: string }
  /** `unnamed`: how many further ones that are not named. */
  | {
    readonly kind: "no_common_ancestor";
    readonly pids: readonly number[];
    readonly unnamed?: number;
  }
  | {
    readonly kind: "same_parent";
    readonly pid: number;
    readonly pids: readonly number[];
    readonly unnamed?: number;
  }
  | {
    readonly kind: "other_netns";
    readonly netns: number;
    readonly name: string | null;
    readonly socket_netns: number;
  }
  | { readonly kind: "own_table"; readonly tid: number };

/** An owner in the tree of parents and children, which leaves out processes that do not own the socket. */
export interface OwnerNode {
  readonly owner: Owner;
  readonly role: OwnerRole;
  /** False if the evidence allows another explanation. */
  readonly certain: boolean;
  readonly evidence: readonly Evidence[];
  readonly children: readonly OwnerNode[];
}

/** Whether a socket lets others bind to its address. Kernel: SO_REUSEADDR, SO_REUSEPORT. */
export interface Reuse {
  readonly address: boolean;
  readonly port: boolean;
}

/** What follows from a relation. */
export interface Consequence {
  /**
   * - `port_kept`: a program cannot be restarted on this address while processes that are not its workers own the socket.
   * - `share_kept`: it can, because of SO_REUSEPORT, but those processes keep receiving a share of the connections.
   */
  readonly kind: "port_kept" | "share_kept";
  /** The process whose program cannot be restarted, or would share connections. */
  readonly pid: number;
  /** The processes that keep the socket open. */
  readonly by: readonly number[];
  /** `null` if the socket may not be asked. */
  readonly reuse: Reuse | null;
}

/** Everything that is known about how the owners of one socket are related. */
export interface Relations {
  /** Ascending by process ID. */
  readonly roots: readonly OwnerNode[];
  readonly consequences: readonly Consequence[];
}
