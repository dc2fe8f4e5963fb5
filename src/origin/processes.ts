/**
 * Processes: what /proc/PID tells beyond descriptors.
 *
 * @module
 */
import { ENOENT, errnoName, failureOf } from "../../ffi/errno.ts";
import type { Bytes, Container, Manager, Process } from "../model/owner.ts";
import { cgroupPath, containerManagerOf, containerOf, unitManagerOf, unitOf } from "./cgroup.ts";
import { type Unmarked, withoutDeletedMark } from "../proc/deleted.ts";
import type { ProcRoot } from "../proc/root.ts";
import { parseStat, type Stat } from "../proc/stat.ts";
import { effectiveUid } from "../proc/status.ts";
import { threadsOf } from "../proc/task.ts";
import { Users } from "../etc/users.ts";
import { latin1Text } from "../text/encoding.ts";

/** A command line may be megabytes long; more than this is of no use to a reader. */
const CMDLINE_LIMIT = 64 * 1024;

/**
 * A process whose facts are read when they are first asked for: a listing that shows names reads one file a process, and
 * JSON reads them all. A fact that cannot be read (no permission, process gone) is `null`.
 */
class LazyProcess implements Process {
  readonly pid: number;
  readonly #root: ProcRoot;
  readonly #users: Users;
  readonly #bootTimeMs: () => number | null;
  #stat: Stat | null | undefined;
  #exe: Unmarked<Bytes> | null | undefined;
  #cmdline: Bytes | null | undefined;
  #uid: number | null | undefined;
  #cgroup: string | null | undefined;
  readonly #unread: Record<string, string> = {};
  #living: number | undefined;

  constructor(pid: number, root: ProcRoot, users: Users, bootTimeMs: () => number | null) {
    this.pid = pid;
    this.#root = root;
    this.#users = users;
    this.#bootTimeMs = bootTimeMs;
  }

