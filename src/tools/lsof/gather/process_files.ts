/**
 * ProcessFiles: the files of a process that are not sockets. These are its directories, its program, the files it has mapped,
 * and what its descriptors lead to.
 *
 * @module
 */
import { ENOENT } from "../../../../ffi/errno.ts";
import { type Device, type FileStatus, S_IFMT, S_IFREG, S_IFSOCK } from "../../../../ffi/stat.ts";
import { Locks } from "../../../proc/locks.ts";
import { type MappedFile, parseMaps } from "../../../proc/maps.ts";
import { readMountinfo } from "../../../proc/mountinfo.ts";
import type { Descriptor } from "../../../proc/open_files.ts";
import { addToName, emptyRow, type FileDraft } from "../rows/row.ts";
import { anonymousName, fillFileRow, hasOffset, isAnonymous, splitTarget } from "../rows/file.ts";
import type { GatherContext } from "./context.ts";
import { sentence } from "./named_files.ts";
import type { OpenFile, OpenProcess } from "./open_process.ts";
import { BY_LINKS, BY_NAME, type Selection } from "./selection.ts";

/** Reads the status of files and adds them to their process. */
export class ProcessFiles {
  readonly #context: GatherContext;
  readonly #locks: Locks;
  #mountNamespace: string | number | undefined;
  #messageQueues: Device | null | undefined;

  constructor(context: GatherContext) {
    this.#context = context;
    this.#locks = context.selector.selection.internetOnly
      ? new Locks(new Map())
      : Locks.read(context.root);
  }

