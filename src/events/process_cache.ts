/**
 * ProcessCache: what is known of processes, kept for when they are gone.
 *
 * Most is told by the kernel while the process runs: its name, its arguments, its parent, the program that it started. The rest is
 * read in /proc when it is first asked for. A process that is gone by then has the program of its parent, if it did not start
 * another: fork(2) changes nothing of that.
 *
 * @module
 */
import { Users } from "../etc/users.ts";
import type { EventProcess, SocketEvent } from "../model/event.ts";
import type { Bytes, Container } from "../model/owner.ts";
import { cgroupPath, containerOf, unitOf } from "../origin/cgroup.ts";
import { CgroupPaths } from "../origin/cgroup_paths.ts";
import { withoutDeletedMark } from "../proc/deleted.ts";
import type { ProcRoot } from "../proc/root.ts";
import { parseStat } from "../proc/stat.ts";
import { effectiveUser } from "../proc/status.ts";
import type { Clock } from "./clock.ts";
import type { RecordProcess } from "./kernel/decode.ts";
import { ARGUMENT_ROOM } from "./kernel/record.ts";
import { newEvent } from "./socket_event.ts";

/** At most so many are kept; the one that was not asked for the longest goes. */
const MOST = 16_384;
/** Ancestors that are asked for their program. */
const MOST_GENERATIONS = 16;
const CMDLINE_LIMIT = 64 * 1024;
/** A tick of /proc, in nanoseconds. */
const TICK_NS = 10_000_000;

/** The start of a program, told once by the first event of its process. */
interface Exec {
  readonly timeNs: number;
  told: boolean;
}

interface Entry {
  readonly pid: number;
  /** Nanoseconds since boot; 0: not known. */
  readonly startNs: number;
  ppid: number | null;
  comm: Bytes;
  uid: number | null;
  cgroup: bigint;
  path: Bytes | null;
  cmdline: Bytes | null;
  exec: Exec | null;
  /** What was read in /proc. `undefined`: not yet. */
  exe: Bytes | null | undefined;
  place: { readonly unit: string | null; readonly container: Container | null } | undefined;
  /** What is handed out; made again when something was learned. */
  shown: EventProcess | null;
}

/** See the module. */
export class ProcessCache {
  readonly #root: ProcRoot;
  readonly #users: Users;
  readonly #entries = new Map<number, Entry>();
  #cgroups: CgroupPaths;
  #places = new Map<
    bigint,
    { readonly unit: string | null; readonly container: Container | null }
  >();
  /** When the groups were walked last. */
  #walkedMs = 0;

  constructor(root: ProcRoot, users = new Users()) {
    this.#root = root;
    this.#users = users;
    this.#cgroups = new CgroupPaths(root);
  }

  /** How many processes are known. */
  get size(): number {
    return this.#entries.size;
  }

  /** Learns what a record says of its process. `timeNs`: since boot. */
  learn(process: RecordProcess, isExec: boolean, timeNs: number): void {
    const entry = this.#entry(process);
    entry.comm = process.comm;
    entry.uid = process.uid ?? entry.uid;
    entry.ppid = process.ppid ?? entry.ppid;
    entry.cmdline = process.arguments ?? entry.cmdline;
    entry.cgroup = process.cgroup;
    if (isExec) {
      entry.path = process.path;
      entry.exe = undefined;
      entry.exec = { timeNs, told: false };
    }
    entry.shown = null;
  }

  /** The process of a record, with all that is known of it. */
  of(process: RecordProcess): EventProcess {
    if (process.pid === 0) {
      return {
        pid: null,
        tid: null,
        ppid: null,
        comm: process.comm,
        exe: null,
        cmdline: process.arguments,
        uid: process.uid,
        user: process.uid === null ? null : this.#users.name(process.uid),
        ...this.#placeOfGroup(process.cgroup),
      };
    }
    const entry = this.#entry(process);
    if (process.comm.length === 0) {
      // Not every program may look at the name.
      entry.comm = entry.comm.length === 0
        ? this.#stat(process.pid)?.comm ?? entry.comm
        : entry.comm;
    } else if (
      entry.comm.toHex() !== process.comm.toHex() ||
      process.uid !== null && entry.uid !== process.uid
    ) {
      entry.comm = process.comm;
      entry.uid = process.uid ?? entry.uid;
      entry.shown = null;
    }
    entry.shown ??= this.#show(entry);
    return process.tid === process.pid || process.tid === 0
      ? entry.shown
      : { ...entry.shown, tid: process.tid };
  }

