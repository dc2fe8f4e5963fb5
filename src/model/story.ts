/**
 * Story: who started a process, what it uses, and how whoever manages it is told to stop it.
 *
 * @module
 */
import type { Bytes } from "./owner.ts";

/** A process in the chain of parents. */
export interface Link {
  readonly pid: number;
  readonly comm: Bytes | null;
  /** Start, milliseconds since the epoch; `null` if it could not be read. */
  readonly startTimeMs: number | null;
}

/**
 * What kinds of starter there are:
 *
 * - `container`: a container's runtime. `cron`: cron, at or anacron. `ssh`, `login`: a session of a user.
 * - `timer`, `path`: a unit of systemd that starts a service by time, or when a path changes. `service`: systemd, by itself.
 * - `user_service`: the service manager of a user. `supervisor`: another program that starts services and starts them again.
 */
type StarterKind =
  | "container"
  | "cron"
  | "ssh"
  | "login"
  | "timer"
  | "path"
  | "service"
  | "user_service"
  | "supervisor";

/** Who or what started a process, as far as parents, control group and environment tell. */
export interface Starter {
  readonly kind: StarterKind;
  /** Of the container, the unit or the session, or of the program; `null` where there is none. */
  readonly name: string | null;
  /** The ancestor that shows it: sshd, cron, a container's shim; `null` where only the control group does. */
  readonly pid: number | null;
  /** The terminal multiplexer among the ancestors, which keeps a session alive; `null` for none. */
  readonly multiplexer: number | null;
  /** Of a service, when systemd starts it again, as its unit says (systemd.service(5), Restart=); `null` where that is not known. */
  readonly restart: string | null;
}

/** How a process came to run. */
export interface Story {
  /** From the first process of the PID namespace down to the process itself. */
  readonly chain: readonly Link[];
  readonly starter: Starter | null;
  /** True if the process that started it has ended, so that the chain leads past it. */
  readonly orphaned: boolean;
}

/** What a process uses. `null` is "could not be read". */
export interface Usage {
  readonly pid: number;
  readonly comm: Bytes | null;
  /** Memory that is resident, pages shared with others included. Kernel: VmRSS. */
  readonly memoryBytes: number | null;
  /** CPU time in user and kernel mode. Kernel: utime + stime. */
  readonly cpuMs: number | null;
  readonly openFiles: number | null;
  /** How many it may have open. Kernel: RLIMIT_NOFILE, the soft limit; `Infinity` for none. */
  readonly openFilesLimit: number | null;
}

/** A command that does something to a service, fitting whoever manages it. */
export interface NextStep {
  readonly what: "logs" | "restart" | "stop";
  /** To be typed into a shell. */
  readonly command: string;
}
