/**
 * Gathers the processes and files that a selection lists.
 *
 * @module
 */
import { EACCES, ENOENT, EPERM } from "../../../ffi/errno.ts";
import { type Device, type FileStatus, S_IFMT, S_IFREG, S_IFSOCK } from "../../../ffi/stat.ts";
import { tryGetXattr } from "../../../ffi/xattr.ts";
import type { Diagnostics } from "../../diagnostics.ts";
import { walkOwners } from "../../join/owners.ts";
import { Locks } from "../../proc/locks.ts";
import { parseMaps } from "../../proc/maps.ts";
import { parseMounts } from "../../proc/mounts.ts";
import { type Descriptor, OpenFileReader } from "../../proc/open_files.ts";
import type { ProcRoot } from "../../proc/root.ts";
import { parseStat, type Stat } from "../../proc/stat.ts";
import { addToName, emptyRow, type FileRow, type ProcessRow } from "../../views/lsof/row.ts";
import {
  anonymousName,
  describeFile,
  describeInternet,
  describeSocket,
  hasOffset,
  isAnonymous,
  splitTarget,
  unixPath,
} from "./describe.ts";
import { Endpoints } from "./endpoints.ts";
import { NamedFiles, sentence } from "./named_files.ts";
import {
  BY_ADDRESS,
  BY_INTERNET,
  BY_LINKS,
  BY_NAME,
  BY_PROCESS,
  BY_SOCKET,
  BY_UNIX,
  type Candidate,
  type ProcessMatch,
  type Selection,
} from "./selection.ts";
import { InternetSocket, SocketTables } from "./sockets.ts";

/** Criteria that only looking at a file can tell. */
const BY_LOOKING = BY_SOCKET | BY_LINKS | BY_NAME;

/** A process with the files that were kept of it. */
export interface OpenProcess extends Candidate {
  readonly ppid: number;
  readonly taskCommand: string | null;
  readonly match: ProcessMatch;
  readonly files: OpenFile[];
}

/** A file that may be listed. */
export interface OpenFile {
  readonly row: FileRow;
  /** Criteria it meets; changes when it is listed as an endpoint. */
  met: number;
}

/** What is read of a process before its files. */
interface Identity extends Candidate {
  readonly ppid: number;
  readonly state: string;
}

/** One walk over /proc. */
export class Gatherer {
  readonly #root: ProcRoot;
  readonly #selection: Selection;
  readonly #diagnostics: Diagnostics;
  readonly #reader: OpenFileReader;
  readonly #named: NamedFiles;
  readonly #sockets: SocketTables;
  readonly #locks: Locks;
  readonly #endpoints: Endpoints | null;
  readonly #processes: OpenProcess[] = [];
  #mountNamespace: string | number | undefined;
  #messageQueues: Device | null | undefined;

