/**
 * Facts about a process that only an explanation asks for: environment, namespaces, folders, open files.
 *
 * @module
 */
import { errnoName, errnoText, failureOf } from "../../ffi/errno.ts";
import {
  AT_FDCWD,
  close,
  DirectoryReader,
  O_DIRECTORY,
  O_RDONLY,
  tryOpenAt,
} from "../../ffi/files.ts";
import { cString } from "../../ffi/memory.ts";
import { tryCopyDescriptor } from "../../ffi/process.ts";
import { SO_REUSEADDR, SO_REUSEPORT, SOL_SOCKET, tryGetIntOption } from "../../ffi/socket.ts";
import { isSameFile, S_IFMT, S_IFREG, tryStatAt, tryStatFd } from "../../ffi/stat.ts";
import { Refusal } from "../files/refusal.ts";
import { statBelow } from "../files/untrusted_tree.ts";
import type { Bytes, Process } from "../model/owner.ts";
import { cgroupPath } from "./cgroup.ts";
import type { Reuse } from "../model/relation.ts";
import { withoutDeletedMark } from "../proc/deleted.ts";
import { parseDescriptorInfo } from "../proc/fdinfo.ts";
import { namespaceMounts, readMountinfo } from "../proc/mountinfo.ts";
import { readNetns } from "../proc/ns.ts";
import type { ProcRoot } from "../proc/root.ts";
import { showsOwnPids } from "../proc/status.ts";
import { readSysctl } from "../proc/sysctl.ts";
import { latin1Text } from "../text/encoding.ts";
import type { Processes } from "./processes.ts";

/** An environment may be megabytes; what is looked for stands in any sensible one. */
const ENVIRONMENT_LIMIT = 256 * 1024;
/** A process may have a million descriptors; log files are among the first. */
const DESCRIPTOR_LIMIT = 4096;
const O_ACCMODE = 3;

/** A regular file that a process has open. */
export interface OpenFile {
  readonly fd: number;
  /** As the kernel writes it, without its ` (deleted)`. */
  readonly path: Bytes;
  readonly deleted: boolean;
  readonly writable: boolean;
  readonly size: number;
}

/** What happened to a program's file since the program was started. */
type ExeFate = "unchanged" | "replaced" | "deleted" | "unknown";

/** Looks facts up, each when it is asked for. */
export class Facts {
  readonly #root: ProcRoot;
  readonly #processes: Processes;
  readonly #environmentsUnread = new Set<number>();
  readonly #environments = new Map<number, ReadonlyMap<string, string> | null>();
  readonly #unread = new Map<number, string[]>();
  readonly #vectors = new Map<number, string | null>();
  #isRandom: boolean | undefined;
  #netnsNames: ReadonlyMap<number, string> | undefined;

  constructor(root: ProcRoot, processes: Processes) {
    this.#root = root;
    this.#processes = processes;
  }

  get(pid: number): Process {
    return this.#processes.get(pid);
  }

  /** See {@linkcode Processes.living}. */
  living(pid: number): number {
    return this.#processes.living(pid);
  }

  /** A variable of the environment that the program was started with; `null` where it is not set or not readable. */
  environment(pid: number, name: string): string | null {
    let variables = this.#environments.get(pid);
    if (variables === undefined) {
      const path = `${this.#processes.living(pid)}/environ`;
      const bytes = this.#root.read(path, ENVIRONMENT_LIMIT);
      if (typeof bytes === "number" && failureOf(bytes) !== "absent") {
        this.#environmentsUnread.add(pid);
      }
      variables = typeof bytes === "number" ? null : new Map(
        latin1Text(bytes).split("\0").map((entry) => {
          const equals = entry.indexOf("=");
          return [entry.slice(0, equals), entry.slice(equals + 1)] as const;
        }),
      );
      this.#environments.set(pid, variables);
    }
    return variables?.get(name) ?? null;
  }

  /** True if the environment that the program was started with could not be read. */
  environmentUnread(pid: number): boolean {
    this.environment(pid, "");
    return this.#environmentsUnread.has(pid);
  }

