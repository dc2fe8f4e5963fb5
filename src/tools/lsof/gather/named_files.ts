/**
 * Named files: the files and file systems that the command line names, also by `+d` and `+D`, by device and inode.
 *
 * @module
 */
import { EAGAIN, errnoText } from "../../../../ffi/errno.ts";
import {
  AT_FDCWD,
  close,
  DirectoryReader,
  O_DIRECTORY,
  O_PATH,
  O_RDONLY,
  tryOpenAt,
} from "../../../../ffi/files.ts";
import { cString } from "../../../../ffi/memory.ts";
import {
  type Device,
  type FileStatus,
  S_IFBLK,
  S_IFDIR,
  S_IFLNK,
  S_IFMT,
  tryStatAt,
} from "../../../../ffi/stat.ts";
import { type Mount, readMountinfo } from "../../../proc/mountinfo.ts";
import type { OpenFileReader } from "../../../proc/open_files.ts";
import type { ProcRoot } from "../../../proc/root.ts";
import type { DirectoryItem, LsofQuery } from "../query.ts";
import { latin1Bytes, latin1Text } from "../../../text/encoding.ts";

/** A file, or a whole file system, that is looked for. */
interface NamedFile {
  /** As it was given. */
  readonly argument: string;
  /** Its path without symbolic links. */
  readonly path: string;
  readonly filesystem: boolean;
}

/** The named files of one run. Paths have one character a byte. */
export class NamedFiles {
  readonly #byIdentity = new Map<string, NamedFile>();
  readonly #byDevice = new Map<string, NamedFile>();
  readonly #byArgument = new Map<string, NamedFile>();
  /** All of them, last given first. */
  readonly list: NamedFile[] = [];
  /** Errors in the arguments, one line each. */
  readonly problems: string[] = [];
  /** Directories that could not be read in full, one line each. These are no errors. */
  readonly warnings: string[] = [];
  readonly #root: ProcRoot;
  readonly #reader: OpenFileReader;
  #mounts: Mount[] | undefined;

  constructor(query: LsofQuery, root: ProcRoot, reader: OpenFileReader) {
    this.#root = root;
    this.#reader = reader;
    if (query.avoidsBlocking) {
      for (const { path } of query.directories) {
        this.problems.push(`WARNING: can't stat(${path}): ${sentence(EAGAIN)}`);
      }
      for (const name of query.names) {
        this.problems.push(`status error on ${name}: ${sentence(EAGAIN)}`);
      }
      return;
    }
    for (const directory of query.directories) this.#addDirectory(directory, query);
    for (const name of query.names) this.#addName(name, query.nameKind);
  }

  /** True when there is something to look for. */
  get any(): boolean {
    return this.list.length > 0;
  }

  /** The named file with this device and inode, or the named file system that has it; `null` when there is neither. */
  find(device: Device, inode: number): NamedFile | null {
    return this.#byIdentity.get(identity(device, inode)) ??
      this.#byDevice.get(identity(device, 0)) ?? null;
  }

  /** The named file that was given by exactly this text, which is how unix sockets are found. */
  findArgument(text: string): NamedFile | null {
    return this.#byArgument.get(text) ?? null;
  }