  get #selection(): Selection {
    return this.#context.selector.selection;
  }

  /** Adds the directories, the program, and the mapped files of the process below `/proc/PREFIX`. */
  addLinks(prefix: string, process: OpenProcess): void {
    const { reader, selector } = this.#context;
    const { warnings } = this.#selection.query;
    let program: FileStatus | null = null;
    for (const [name, link] of [["cwd", "cwd"], ["rtd", "root"], ["txt", "exe"]] as const) {
      const matched = selector.matched(process, name);
      const row = emptyRow(name);
      const target = reader.link(`${prefix}/${link}`);
      if (typeof target === "number") {
        if (!warnings) continue;
        row.type = "unknown";
        row.name = `/proc/${prefix}/${link}`;
        // Kernel threads have no program, so a missing one of root's is no error.
        if (name !== "txt" || target !== -ENOENT || process.uid !== 0) {
          addToName(row, `(readlink: ${sentence(-target)})`);
        }
        selector.add(process, row, matched);
        continue;
      }
      const { path } = splitTarget(target);
      const status = reader.status(`${prefix}/${link}`);
      if (typeof status === "number") {
        this.#addUnknown(process, row, matched, path, status);
        continue;
      }
      if (name === "txt") program = status;
      this.#add(process, row, matched, path, status);
    }
    const canMatch = (name: string) => !selector.cannotMatch(selector.matched(process, name));
    if (canMatch("mem") || canMatch("DEL")) this.#addMaps(prefix, process, program);
  }

  #addMaps(prefix: string, process: OpenProcess, program: FileStatus | null): void {
    const { root, reader } = this.#context;
    const text = root.text(`${prefix}/maps`);
    if (text === null) return;
    this.#mountNamespace ??= reader.link("self/ns/mnt");
    // In another mount namespace the same path is another file. The links in map_files lead to the right one.
    const elsewhere = reader.link(`${process.pid}/ns/mnt`) !== this.#mountNamespace;
    for (const mapped of parseMaps(text)) {
      if (program === null || !same(program, mapped)) this.#addMapped(process, mapped, elsewhere);
    }
  }

  #addMapped(process: OpenProcess, mapped: MappedFile, elsewhere: boolean): void {
    const { reader, selector } = this.#context;
    const { path, inode, major, minor } = mapped;
    const range = mapped.range.split("-").map((address) => address.replace(/^0+(?=.)/, ""));
    const status = elsewhere
      ? reader.status(`${process.pid}/map_files/${range.join("-")}`)
      : reader.statusOf(path);
    const isMapped = typeof status !== "number" && (elsewhere || same(status, mapped));
    const name = mapped.deleted && !isMapped ? "DEL" : "mem";
    const row = emptyRow(name);
    const matched = selector.matched(process, name);
    if (isMapped) {
      this.#add(process, row, matched, path, status);
      return;
    }
    if (name === "mem" && this.#selection.query.warnings) {
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
      mountId: null,
    };
    this.#add(process, row, matched, path, partial, true);
  }

  /**
   * Adds the file that a descriptor leads to. `target` is the text of its link; `before` is what the file has matched before
   * it is looked at.
   */
  addDescriptor(
    process: OpenProcess,
    before: number,
    target: string,
    descriptor: Descriptor,
  ): void {
    const { selector, endpoints } = this.#context;
    const row = emptyRow(descriptor.number);
    const status = descriptor.status();
    const { path, rest } = splitTarget(target);
    row.access = descriptor.access() ?? " ";
    if (typeof status === "number") {
      this.#addUnknown(process, row, before, path, status);
      return;
    }
    if ((status.mode & S_IFMT) === S_IFSOCK) {
      // Opened by its path with O_PATH: the link holds the path and no inode of a socket.
      row.type = "sock";
      row.device = status.device;
      row.inode = status.inode;
      row.name = path;
      selector.add(process, row, before);
      return;
    }
    const selection = this.#selection;
    const { sizeOrOffset } = selection.query.format;
    const anonymous = isAnonymous(status, path);
    const offset = hasOffset(status) ? sizeOrOffset !== "size" : sizeOrOffset === "offset";
    const info = offset || anonymous || selection.showsFlags || endpoints !== null
      ? descriptor.info()
      : null;
    if (offset) row.offset = info?.position ?? null;
    if (selection.showsFlags) row.flags = info?.flags ?? null;
    const file = this.#add(process, row, before, path, status);
    if (anonymous && rest !== "") row.name = anonymousName(rest, info);
    if (file !== null) endpoints?.addFile(process, file, status, info);
  }

  /** Adds a file that cannot be looked at. `error` is the negated errno. */
  #addUnknown(
    process: OpenProcess,
    row: FileDraft,
    matched: number,
    path: string,
    error: number,
  ): void {
    row.type = "unknown";
    row.name = path;
    if (this.#selection.query.warnings) addToName(row, `(stat: ${sentence(-error)})`);
    this.#context.selector.add(process, row, matched);
  }

  /** Fills in the row of a file and adds it. With `partial` only device and inode in `status` are known. */
  #add(
    process: OpenProcess,
    row: FileDraft,
    before: number,
    path: string,
    status: FileStatus,
    partial = false,
  ): OpenFile | null {
    const { named: files, selector } = this.#context;
    const { query, found } = this.#selection;
    fillFileRow(row, path, status, query.format, this.#messageQueueDevice(status), partial);
    const { major, minor } = status.device;
    row.lock = this.#locks.find(process.pid, major, minor, status.inode) ?? " ";
    let matched = before;
    if (!partial && query.linksBelow !== null && status.linkCount < query.linksBelow) {
      matched |= BY_LINKS;
    }
    row.name = path;
    const named = files.any ? files.find(status.device, status.inode) : null;
    if (named !== null) {
      found.add(named);
      matched |= BY_NAME;
      if (!named.filesystem) row.name = named.path;
    }
    return selector.addEnd(process, row, matched);
  }

  /** The device of the mqueue file system; `null` when there is none, or the file cannot be on it. */
  #messageQueueDevice(status: FileStatus): Device | null {
    if ((status.mode & S_IFMT) !== S_IFREG) return null;
    this.#messageQueues ??=
      readMountinfo(this.#context.root).find(({ type }) => type === "mqueue")?.device ?? null;
    return this.#messageQueues;
  }
}

function same({ inode, device }: FileStatus, mapped: MappedFile): boolean {
  return inode === mapped.inode && device.major === mapped.major && device.minor === mapped.minor;
}

/** What lsof says when the path of a mapped file leads to another file, or nowhere. */
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