  /** A process that is known by its number alone, because it held a socket when that was looked for. */
  held(pid: number): EventProcess {
    const known = this.#entries.get(pid);
    if (known !== undefined) return known.shown ??= this.#show(known);
    const stat = this.#stat(pid);
    const entry: Entry = {
      pid,
      startNs: 0,
      ppid: stat?.ppid ?? null,
      comm: stat?.comm ?? new Uint8Array(0),
      uid: effectiveUser(this.#root, pid),
      cgroup: 0n,
      path: null,
      cmdline: null,
      exec: null,
      exe: undefined,
      place: undefined,
      shown: null,
    };
    this.#keep(entry);
    return entry.shown = this.#show(entry);
  }

  /** Forgets a number, which another process has now. */
  forget(pid: number): void {
    this.#entries.delete(pid);
  }

  /** The start of the program of a process, if it was seen and not told yet. It counts as told then. */
  takeExec(pid: number): Exec | null {
    const exec = this.#entries.get(pid)?.exec ?? null;
    if (exec === null || exec.told) return null;
    exec.told = true;
    return exec;
  }

  /** The start of the program that an event is about, as an event that comes before it; `null` where it is not known or was told. */
  execBefore({ process }: SocketEvent, clock: Pick<Clock, "wall">): SocketEvent | null {
    const exec = process === null || process.pid === null ? null : this.takeExec(process.pid);
    if (exec === null) return null;
    return newEvent({ event: "exec", atNs: clock.wall(exec.timeNs), process, how: "hook" });
  }

  #entry(process: RecordProcess): Entry {
    const known = this.#entries.get(process.pid);
    // The same number is another process when it was started at another time.
    if (
      known !== undefined &&
      (known.startNs === process.startNs || known.startNs === 0 || process.startNs === 0)
    ) {
      this.#entries.delete(process.pid);
      this.#entries.set(process.pid, known);
      return known;
    }
    const entry: Entry = {
      pid: process.pid,
      startNs: process.startNs,
      ppid: process.ppid,
      comm: process.comm,
      uid: process.uid ?? effectiveUser(this.#root, process.pid),
      cgroup: process.cgroup,
      path: process.path,
      cmdline: process.arguments,
      exec: null,
      exe: undefined,
      place: undefined,
      shown: null,
    };
    this.#keep(entry);
    return entry;
  }

  #keep(entry: Entry): void {
    this.#entries.delete(entry.pid);
    this.#entries.set(entry.pid, entry);
    if (this.#entries.size > MOST) {
      this.#entries.delete(this.#entries.keys().next().value!);
    }
  }

  #show(entry: Entry): EventProcess {
    entry.place ??= this.#placeOf(entry);
    return {
      pid: entry.pid,
      tid: null,
      ppid: entry.ppid,
      comm: entry.comm.length === 0 ? null : entry.comm,
      exe: this.#exeOf(entry, 0),
      cmdline: this.#cmdlineOf(entry),
      uid: entry.uid,
      user: entry.uid === null ? null : this.#users.name(entry.uid),
      ...entry.place,
    };
  }

  #stat(pid: number) {
    const bytes = this.#root.read(`${pid}/stat`);
    return typeof bytes === "number" ? null : parseStat(bytes);
  }

  // True while the process of this number is the one that is meant.
  #isThere({ pid, startNs }: Entry): boolean {
    const stat = this.#stat(pid);
    if (stat === null) return false;
    return startNs === 0 || Math.floor(startNs / TICK_NS) === stat.startTicks;
  }

  #exeOf(entry: Entry, generation: number): Bytes | null {
    if (entry.exe !== undefined) return entry.exe;
    const target = this.#root.link(`${entry.pid}/exe`);
    // The link says where the file is now, which exec(2) was perhaps told by another name.
    if (typeof target !== "number" && this.#isThere(entry)) {
      return entry.exe = withoutDeletedMark(target).path;
    }
    if (entry.path !== null) return entry.exe = entry.path;
    if (entry.ppid === null || generation === MOST_GENERATIONS) return null;
    return entry.exe = this.#exeOfParent(entry, generation + 1);
  }

  // A process of which no start of a program was seen has that of its parent, unless it was there before we were.
  #exeOfParent(entry: Entry, generation: number): Bytes | null {
    const parent = this.#entries.get(entry.ppid!);
    if (parent !== undefined) {
      return isOlder(parent.startNs, entry.startNs) && parent.comm.toHex() === entry.comm.toHex()
        ? this.#exeOf(parent, generation)
        : null;
    }
    const stat = this.#stat(entry.ppid!);
    if (stat === null || !isOlder(stat.startTicks * TICK_NS, entry.startNs)) return null;
    if (stat.comm.toHex() !== entry.comm.toHex()) return null;
    const target = this.#root.link(`${entry.ppid}/exe`);
    return typeof target === "number" ? null : withoutDeletedMark(target).path;
  }

  #cmdlineOf(entry: Entry): Bytes | null {
    // What the kernel told is cut where there was no more room.
    const { cmdline } = entry;
    if (cmdline !== null && cmdline.length > 0 && cmdline.length < ARGUMENT_ROOM) return cmdline;
    const bytes = this.#root.read(`${entry.pid}/cmdline`, CMDLINE_LIMIT);
    if (typeof bytes === "number" || bytes.length === 0 || !this.#isThere(entry)) return cmdline;
    return bytes;
  }

  #placeOf(entry: Entry): { readonly unit: string | null; readonly container: Container | null } {
    const file = this.#root.text(`${entry.pid}/cgroup`);
    if (file !== null && this.#isThere(entry)) return placeOfPath(cgroupPath(file));
    return this.#placeOfGroup(entry.cgroup);
  }

  #placeOfGroup(
    id: bigint,
  ): { readonly unit: string | null; readonly container: Container | null } {
    if (id === 0n) return { unit: null, container: null };
    let place = this.#places.get(id);
    if (place !== undefined) return place;
    let path = this.#cgroups.path(id);
    // A group that was made since the hierarchy was walked. It is walked again, but not for each process.
    if (path === null && Date.now() - this.#walkedMs > 2000) {
      this.#walkedMs = Date.now();
      this.#cgroups = new CgroupPaths(this.#root);
      path = this.#cgroups.path(id);
    }
    place = placeOfPath(path);
    if (path !== null) {
      if (this.#places.size > MOST) this.#places.clear();
      this.#places.set(id, place);
    }
    return place;
  }
}

function placeOfPath(path: string | null) {
  return path === null
    ? { unit: null, container: null }
    : { unit: unitOf(path), container: containerOf(path) };
}

function isOlder(parentNs: number, childNs: number): boolean {
  return parentNs === 0 || childNs === 0 || parentNs <= childNs;
}