  #add(file: NamedFile, device: Device, inode: number): void {
    this.list.unshift(file);
    // As in lsof: when two links to one file are given, the last is found and the other never is.
    if (file.filesystem) this.#byDevice.set(identity(device, 0), file);
    else this.#byIdentity.set(identity(device, inode), file);
    this.#byArgument.set(file.argument, file);
  }

  #addName(name: string, kind: LsofQuery["nameKind"]): void {
    const path = this.#resolve(name);
    const status = tryStatAt(AT_FDCWD, cString(latin1Bytes(name)));
    if (path === null || typeof status === "number") {
      this.problems.push(
        `status error on ${name}: ${sentence(typeof status === "number" ? -status : 2)}`,
      );
      return;
    }
    if (kind !== "file") {
      this.#mounts ??= readMountinfo(this.#root);
      const isBlock = (status.mode & S_IFMT) === S_IFBLK;
      const mounts = this.#mounts.filter((mount) =>
        mount.directory === path || (kind === "filesystem" || isBlock) && mount.source === path
      );
      for (const mount of mounts) {
        this.#add({ argument: name, path, filesystem: true }, mount.device, 0);
      }
      if (mounts.length > 0) return;
      if (kind === "filesystem") {
        this.problems.push(`not a file system: ${name}`);
        return;
      }
    }
    this.#add({ argument: name, path, filesystem: false }, status.device, status.inode);
  }

  /** The path without symbolic links, as the kernel resolves it. */
  #resolve(name: string): string | null {
    const fd = tryOpenAt(AT_FDCWD, cString(latin1Bytes(name)), O_PATH);
    if (fd < 0) return null;
    try {
      const target = this.#reader.link(`thread-self/fd/${fd}`);
      return typeof target === "number" ? null : target;
    } finally {
      close(fd);
    }
  }

  #addDirectory({ path: given, descend }: DirectoryItem, query: LsofQuery): void {
    const path = this.#resolve(given);
    const status = tryStatAt(AT_FDCWD, cString(latin1Bytes(given)));
    if (path === null || typeof status === "number") {
      const error = typeof status === "number" ? -status : 2;
      this.problems.push(`WARNING: can't stat(${given}): ${sentence(error)}`);
      return;
    }
    if ((status.mode & S_IFMT) !== S_IFDIR) {
      this.problems.push(`WARNING: not a directory: ${path}`);
      return;
    }
    this.#add({ argument: path, path, filesystem: false }, status.device, status.inode);
    const pending = [path];
    const seen = new Set([identity(status.device, status.inode)]);
    for (let directory = pending.pop(); directory !== undefined; directory = pending.pop()) {
      const prefix = directory.endsWith("/") ? directory : `${directory}/`;
      for (const name of this.#entries(directory)) {
        const entry = prefix + name;
        const found = this.#entryStatus(entry, status.device, query);
        if (found === null) continue;
        if ((found.mode & S_IFMT) === S_IFDIR && descend) {
          // With -x l, symbolic links may lead in a circle.
          const id = identity(found.device, found.inode);
          if (!seen.has(id)) pending.push(entry);
          seen.add(id);
        }
        this.#add(
          { argument: entry, path: entry, filesystem: false },
          found.device,
          found.inode,
        );
      }
    }
  }

  /** Status of an entry of a directory on `device`; `null` for one that `-x` would have to allow. */
  #entryStatus(path: string, device: Device, query: LsofQuery): FileStatus | null {
    const status = tryStatAt(AT_FDCWD, cString(latin1Bytes(path)), true);
    if (typeof status === "number") return null;
    const sameDevice = status.device.major === device.major && status.device.minor === device.minor;
    if (!sameDevice && !query.crossMounts) return null;
    if ((status.mode & S_IFMT) !== S_IFLNK) return status;
    if (!query.crossLinks) return null;
    const followed = tryStatAt(AT_FDCWD, cString(latin1Bytes(path)));
    return typeof followed === "number" ? null : followed;
  }

  #entries(directory: string): string[] {
    const fd = tryOpenAt(AT_FDCWD, cString(latin1Bytes(directory)), O_RDONLY | O_DIRECTORY);
    if (fd < 0) {
      this.warnings.push(`WARNING: can't opendir(${directory}): ${sentence(-fd)}`);
      return [];
    }
    const names: string[] = [];
    const reader = new DirectoryReader();
    try {
      reader.start(fd);
      while (reader.next()) {
        const name = latin1Text(reader.name);
        if (name !== "." && name !== "..") names.push(name);
      }
    } catch {
      this.warnings.push(`WARNING: ${directory} went away while it was read`);
    } finally {
      close(fd);
    }
    return names;
  }
}

function identity({ major, minor }: Device, inode: number): string {
  return `${major}:${minor}:${inode}`;
}

/** The text of an error with a capital, as strerror(3) has it. */
export function sentence(errno: number): string {
  const text = errnoText(errno);
  return text[0]!.toUpperCase() + text.slice(1);
}