  get #statFile(): Stat | null {
    if (this.#stat === undefined) {
      const bytes = this.#root.read(`${this.pid}/stat`);
      this.#stat = typeof bytes === "number" ? this.#miss("stat", bytes) : parseStat(bytes);
    }
    return this.#stat;
  }

  /** Notes why a file could not be read, unless it is because there is none. */
  #miss(file: string, result: number): null {
    const failure = failureOf(result);
    // The kernel refuses the links of a process that has ended, too, and of a thread of its own, which has no program.
    const hasEnded = failure === "absent" || failure === "denied" && file === "exe" &&
        (this.#statFile === null
          ? this.#unread["stat"] === undefined
          : this.#statFile.kernelThread);
    if (!hasEnded) this.#unread[file] = errnoName(-result);
    return null;
  }

  get unread(): Readonly<Record<string, string>> {
    void [this.#statFile, this.#exeLink, this.cmdline, this.uid, this.#cgroupPath];
    return this.uid !== null && this.#users.unread !== 0
      ? { ...this.#unread, passwd: errnoName(this.#users.unread) }
      : this.#unread;
  }

  get ppid(): number | null {
    return this.#statFile?.ppid ?? null;
  }

  get zombie(): boolean | null {
    return this.#statFile === null ? null : this.#statFile.state === "Z";
  }

  get layout(): string | null {
    return this.#statFile?.layout ?? null;
  }

  get comm(): Bytes | null {
    return this.#statFile?.comm ?? null;
  }

  get #exeLink(): Unmarked<Bytes> | null {
    if (this.#exe === undefined) {
      let target = this.#root.link(`${this.pid}/exe`);
      if (target === -ENOENT && this.zombie) target = this.#root.link(`${this.living}/exe`);
      this.#exe = typeof target === "number"
        ? this.#miss("exe", target)
        : withoutDeletedMark(target);
    }
    return this.#exe;
  }

  /**
   * The ID by which /proc tells of the program and its files. A main thread that has ended has neither any more, but another
   * thread of the process may: then it is that of the thread.
   */
  get living(): number {
    if (!this.zombie) return this.pid;
    return this.#living ??=
      threadsOf(this.#root, this.pid).find((tid) =>
        tid !== this.pid && typeof this.#root.link(`${tid}/exe`) !== "number"
      ) ?? this.pid;
  }

  get exe(): Bytes | null {
    return this.#exeLink?.path ?? null;
  }

  get exeDeleted(): boolean | null {
    return this.#exeLink?.deleted ?? null;
  }

  get cmdline(): Bytes | null {
    if (this.#cmdline === undefined) {
      let bytes = this.#root.read(`${this.pid}/cmdline`, CMDLINE_LIMIT);
      if (typeof bytes !== "number" && bytes.length === 0 && this.zombie) {
        bytes = this.#root.read(`${this.living}/cmdline`, CMDLINE_LIMIT);
      }
      this.#cmdline = typeof bytes === "number" ? this.#miss("cmdline", bytes) : bytes;
    }
    return this.#cmdline;
  }

  get uid(): number | null {
    if (this.#uid === undefined) {
      const bytes = this.#root.read(`${this.pid}/status`);
      this.#uid = typeof bytes === "number"
        ? this.#miss("status", bytes)
        : effectiveUid(latin1Text(bytes));
    }
    return this.#uid;
  }

  get user(): string | null {
    return this.uid === null ? null : this.#users.name(this.uid);
  }

  get startTimeMs(): number | null {
    const stat = this.#statFile;
    const boot = this.#bootTimeMs();
    return stat === null || boot === null ? null : boot + stat.startTicks * 10;
  }

  get startTicks(): number | null {
    return this.#statFile?.startTicks ?? null;
  }

  get #cgroupPath(): string | null {
    if (this.#cgroup === undefined) {
      const bytes = this.#root.read(`${this.pid}/cgroup`);
      this.#cgroup = typeof bytes === "number"
        ? this.#miss("cgroup", bytes)
        : cgroupPath(latin1Text(bytes));
    }
    return this.#cgroup;
  }

  get unit(): string | null {
    return this.#cgroupPath === null ? null : unitOf(this.#cgroupPath);
  }

  get container(): Container | null {
    return this.#cgroupPath === null ? null : containerOf(this.#cgroupPath);
  }

  get unitManager(): Manager | null {
    return this.#cgroupPath === null ? null : unitManagerOf(this.#cgroupPath);
  }

  get containerManager(): Manager | null {
    return this.#cgroupPath === null ? null : containerManagerOf(this.#cgroupPath);
  }
}

/** Hands out processes by ID, each as one object however many sockets it holds. */
export class Processes {
  readonly #root: ProcRoot;
  readonly #users: Users;
  readonly #known = new Map<number, LazyProcess>();
  #bootTimeMs: number | null | undefined;

  constructor(root: ProcRoot, users: Users = new Users()) {
    this.#root = root;
    this.#users = users;
  }

  /** The process with this ID, whether it lives or not: its facts say so when they are read. */
  get(pid: number): Process {
    return this.#get(pid);
  }

  /** See {@linkcode LazyProcess.living}. */
  living(pid: number): number {
    return this.#get(pid).living;
  }

  /** Where its memory begins: the same for a process and its forks that have not called exec since; `null` where that is not told. */
  layout(pid: number): string | null {
    return this.#get(pid).layout;
  }

  #get(pid: number): LazyProcess {
    let process = this.#known.get(pid);
    if (process === undefined) {
      process = new LazyProcess(pid, this.#root, this.#users, () => this.#boot());
      this.#known.set(pid, process);
    }
    return process;
  }

  #boot(): number | null {
    if (this.#bootTimeMs === undefined) {
      const match = /^btime (\d+)$/m.exec(this.#root.text("stat") ?? "");
      this.#bootTimeMs = match === null ? null : Number(match[1]) * 1000;
    }
    return this.#bootTimeMs;
  }
}
