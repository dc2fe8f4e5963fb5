/**
 * Processes: what /proc/PID tells beyond descriptors.
 *
 * @module
 */
import type { Bytes, Container, Manager, Process } from "../model/owner.ts";
import { cgroupPath, containerManagerOf, containerOf, unitManagerOf, unitOf } from "./cgroup.ts";
import { type Unmarked, withoutDeletedMark } from "../proc/deleted.ts";
import type { ProcRoot } from "../proc/root.ts";
import { parseStat, type Stat } from "../proc/stat.ts";
import { effectiveUser } from "../proc/status.ts";
import { Users } from "../etc/users.ts";

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

  constructor(pid: number, root: ProcRoot, users: Users, bootTimeMs: () => number | null) {
    this.pid = pid;
    this.#root = root;
    this.#users = users;
    this.#bootTimeMs = bootTimeMs;
  }

  get #statFile(): Stat | null {
    if (this.#stat === undefined) {
      const bytes = this.#root.read(`${this.pid}/stat`);
      this.#stat = typeof bytes === "number" ? null : parseStat(bytes);
    }
    return this.#stat;
  }

  get ppid(): number | null {
    return this.#statFile?.ppid ?? null;
  }

  get comm(): Bytes | null {
    return this.#statFile?.comm ?? null;
  }

  get #exeLink(): Unmarked<Bytes> | null {
    if (this.#exe === undefined) {
      const target = this.#root.link(`${this.pid}/exe`);
      this.#exe = typeof target === "number" ? null : withoutDeletedMark(target);
    }
    return this.#exe;
  }

  get exe(): Bytes | null {
    return this.#exeLink?.path ?? null;
  }

  get exeDeleted(): boolean | null {
    return this.#exeLink?.deleted ?? null;
  }

  get cmdline(): Bytes | null {
    if (this.#cmdline === undefined) {
      const bytes = this.#root.read(`${this.pid}/cmdline`, CMDLINE_LIMIT);
      this.#cmdline = typeof bytes === "number" ? null : bytes;
    }
    return this.#cmdline;
  }

  get uid(): number | null {
    if (this.#uid === undefined) this.#uid = effectiveUser(this.#root, this.pid);
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
      const text = this.#root.text(`${this.pid}/cgroup`);
      this.#cgroup = text === null ? null : cgroupPath(text);
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
  readonly #known = new Map<number, Process>();
  #bootTimeMs: number | null | undefined;

  constructor(root: ProcRoot, users: Users = new Users()) {
    this.#root = root;
    this.#users = users;
  }

  /** The process with this ID, whether it lives or not: its facts say so when they are read. */
  get(pid: number): Process {
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
