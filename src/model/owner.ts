/**
 * Owners: the processes that hold a socket.
 *
 * @module
 */

/** Bytes from outside that are mostly text: decoded where a person or JSON sees them, never before. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** A process that holds a socket, with all its descriptors of that socket. `null` is "could not be read". */
export interface Owner {
  readonly pid: number;
  /** Descriptor numbers, ascending. */
  readonly fds: readonly number[];
  /**
   * Thread whose own descriptor table holds the socket, when the process's main table does not: a thread-group
   * leader that has exited, or a thread that left the shared table. `null` in the ordinary case.
   */
  readonly tid: number | null;
  readonly process: Process;
}

/**
 * Where sockets without a list of their own look up their owners. There may be a million sockets with an owner each, so each
 * keeps a number and no list.
 */
export interface OwnerLookup {
  /**
   * The owners that a number stands for; none for 0.
   *
   * @param socket The socket whose owners they are.
   * @param reused True for a caller that looks at them at once: the list is good until the next call.
   */
  owners(
    number: number,
    socket: { readonly cookie: number | bigint | null },
    reused: boolean,
  ): readonly Owner[];
}

/** What is known of a process. One object per process, shared by all the sockets it holds. */
export interface Process {
  readonly pid: number;
  /** Parent. Kernel: `real_parent`, field 4 of /proc/PID/stat. */
  readonly ppid: number | null;
  /**
   * True for a main thread that has ended and is still listed (state Z): of the process nothing is left, or only other threads.
   * `null` where its state could not be read; absent in data from elsewhere.
   */
  readonly zombie?: boolean | null;
  /** Name of the main thread, at most 15 bytes. Kernel: `task->comm`. Chosen by the process: any bytes but NUL. */
  readonly comm: Bytes | null;
  /** Path of the program file, without the kernel's ` (deleted)`. */
  readonly exe: Bytes | null;
  /** True when the program file was unlinked since it was started; `null` where the link cannot be read. */
  readonly exeDeleted: boolean | null;
  /** Arguments, NUL-separated as the process left them. */
  readonly cmdline: Bytes | null;
  /** Effective user ID. */
  readonly uid: number | null;
  /** Login name of {@linkcode uid}, from /etc/passwd. */
  readonly user: string | null;
  /** Start, milliseconds since the epoch. The kernel counts in ticks since boot: accurate to about 10 ms. */
  readonly startTimeMs: number | null;
  /** Start, in ticks of 1/100 s since boot: with the ID, it names one process and no later one. Kernel: field 22 of stat. */
  readonly startTicks: number | null;
  /** systemd unit, from the cgroup path. */
  readonly unit: string | null;
  readonly container: Container | null;
  /** Who chose the name of {@linkcode unit}; `null` without one. */
  readonly unitManager: Manager | null;
  /** Who chose the identifier of {@linkcode container}; `null` without one. */
  readonly containerManager: Manager | null;
  /**
   * Files that could not be read although the process had not ended, with the error: `exe`, `stat`, `status`, `cgroup` and
   * `cmdline` of the process, and `passwd`. What they tell is not absent but unknown.
   */
  readonly unread?: Readonly<Record<string, string>>;
}

/**
 * Who made a control group, and so chose its name.
 *
 * - `system`: the system's service manager, or a runtime that root runs.
 * - `user`: it is below user.slice, where users make groups of their own.
 * - `delegated`: it is below another unit or container, which may make groups with any name.
 */
export type Manager = "system" | "user" | "delegated";

/** A container as the cgroup path names it. */
export interface Container {
  readonly id: string;
  /** docker, containerd, cri-o, podman, lxc, nspawn, ecs; `null` when the path does not say. */
  readonly runtime: string | null;
  /** Name; `null` unless the files of the runtime were read, as `explain` and `snapshot` do. */
  readonly name: string | null;
}

/**
 * Why a socket has the owners it has.
 *
 * - `owned`: at least one process holds it.
 * - `unaccepted`: a connection that waits in a listener's queue. No process has a descriptor of it yet.
 * - `time_wait`: the process closed it; the kernel keeps the addresses for a minute.
 * - `orphan`: the process closed it; the kernel still sends what is left, or waits for the peer to close.
 * - `kernel`: every process could be looked into and none holds it.
 * - `hidden`: not found, but there are processes we may not look into, or another PID namespace holds it.
 * - `unknown`: not found, and the search itself was disturbed, or was not made.
 */
export const OWNERSHIPS = [
  "owned",
  "unaccepted",
  "time_wait",
  "orphan",
  "kernel",
  "hidden",
  "unknown",
] as const;

/** One of {@linkcode OWNERSHIPS}. */
export type Ownership = typeof OWNERSHIPS[number];
