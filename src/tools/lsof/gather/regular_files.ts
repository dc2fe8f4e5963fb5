/**
 * Files of a process that are no sockets: its directories, its program, what is mapped, and what descriptors lead to.
 *
 * @module
 */
import { ENOENT } from "../../../../ffi/errno.ts";
import { type Device, type FileStatus, S_IFMT, S_IFREG, S_IFSOCK } from "../../../../ffi/stat.ts";
import { Locks } from "../../../proc/locks.ts";
import { type MappedFile, parseMaps } from "../../../proc/maps.ts";
import { parseMounts } from "../../../proc/mounts.ts";
import type { Descriptor, OpenFileReader } from "../../../proc/open_files.ts";
import type { ProcRoot } from "../../../proc/root.ts";
import { addToName, emptyRow, type FileDraft } from "../layout/row.ts";
import { anonymousName, describeFile, hasOffset, isAnonymous, splitTarget } from "./describe.ts";
import type { Endpoints } from "./endpoints.ts";
import type { Keeper } from "./file_selector.ts";
import { type NamedFiles, sentence } from "./named_files.ts";
import type { OpenFile, OpenProcess } from "./open_process.ts";
import { BY_LINKS, BY_NAME } from "./selection.ts";

/** Describes them, and gives them to a keeper. */
export class PlainFiles {
  readonly #root: ProcRoot;
  readonly #reader: OpenFileReader;
  readonly #keeper: Keeper;
  readonly #named: NamedFiles;
  readonly #endpoints: Endpoints | null;
  readonly #locks: Locks;
  #mountNamespace: string | number | undefined;
  #messageQueues: Device | null | undefined;

  constructor(
    root: ProcRoot,
    reader: OpenFileReader,
    keeper: Keeper,
    named: NamedFiles,
    endpoints: Endpoints | null,
  ) {
    this.#root = root;
    this.#reader = reader;
    this.#keeper = keeper;
    this.#named = named;
    this.#endpoints = endpoints;
    this.#locks = keeper.selection.internetOnly ? new Locks(new Map()) : Locks.read(root);
  }

  /** The directories, the program, and what is mapped. */
  addLinks(prefix: string, process: OpenProcess): void {
    const { warnings } = this.#keeper.selection.query;
    let program: FileStatus | null = null;
    for (const [name, link] of [["cwd", "cwd"], ["rtd", "root"], ["txt", "exe"]] as const) {
      const met = this.#keeper.start(process, name);
      const row = emptyRow(name);
      const target = this.#reader.link(`${prefix}/${link}`);
      if (typeof target === "number") {
        if (!warnings) continue;
        row.type = "unknown";
        row.name = `/proc/${prefix}/${link}`;
        // A kernel thread has no program, which is nothing to complain of.
        if (name !== "txt" || target !== -ENOENT || process.uid !== 0) {
          addToName(row, `(readlink: ${sentence(-target)})`);
        }
        this.#keeper.keep(process, row, met);
        continue;
      }
      const { path } = splitTarget(target);
      const status = this.#reader.status(`${prefix}/${link}`);
      if (typeof status === "number") {
        this.#addUnknown(process, row, met, path, status);
        continue;
      }
      if (name === "txt") program = status;
      this.#add(process, row, met, path, status);
    }
    const hopeless = (name: string) => this.#keeper.hopeless(this.#keeper.start(process, name));
    if (!hopeless("mem") || !hopeless("DEL")) this.#addMaps(prefix, process, program);
  }

