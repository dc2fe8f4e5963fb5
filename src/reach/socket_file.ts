/**
 * SocketFiles: which file a unix socket is bound to, and where that file is now.
 *
 * A socket keeps the path that was given to bind(2). It may be relative or lead through links, it is valid in the root
 * directory of its process, and another file may have taken its place. So the path proves nothing: device and inode do.
 *
 * @module
 */
import { ENOENT } from "../../ffi/errno.ts";
import { close } from "../../ffi/files.ts";
import { tryCopyDescriptor } from "../../ffi/process.ts";
import { tryOpenSocketFile } from "../../ffi/socket.ts";
import {
  type FileStatus,
  isSameDevice,
  isSameFile,
  S_IFMT,
  S_IFSOCK,
  tryStatFd,
} from "../../ffi/stat.ts";
import { Refusal } from "../files/refusal.ts";
import { statBelow, UntrustedTree } from "../files/untrusted_tree.ts";
import type { FileIdentity } from "../model/socket.ts";
import { readMountinfo } from "../proc/mountinfo.ts";
import type { ProcRoot } from "../proc/root.ts";
import { showsOwnPids } from "../proc/status.ts";
import { utf8Text } from "../text/encoding.ts";

/** What is asked about a socket. */
export interface BoundSocket {
  /** As given to bind(2). */
  readonly path: string;
  /** `null` if the source does not tell it. Then only the path is compared. */
  readonly file: FileIdentity | null;
  readonly inode: number | null;
  readonly owners: readonly { readonly pid: number; readonly fds: readonly number[] }[];
}

/** Where the file of a socket is. */
type Whereabouts =
  /** `root` and `path` lead to it. `root` is empty for our own view, else the folder of /proc that its process starts from. */
  | {
    readonly kind: "found";
    readonly root: string;
    readonly path: string;
    readonly status: FileStatus;
  }
  /** It was removed, so no path leads to it. */
  | { readonly kind: "gone" }
  /** Its path does not lead to it: it was removed, replaced or moved, and which of these cannot be seen. */
  | { readonly kind: "astray" }
  /** It could not be found. */
  | { readonly kind: "unknown" };

const GONE: Whereabouts = { kind: "gone" };
const ASTRAY: Whereabouts = { kind: "astray" };
const UNKNOWN: Whereabouts = { kind: "unknown" };

/** After one of these, the file may be there all the same. */
const UNSEEN: ReadonlySet<Refusal["why"]> = new Set(["denied", "failed", "slow"]);

/** A folder with more entries is not searched for a renamed socket. */
const FOLDER_LIMIT = 4096;
const ENTRY_LIMIT = 65536;

/** See the module. It remembers what it found: for one answer, not longer. */
export class SocketFiles {
  readonly #root: ProcRoot;
  /** Of a process, the devices of its mounts by mount ID. */
  readonly #devices = new Map<string, ReadonlyMap<number, FileStatus["device"]>>();

  constructor(root: ProcRoot) {
    this.#root = root;
  }

  /** What is at a path, below a folder of /proc or in our own view. Nothing that may wait is asked. */
  status(path: string, root = ""): FileStatus | Refusal {
    if (path.includes("\0")) return Refusal.of(ENOENT);
    return statBelow(root, path.startsWith("/") ? path : `${process.cwd()}/${path}`);
  }

  /** True if there is a socket at a path, whichever it is. */
  isSocket(path: string): boolean {
    const status = this.status(path);
    return !(status instanceof Refusal) && isSocket(status);
  }

  /** The status of a path, below a folder of /proc or in our own view, if it leads to this file. */
  leadsTo(path: string, file: FileIdentity, root = ""): FileStatus | null {
    return this.#ifIts(this.status(path, root), file, root);
  }