  constructor(
    root: ProcRoot,
    selection: Selection,
    named: NamedFiles,
    reader: OpenFileReader,
    diagnostics: Diagnostics,
  ) {
    this.#root = root;
    this.#selection = selection;
    this.#diagnostics = diagnostics;
    this.#reader = reader;
    this.#named = named;
    const { query } = selection;
    this.#sockets = new SocketTables(
      root,
      diagnostics,
      query,
      selection.internetOnly && query.endpoints === "none",
    );
    this.#endpoints = query.endpoints === "none" ? null : new Endpoints(query, diagnostics);
    this.#locks = selection.internetOnly ? new Locks(new Map()) : Locks.read(root);
  }

  /** Walks, and returns what is to be shown: processes ascending, files in the order of the kernel. */
  gather(): ProcessRow[] {
    const { internetOnly, query } = this.#selection;
    if (internetOnly && this.#endpoints === null && !query.allNamespaces) this.#gatherInternet();
    else for (const pid of this.#reader.numbers("")) this.#gatherProcess(pid);
    const processes = this.#processes.toSorted((a, b) => a.pid - b.pid || a.tid - b.tid);
    this.#endpoints?.process(processes, this.#selection);
    const rows: ProcessRow[] = [];
    for (const process of processes) {
      const files = process.files.filter(({ met }) => this.#selection.file(met));
      if (files.length > 0) rows.push({ ...toRow(process), files: files.map(({ row }) => row) });
    }
    return rows;
  }

  // Nothing but TCP and UDP is wanted: the table of sockets first, then who holds them, then what those are called.
  #gatherInternet(): void {
    const { internet } = this.#sockets;
    if (internet.size === 0) return;
    const { descriptors } = walkOwners(this.#root, "auto", this.#diagnostics).scan;
    const { pids, tids, fds, inodes, length } = descriptors;
    const opened = new Map<number, OpenProcess | null>();
    let current: OpenProcess | null | undefined;
    let pid = 0;
    for (let i = 0; i < length; i++) {
      const socket = internet.get(inodes[i]!);
      if (socket === undefined) continue;
      if (pids[i] !== pid) {
        pid = pids[i]!;
        current = opened.get(pid);
        if (current === undefined) opened.set(pid, current = this.#open(pid));
      }
      if (current == null) continue;
      // A thread's own table is a task's affair, unless it is all that is left of the process.
      if (tids[i] !== 0 && this.#stat(String(pid))?.state !== "Z") continue;
      const met = this.#matchInternet(socket, current.match.primary ? current.match.met : 0);
      if (met === null || met === 0) continue;
      const row = emptyRow(String(fds[i]), true);
      row.access = "u";
      if (this.#selection.query.format.sizeOrOffset !== "size") row.offset = 0;
      describeInternet(row, socket);
      if (this.#wantsFlags) this.#readFlags(row, pid);
      this.#keep(current, row, met);
    }
  }

  get #wantsFlags(): boolean {
    const { flags, fields, kind } = this.#selection.query.format;
    return flags !== "none" || kind === "fields" && fields.has("G");
  }

  #readFlags(row: FileRow, pid: number): void {
    const match = /^flags:\s*([0-7]+)/m.exec(
      this.#root.text(`${pid}/fdinfo/${row.descriptor}`) ?? "",
    );
    if (match !== null) row.flags = parseInt(match[1]!, 8);
  }

  // A process that is selected, without its files; null when it is not, or is gone.
  #open(pid: number): OpenProcess | null {
    const identity = this.#identify(pid);
    if (identity === null) return null;
    const match = this.#selection.process(identity);
    if (match.excluded) return null;
    const process = { ...identity, taskCommand: null, match, files: [] };
    this.#processes.push(process);
    return process;
  }

  #identify(pid: number): Identity | null {
    const status = this.#reader.status(String(pid));
    const stat = this.#stat(String(pid));
    if (typeof status === "number" || stat === null) return null;
    return { ...fromStat(stat), pid, tid: 0, uid: status.uid };
  }

  #stat(path: string): Stat | null {
    const bytes = this.#root.read(`${path}/stat`);
    return typeof bytes === "number" ? null : parseStat(bytes);
  }

  #gatherProcess(pid: number): void {
    const identity = this.#identify(pid);
    if (identity === null) return;
    const { query, tasks } = this.#selection;
    let tasksSeen = false;
    if (tasks && query.tasks !== "ignore") {
      for (const tid of this.#reader.numbers(`${pid}/task`)) {
        if (tid === pid) continue;
        const stat = this.#stat(`${pid}/task/${tid}`);
        if (stat === null || stat.state === "Z") continue;
        const task = { ...identity, ...fromStat(stat), tid, command: identity.command };
        const { command } = fromStat(stat);
        if (this.#gatherFiles(`${pid}/task/${tid}`, task, command)) tasksSeen = true;
      }
    }
    let prefix = String(pid);
    if (identity.state === "Z") {
      // Other threads may live on after the leader, with all the files of the process.
      const survivor = this.#survivor(pid);
      if (survivor === null || tasksSeen) return;
      prefix = `${pid}/task/${survivor}`;
    }
    // Under -a with -K a process whose tasks are listed counts as one of them.
    const asTask = query.and && tasksSeen && tasks;
    this.#gatherFiles(prefix, asTask ? { ...identity, tid: pid } : identity, null);
  }

  #survivor(pid: number): number | null {
    for (const tid of this.#reader.numbers(`${pid}/task`)) {
      if (tid !== pid && this.#stat(`${pid}/task/${tid}`)?.state !== "Z") return tid;
    }
    return null;
  }

  #gatherFiles(prefix: string, identity: Identity, taskCommand: string | null): boolean {
    const match = this.#selection.process(identity);
    if (match.excluded && this.#endpoints === null) return false;
    const looked = this.#selection.filesLookedAt;
    // With endpoints lsof decides once for all processes.
    const files = looked === "all" ||
      looked === "process" && this.#endpoints === null && (match.met & BY_PROCESS) !== 0;
    const process: OpenProcess = {
      ...identity,
      tid: taskCommand === null ? 0 : identity.tid,
      taskCommand,
      match,
      files: [],
    };
    this.#processes.push(process);
    if (files) this.#gatherLinks(prefix, process);
    const error = this.#reader.descriptors(
      prefix,
      (descriptor) => this.#gatherDescriptor(prefix, process, descriptor, files),
    );
    // lsof lists this one whatever else is asked of files.
    if (error < 0 && error !== -ENOENT && this.#selection.query.warnings) {
      const row = emptyRow("NOFD", false);
      addToName(row, `/proc/${prefix}/fd (opendir: ${sentence(-error)})`);
      this.#keep(process, row, this.#start(process, "NOFD"), true);
    }
    return true;
  }

  // What a file meets before it is looked at.
  #start(process: OpenProcess, descriptor: string | number): number {
    return (process.match.primary ? process.match.met : 0) | this.#selection.descriptor(descriptor);
  }

  // True when nothing that a look at the file could find would get it listed.
  #hopeless(met: number): boolean {
    if (this.#endpoints !== null || this.#selection.all) return false;
    const { asked, query } = this.#selection;
    if (query.and) return ((met | BY_LOOKING) & asked) !== asked;
    return met === 0 && (asked & BY_LOOKING) === 0;
  }

  #keep(process: OpenProcess, row: FileRow, met: number, always = false): OpenFile | null {
    if (met === 0 && !always) return null;
    const file = { row, met };
    process.files.push(file);
    this.#selection.note(met);
    return file;
  }

  #gatherLinks(prefix: string, process: OpenProcess): void {
    let program: FileStatus | null = null;
    for (const [name, link] of [["cwd", "cwd"], ["rtd", "root"], ["txt", "exe"]] as const) {
      const met = this.#start(process, name);
      const row = emptyRow(name, false);
      const target = this.#reader.link(`${prefix}/${link}`);
      if (typeof target === "number") {
        if (!this.#selection.query.warnings) continue;
        row.type = "unknown";
        row.name = `/proc/${prefix}/${link}`;
        // A kernel thread has no program, which is nothing to complain of.
        if (name !== "txt" || target !== -ENOENT || process.uid !== 0) {
          addToName(row, `(readlink: ${sentence(-target)})`);
        }
        this.#keep(process, row, met);
        continue;
      }
      const status = this.#reader.status(`${prefix}/${link}`);
      if (typeof status === "number") {
        row.type = "unknown";
        row.name = splitTarget(target).path;
        if (this.#selection.query.warnings) addToName(row, `(stat: ${sentence(-status)})`);
        this.#keep(process, row, met);
        continue;
      }
      if (name === "txt") program = status;
      this.#addFile(process, row, met, splitTarget(target).path, status);
    }
    if (
      !this.#hopeless(this.#start(process, "mem")) || !this.#hopeless(this.#start(process, "DEL"))
    ) {
      this.#gatherMaps(prefix, process, program);
    }
  }

  #gatherMaps(prefix: string, process: OpenProcess, program: FileStatus | null): void {
    const text = this.#root.text(`${prefix}/maps`);
    if (text === null) return;
    this.#mountNamespace ??= this.#reader.link("self/ns/mnt");
    // Paths of another mount namespace mean other files here; map_files leads to the right ones.
    const elsewhere = this.#reader.link(`${process.pid}/ns/mnt`) !== this.#mountNamespace;
    for (const mapped of parseMaps(text)) {
      const device = { major: mapped.major, minor: mapped.minor };
      if (program !== null && same(program, device, mapped.inode)) continue;
      const range = mapped.range.split("-").map((address) => address.replace(/^0+(?=.)/, ""));
      const status = elsewhere
        ? this.#reader.status(`${process.pid}/map_files/${range.join("-")}`)
        : this.#reader.statusOf(mapped.path);
      const matches = typeof status !== "number" &&
        (elsewhere || same(status, device, mapped.inode));
      const name = mapped.deleted && !matches ? "DEL" : "mem";
      const row = emptyRow(name, false);
      const met = this.#start(process, name);
      if (matches) {
        this.#addFile(process, row, met, mapped.path, status);
        continue;
      }
      if (name === "mem" && this.#selection.query.warnings) {
        for (const note of disagreement(status, device, mapped.inode)) addToName(row, note);
      }
      const partial: FileStatus = {
        mode: S_IFREG,
        uid: 0,
        gid: 0,
        linkCount: 0,
        inode: mapped.inode,
        size: 0,
        device,
        specialDevice: { major: 0, minor: 0 },
      };
      this.#addFile(process, row, met, mapped.path, partial, true);
    }
  }

  #addFile(
    process: OpenProcess,
    row: FileRow,
    start: number,
    path: string,
    status: FileStatus,
    partial = false,
  ): OpenFile | null {
    const { query } = this.#selection;
    describeFile(row, path, status, query.format, this.#queues(status), partial);
    const { major, minor } = status.device;
    row.lock = this.#locks.find(process.pid, major, minor, status.inode) ?? " ";
    let met = start;
    if (!partial && query.linksBelow !== null && status.linkCount < query.linksBelow) {
      met |= BY_LINKS;
    }
    row.name = path;
    const named = this.#named.any ? this.#named.find(status.device, status.inode) : null;
    if (named !== null) {
      this.#selection.found.add(named);
      met |= BY_NAME;
      if (!named.filesystem) row.name = named.path;
    }
    return this.#keep(process, row, met, this.#endpoints !== null);
  }

  #queues(status: FileStatus): Device | null {
    if ((status.mode & S_IFMT) !== S_IFREG) return null;
    this.#messageQueues ??=
      parseMounts(this.#root.text("thread-self/mountinfo") ?? "").find(({ type }) =>
        type === "mqueue"
      )?.device ?? null;
    return this.#messageQueues;
  }

  #gatherDescriptor(
    prefix: string,
    process: OpenProcess,
    descriptor: Descriptor,
    files: boolean,
  ): void {
    const { target, number } = descriptor;
    const start = this.#start(process, number);
    // lsof asks for the descriptor last: an internet socket and its state count as found also where `-d` keeps it from
    // being listed.
    const { asked, query } = this.#selection;
    const hopeless = this.#hopeless(start);
    if (hopeless && (asked & (BY_INTERNET | BY_ADDRESS)) === 0 && query.states.length === 0) return;
    const row = emptyRow(String(number), true);
    if (typeof target === "number") {
      if (hopeless) return;
      if (target === -EACCES || target === -EPERM) {
        if (!files || !this.#selection.query.warnings) return;
        row.type = "unknown";
        row.name = `/proc/${prefix}/fd/${number}`;
        addToName(row, `(readlink: ${sentence(-target)})`);
        this.#keep(process, row, start);
      }
      return;
    }
    const socket = /^socket:\[(\d+)\]$/.exec(target);
    if (socket !== null) {
      this.#addSocket(prefix, process, row, start, Number(socket[1]), descriptor);
    } else if (files && !hopeless) {
      this.#addDescriptor(process, row, start, target, descriptor);
    }
  }

  #addDescriptor(
    process: OpenProcess,
    row: FileRow,
    start: number,
    target: string,
    descriptor: Descriptor,
  ): void {
    const status = descriptor.status();
    const { path, rest } = splitTarget(target);
    row.access = descriptor.access() ?? " ";
    if (typeof status === "number") {
      row.type = "unknown";
      row.name = path;
      if (this.#selection.query.warnings) addToName(row, `(stat: ${sentence(-status)})`);
      this.#keep(process, row, start);
      return;
    }
    if ((status.mode & S_IFMT) === S_IFSOCK) {
      // A path that leads to a socket is opened with O_PATH alone.
      row.type = "sock";
      row.device = status.device;
      row.inode = status.inode;
      row.name = path;
      this.#keep(process, row, start);
      return;
    }
    const { format } = this.#selection.query;
    const anonymous = isAnonymous(status, path);
    const offset = hasOffset(status)
      ? format.sizeOrOffset !== "size"
      : format.sizeOrOffset === "offset";
    const info = offset || anonymous || this.#wantsFlags || this.#endpoints !== null
      ? descriptor.info()
      : null;
    if (offset) row.offset = info?.position ?? null;
    if (this.#wantsFlags) row.flags = info?.flags ?? null;
    const file = this.#addFile(process, row, start, path, status);
    if (anonymous && rest !== "") row.name = anonymousName(rest, info);
    if (file !== null) this.#endpoints?.addFile(process, file, status, info);
  }

  // What an internet socket meets, or null when its state keeps it out.
  #matchInternet(socket: InternetSocket, start: number): number | null {
    if (!this.#selection.state(socket.state)) return null;
    return start |
      this.#selection.internet(socket.version, socket.protocol, socket.local, socket.peer);
  }

  #addSocket(
    prefix: string,
    process: OpenProcess,
    row: FileRow,
    start: number,
    inode: number,
    descriptor: Descriptor,
  ): void {
    const { query, asked } = this.#selection;
    row.access = "u";
    if (query.format.sizeOrOffset !== "size") row.offset = 0;
    const known = this.#sockets.find(inode, process.pid);
    let met: number | null = start;
    if (known instanceof InternetSocket) {
      met = this.#matchInternet(known, start);
      if (met === null) return;
      // An address of another namespace is another host's: only who asks for it gets it. See the manual.
      if (!this.#sockets.isHome(inode) && !this.#selectsForeign) {
        met &= ~(BY_ADDRESS | BY_INTERNET);
      }
      describeInternet(row, known);
    } else if (known !== null) {
      if (known.kind === "unix") {
        if (query.unix && (this.#sockets.isHome(inode) || this.#selectsForeign)) met |= BY_UNIX;
        if (this.#named.any) met |= this.#matchUnixName(known.row.path);
      }
      describeSocket(row, inode, known);
    } else {
      row.type = "sock";
      row.inode = inode;
      if (met !== 0 && ((asked & ~BY_SOCKET) !== 0 || this.#endpoints !== null)) {
        const status = descriptor.status();
        if (typeof status !== "number") row.device = status.device;
        row.name = this.#protocolName(prefix, descriptor.number);
      }
    }
    if (met !== 0 && this.#wantsFlags) row.flags = descriptor.info()?.flags ?? null;
    const file = this.#keep(process, row, met, this.#endpoints !== null);
    if (file !== null) this.#endpoints?.addSocket(process, file, known, inode);
  }

  get #selectsForeign(): boolean {
    const { and, pids, allNamespaces } = this.#selection.query;
    return allNamespaces || and && pids.some(({ exclude }) => !exclude);
  }

  #matchUnixName(path: string | null): number {
    if (path === null) return 0;
    let named = this.#named.findArgument(unixPath(path) ?? path) ?? this.#named.findArgument(path);
    if (named === null && path.startsWith("/")) {
      const status = this.#reader.statusOf(path);
      if (typeof status !== "number" && (status.mode & S_IFMT) === S_IFSOCK) {
        named = this.#named.find(status.device, status.inode);
      }
    }
    if (named === null) return 0;
    this.#selection.found.add(named);
    return BY_NAME;
  }

  #protocolName(prefix: string, number: number): string {
    if (this.#selection.query.skipInternet) return "can't identify protocol (-X specified)";
    const name = tryGetXattr(
      `${this.#root.path}/${prefix}/fd/${number}`,
      "system.sockprotoname",
    );
    return typeof name === "number"
      ? "can't identify protocol"
      : `protocol: ${String.fromCharCode(...name)}`;
  }
}

function fromStat(stat: Stat): { ppid: number; pgid: number; command: string; state: string } {
  return {
    ppid: stat.ppid,
    pgid: stat.pgid,
    command: String.fromCharCode(...stat.comm),
    state: stat.state,
  };
}

function same(status: FileStatus, device: Device, inode: number): boolean {
  return status.inode === inode && status.device.major === device.major &&
    status.device.minor === device.minor;
}

// What lsof says when the path of a mapped file leads to another file, or nowhere.
function disagreement(status: FileStatus | number, device: Device, inode: number): string[] {
  if (typeof status === "number") return [`(stat: ${sentence(-status)})`];
  const notes: string[] = [];
  const { major, minor } = status.device;
  const otherDevice = major !== device.major || minor !== device.minor;
  const otherInode = status.inode !== inode;
  if (otherDevice) notes.push(`(path dev=${major},${minor}${otherInode ? "," : ")"}`);
  if (otherInode) notes.push(`${otherDevice ? "" : "(path "}inode=${status.inode})`);
  return notes;
}

function toRow(process: OpenProcess): Omit<ProcessRow, "files"> {
  const { pid, tid, ppid, pgid, uid, command, taskCommand } = process;
  return { pid, tid, ppid, pgid, uid, command, taskCommand };
}