  #addMaps(prefix: string, process: OpenProcess, program: FileStatus | null): void {
    const text = this.#root.text(`${prefix}/maps`);
    if (text === null) return;
    this.#mountNamespace ??= this.#reader.link("self/ns/mnt");
    // Paths of another mount namespace mean other files here; map_files leads to the right ones.
    const elsewhere = this.#reader.link(`${process.pid}/ns/mnt`) !== this.#mountNamespace;
    for (const mapped of parseMaps(text)) {
      if (program === null || !same(program, mapped)) this.#addMapped(process, mapped, elsewhere);
    }
  }

  #addMapped(process: OpenProcess, mapped: MappedFile, elsewhere: boolean): void {
    const { path, inode, major, minor } = mapped;
    const range = mapped.range.split("-").map((address) => address.replace(/^0+(?=.)/, ""));
    const status = elsewhere
      ? this.#reader.status(`${process.pid}/map_files/${range.join("-")}`)
      : this.#reader.statusOf(path);
    const matches = typeof status !== "number" && (elsewhere || same(status, mapped));
    const name = mapped.deleted && !matches ? "DEL" : "mem";
    const row = emptyRow(name);
    const met = this.#keeper.start(process, name);
    if (matches) {
      this.#add(process, row, met, path, status);
      return;
    }
    if (name === "mem" && this.#keeper.selection.query.warnings) {
      for (const note of disagreement(status, mapped)) addToName(row, note);
    }
    const partial: FileStatus = {
      mode: S_IFREG,
      uid: 0,
      gid: 0,
      linkCount: 0,
      inode,
      size: 0,
      device: { major, minor },
      specialDevice: { major: 0, minor: 0 },
    };
    this.#add(process, row, met, path, partial, true);
  }

  /** What a descriptor leads to, which is no socket. `target`: where its link points. */
  addDescriptor(
    process: OpenProcess,
    start: number,
    target: string,
    descriptor: Descriptor,
  ): void {
    const row = emptyRow(descriptor.number);
    const status = descriptor.status();
    const { path, rest } = splitTarget(target);
    row.access = descriptor.access() ?? " ";
    if (typeof status === "number") {
      this.#addUnknown(process, row, start, path, status);
      return;
    }
    if ((status.mode & S_IFMT) === S_IFSOCK) {
      // A path that leads to a socket is opened with O_PATH alone.
      row.type = "sock";
      row.device = status.device;
      row.inode = status.inode;
      row.name = path;
      this.#keeper.keep(process, row, start);
      return;
    }
    const { selection } = this.#keeper;
    const { sizeOrOffset } = selection.query.format;
    const anonymous = isAnonymous(status, path);
    const offset = hasOffset(status) ? sizeOrOffset !== "size" : sizeOrOffset === "offset";
    const info = offset || anonymous || selection.showsFlags || this.#endpoints !== null
      ? descriptor.info()
      : null;
    if (offset) row.offset = info?.position ?? null;
    if (selection.showsFlags) row.flags = info?.flags ?? null;
    const file = this.#add(process, row, start, path, status);
    if (anonymous && rest !== "") row.name = anonymousName(rest, info);
    if (file !== null) this.#endpoints?.addFile(process, file, status, info);
  }

  // `error`: the negated errno of the look at it.
  #addUnknown(
    process: OpenProcess,
    row: FileDraft,
    met: number,
    path: string,
    error: number,
  ): void {
    row.type = "unknown";
    row.name = path;
    if (this.#keeper.selection.query.warnings) addToName(row, `(stat: ${sentence(-error)})`);
    this.#keeper.keep(process, row, met);
  }

  #add(
    process: OpenProcess,
    row: FileDraft,
    start: number,
    path: string,
    status: FileStatus,
    partial = false,
  ): OpenFile | null {
    const { query, found } = this.#keeper.selection;
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
      found.add(named);
      met |= BY_NAME;
      if (!named.filesystem) row.name = named.path;
    }
    return this.#keeper.keepEnd(process, row, met);
  }

  #queues(status: FileStatus): Device | null {
    if ((status.mode & S_IFMT) !== S_IFREG) return null;
    this.#messageQueues ??=
      parseMounts(this.#root.text("thread-self/mountinfo") ?? "").find(({ type }) =>
        type === "mqueue"
      )?.device ?? null;
    return this.#messageQueues;
  }
}

function same({ inode, device }: FileStatus, mapped: MappedFile): boolean {
  return inode === mapped.inode && device.major === mapped.major && device.minor === mapped.minor;
}

// What lsof says when the path of a mapped file leads to another file, or nowhere.
function disagreement(status: FileStatus | number, mapped: MappedFile): string[] {
  if (typeof status === "number") return [`(stat: ${sentence(-status)})`];
  const notes: string[] = [];
  const { major, minor } = status.device;
  const otherDevice = major !== mapped.major || minor !== mapped.minor;
  const otherInode = status.inode !== mapped.inode;
  if (otherDevice) notes.push(`(path dev=${major},${minor}${otherInode ? "," : ")"}`);
  if (otherInode) notes.push(`${otherDevice ? "" : "(path "}inode=${status.inode})`);
  return notes;
}