  /** Inode of the network namespace; `null` where it cannot be read. */
  netns(pid: number): number | null {
    return readNetns(this.#root, pid);
  }

  /** The name that a network namespace is mounted under; `null` where it has none. */
  netnsName(inode: number): string | null {
    this.#netnsNames ??= new Map(
      namespaceMounts(readMountinfo(this.#root)).reverse().map(({ inode, name }) => [inode, name]),
    );
    return this.#netnsNames.get(inode) ?? null;
  }

  /**
   * Whether two processes run the same image of a program, by where exec(2) put code, stack and heap, which it chose at random;
   * where that is not told, by the auxiliary vectors, which hold such addresses too. `null` where they cannot be read, and where nothing is random
   * (kernel.randomize_va_space 0).
   */
  sameImage(pid: number, other: number): boolean | null {
    this.#isRandom ??= (readSysctl(this.#root, "kernel/randomize_va_space") ?? "0") !== "0";
    if (!this.#isRandom) return null;
    // The file with parent and name has been read anyway.
    const [layout, otherLayout] = [this.#processes.layout(pid), this.#processes.layout(other)];
    if (layout !== null && otherLayout !== null) return layout === otherLayout;
    const [first, second] = [pid, other].map((one) => this.#vector(one));
    return first == null || second == null ? null : first === second;
  }

  // The auxiliary vector, one character a byte; `null` where it cannot be read.
  #vector(pid: number): string | null {
    let vector = this.#vectors.get(pid);
    if (vector === undefined) {
      vector = this.#root.text(`${this.#processes.living(pid)}/auxv`) || null;
      this.#vectors.set(pid, vector);
    }
    return vector;
  }

  /**
   * How a socket lets others bind to its address, asked through a copy of a descriptor, which is closed at once; `null`
   * where no copy may be made, and where the descriptor is no more that socket.
   */
  reuse(pid: number, fd: number, inode: number): Reuse | null {
    if (!showsOwnPids(this.#root)) return null;
    const copy = tryCopyDescriptor(pid, fd);
    if (copy < 0) return null;
    try {
      const status = tryStatFd(copy);
      if (typeof status === "number" || status.inode !== inode) return null;
      const address = tryGetIntOption(copy, SOL_SOCKET, SO_REUSEADDR);
      const port = tryGetIntOption(copy, SOL_SOCKET, SO_REUSEPORT);
      return address < 0 || port < 0 ? null : { address: address > 0, port: port > 0 };
    } finally {
      close(copy);
    }
  }

  /** Path of the cgroup; `null` where it cannot be read. */
  cgroup(pid: number): string | null {
    const bytes = this.#root.read(`${pid}/cgroup`);
    return typeof bytes === "number"
      ? this.#miss(pid, "the control group", bytes)
      : cgroupPath(latin1Text(bytes));
  }

  /** Working directory; `null` where it may not be read. */
  cwd(pid: number): Bytes | null {
    return this.#link(pid, "cwd", "the working directory");
  }

  /** Root directory; `null` where it may not be read. */
  rootDirectory(pid: number): Bytes | null {
    return this.#link(pid, "root", "the root directory");
  }

  #link(pid: number, file: string, what: string): Bytes | null {
    const target = this.#root.link(`${this.#processes.living(pid)}/${file}`);
    return typeof target === "number" ? this.#miss(pid, what, target) : target;
  }

  #miss(pid: number, what: string, error: number): null {
    if (failureOf(error) === "absent") return null;
    const reason = `${what}: ${errnoText(-error)} (${errnoName(-error)})`;
    const known = this.#unread.get(pid);
    if (known === undefined) this.#unread.set(pid, [reason]);
    else if (!known.includes(reason)) known.push(reason);
    return null;
  }

  /** Which of the facts that were asked for could not be read although the process is there, and why. */
  unread(pid: number): readonly string[] {
    return this.#unread.get(pid) ?? [];
  }

  /** What is at the path of a program's file now, as the process itself would find it. */
  exeFate(pid: number): { readonly fate: ExeFate; readonly unread: string | null } {
    const of = (fate: ExeFate, unread: string | null = null) => ({ fate, unread });
    const { exe, exeDeleted } = this.get(pid);
    if (exe === null) return of("unknown");
    const living = `${this.#root.path}/${this.#processes.living(pid)}`;
    const running = tryStatAt(AT_FDCWD, cString(`${living}/exe`));
    const now = statBelow(`${living}/root`, exe);
    if (now instanceof Refusal) {
      return exeDeleted
        ? of("deleted")
        : of("unknown", `whether it is still the same file: it ${now.text}`);
    }
    if (exeDeleted) return of("replaced");
    if (typeof running === "number") {
      const why = `whether it is still the same file: ${errnoText(-running)}`;
      return of("unknown", failureOf(running) === "absent" ? null : why);
    }
    return of(isSameFile(running, now) ? "unchanged" : "replaced");
  }

  /**
   * Regular files that the process has open, ascending by descriptor, and whether these are all; `null` where it may not be
   * looked into.
   */
  openFiles(pid: number): { readonly files: readonly OpenFile[]; readonly whole: boolean } | null {
    const living = this.#processes.living(pid);
    const base = `${this.#root.path}/${living}/fd`;
    const directory = tryOpenAt(AT_FDCWD, cString(base), O_RDONLY | O_DIRECTORY);
    if (directory < 0) return null;
    const numbers: number[] = [];
    let whole = true;
    try {
      const reader = new DirectoryReader();
      reader.start(directory);
      while (whole && reader.next()) {
        if (reader.number < 0) continue;
        if (numbers.length === DESCRIPTOR_LIMIT) whole = false;
        else numbers.push(reader.number);
      }
    } catch {
      // The process ended while we looked.
      return null;
    } finally {
      close(directory);
    }
    const files: OpenFile[] = [];
    for (const fd of numbers.sort((a, b) => a - b)) {
      // Only what has a path can be a file; sockets, pipes and the rest have `kind:[N]`.
      const target = this.#root.link(`${living}/fd/${fd}`);
      if (typeof target === "number") whole &&= failureOf(target) === "absent";
      if (typeof target === "number" || target[0] !== 0x2f) continue;
      const status = tryStatAt(AT_FDCWD, cString(`${base}/${fd}`));
      if (typeof status === "number") whole &&= failureOf(status) === "absent";
      if (typeof status === "number" || (status.mode & S_IFMT) !== S_IFREG) continue;
      const info = this.#root.read(`${living}/fdinfo/${fd}`);
      if (typeof info === "number") whole &&= failureOf(info) === "absent";
      const { flags } = parseDescriptorInfo(typeof info === "number" ? "" : latin1Text(info));
      files.push({
        fd,
        path: status.linkCount === 0 ? withoutDeletedMark(target).path : target,
        deleted: status.linkCount === 0,
        writable: flags !== null && (flags & O_ACCMODE) !== 0,
        size: status.size,
      });
    }
    return { files, whole };
  }

  /** True when the descriptor is the stream to the journal that systemd gave the service (JOURNAL_STREAM, systemd.exec(5)). */
  isJournal(pid: number, fd: number): boolean {
    const stream = this.environment(pid, "JOURNAL_STREAM");
    if (stream === null) return false;
    const status = tryStatAt(
      AT_FDCWD,
      cString(`${this.#root.path}/${this.#processes.living(pid)}/fd/${fd}`),
    );
    return typeof status !== "number" && stream.split(":")[1] === String(status.inode);
  }
}