  // The status, if it is that of this file as seen from `root`.
  #ifIts(status: FileStatus | Refusal, file: FileIdentity, root: string): FileStatus | null {
    if (status instanceof Refusal || !isSocket(status)) return null;
    // The kernel tells 32 bits of the inode.
    if (status.inode % 0x1_0000_0000 !== file.inode) return null;
    if (isSameDevice(status.device, file)) return status;
    const device = this.#superblock(status, root);
    return device !== null && isSameDevice(device, file) ? status : null;
  }

  /** What the kernel says of sockets that are bound to the file at a path, in our own view; `null` if no socket's file is there. */
  identity(path: string): FileIdentity | null {
    const status = this.status(path);
    if (status instanceof Refusal || !isSocket(status)) return null;
    const { major, minor } = this.#superblock(status, "") ?? status.device;
    return { major, minor, inode: status.inode % 0x1_0000_0000 };
  }

  /** Looks for the file of a socket: at its path, then wherever the kernel or its folder shows it. */
  find(socket: BoundSocket): Whereabouts {
    if (!this.#root.isLive) return UNKNOWN;
    const views = this.#views(socket);
    const { file } = socket;
    if (file === null) return this.#byName(views);
    let oursUnseen = false;
    for (const { root, path } of views) {
      const there = this.status(path, root);
      if (root === "" && there instanceof Refusal && UNSEEN.has(there.why)) oursUnseen = true;
      const status = this.#ifIts(there, file, root);
      if (status === null) continue;
      // That it is in another root only would be a claim about our own view.
      if (oursUnseen) return UNKNOWN;
      return this.#inOurView(socket, file) ?? { kind: "found", root, path, status };
    }
    return this.#opened(socket, file) ?? this.#inFolder(views, file) ??
      (this.#isAstray(socket, views) ? ASTRAY : UNKNOWN);
  }

  // A relative path as an absolute one of ours; `null` if it is in another root directory.
  #inOurView({ path, owners }: BoundSocket, file: FileIdentity): Whereabouts | null {
    const pid = owners[0]?.pid;
    if (path.startsWith("/") || pid === undefined) return null;
    const folder = this.#root.link(`${pid}/cwd`);
    if (typeof folder === "number") return null;
    const whole = join(utf8Text(folder), path);
    const status = this.leadsTo(whole, file);
    return status === null ? null : { kind: "found", root: "", path: whole, status };
  }

  // Where the path of a socket may lead. The first is what we see ourselves.
  #views({ path, owners }: BoundSocket): View[] {
    const pid = owners[0]?.pid;
    if (path.startsWith("/")) {
      const ours = { root: "", path };
      if (pid === undefined) return [ours];
      return [ours, { root: `${this.#root.path}/${pid}/root`, path }];
    }
    // This is right unless the process has changed its working directory since.
    return pid === undefined ? [] : [{ root: `${this.#root.path}/${pid}/cwd`, path: `/${path}` }];
  }

  // The owner's view comes first here, because the path means a file in its root.
  #byName(views: readonly View[]): Whereabouts {
    for (const { root, path } of [...views].reverse()) {
      const status = this.status(path, root);
      if (status instanceof Refusal || !isSocket(status)) continue;
      // Most processes see the file that we see.
      const ours = root === "" || !path.startsWith("/") ? status : this.status(path);
      const same = !(ours instanceof Refusal) && isSameFile(ours, status);
      const isOurs = same && !root.endsWith("/cwd");
      return { kind: "found", root: isOurs ? "" : root, path, status };
    }
    const [last] = views.slice(-1);
    if (last === undefined || last.root === "") return UNKNOWN;
    const status = this.status(last.path, last.root);
    return status instanceof Refusal && status.why === "absent" ? ASTRAY : UNKNOWN;
  }

  // The kernel opens the file of a socket, if one can get hold of the socket: Linux 5.6, with leave to trace its process.
  #opened({ owners, inode }: BoundSocket, file: FileIdentity): Whereabouts | null {
    if (inode === null || !showsOwnPids(this.#root)) return null;
    for (const { pid, fds } of owners) {
      const [fd] = fds;
      const copy = fd === undefined ? -1 : tryCopyDescriptor(pid, fd);
      if (copy < 0) continue;
      try {
        const socket = tryStatFd(copy);
        if (typeof socket === "number" || socket.inode !== inode) continue;
        const opened = tryOpenSocketFile(copy);
        if (opened < 0) return null;
        try {
          return this.#pathOf(opened, pid, file);
        } finally {
          close(opened);
        }
      } finally {
        close(copy);
      }
    }
    return null;
  }

  #pathOf(fd: number, pid: number, file: FileIdentity): Whereabouts | null {
    const status = tryStatFd(fd);
    if (typeof status === "number") return null;
    if (status.linkCount === 0) return GONE;
    const link = this.#root.link(`thread-self/fd/${fd}`);
    if (typeof link === "number") return null;
    const path = utf8Text(link);
    if (!path.startsWith("/")) return null;
    for (const root of ["", `/proc/${pid}/root`]) {
      const there = this.leadsTo(path, file, root);
      if (there !== null) return { kind: "found", root, path, status: there };
    }
    return null;
  }

  // Some servers bind to PATH.tmp and rename it to PATH.
  #inFolder(views: readonly View[], file: FileIdentity): Whereabouts | null {
    for (const { root, path } of views) {
      const folder = path.slice(0, path.lastIndexOf("/") + 1);
      // One tree for all of its entries: opening one reads the mounts of the process.
      const tree = UntrustedTree.open(root);
      if (tree instanceof Refusal) continue;
      try {
        for (const name of socketsIn(tree, folder)) {
          const status = this.#ifIts(tree.stat(folder + name), file, root);
          if (status !== null) return { kind: "found", root, path: folder + name, status };
        }
      } finally {
        tree.close();
      }
    }
    return null;
  }

  // Its path was looked at as its owner sees it, and something else or nothing is there. A relative path may have been
  // looked for in the wrong folder.
  #isAstray({ path }: BoundSocket, views: readonly View[]): boolean {
    const [last] = views.slice(-1);
    if (last === undefined || last.root === "" || !path.startsWith("/")) return false;
    const status = this.status(last.path, last.root);
    return !(status instanceof Refusal) || status.why === "absent";
  }

  /**
   * Device of the file system that a path is on. stat(2) tells another one on btrfs, whose subvolumes have numbers of their
   * own, and on some overlays, which tell those of their layers. The table of mounts has the right one.
   */
  #superblock({ mountId }: FileStatus, root: string): FileStatus["device"] | null {
    if (mountId === null) return null;
    const process = /^\/proc\/(\d+)\//.exec(root)?.[1] ?? "thread-self";
    let devices = this.#devices.get(process);
    if (devices === undefined) {
      devices = new Map(readMountinfo(this.#root, process).map(({ id, device }) => [id, device]));
      this.#devices.set(process, devices);
    }
    return devices.get(mountId) ?? null;
  }
}

/** A path, and where it starts from. */
interface View {
  readonly root: string;
  readonly path: string;
}

function isSocket({ mode }: FileStatus): boolean {
  return (mode & S_IFMT) === S_IFSOCK;
}

// `./` and repeated slashes say nothing.
function join(folder: string, path: string): string {
  const parts = `${folder}/${path}`.split("/").filter((part) => part !== "" && part !== ".");
  return `/${parts.join("/")}`;
}

// Names of what may be sockets in a folder; none if it cannot be read.
function socketsIn(tree: UntrustedTree, folder: string): string[] {
  const names: string[] = [];
  tree.list(folder, ENTRY_LIMIT, (name, _, maybeSocket) => {
    if (maybeSocket) names.push(utf8Text(name));
    return names.length === FOLDER_LIMIT;
  });
  return names;
}
