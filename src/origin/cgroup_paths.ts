/**
 * Paths of control groups by the identifier that the kernel tells of a socket.
 *
 * @module
 */
import {
  AT_FDCWD,
  close,
  DirectoryReader,
  O_DIRECTORY,
  O_RDONLY,
  tryOpenAt,
} from "../../ffi/files.ts";
import { cString } from "../../ffi/memory.ts";
import { isSameDevice, tryStatAt } from "../../ffi/stat.ts";
import { type Mount, readMountinfo } from "../proc/mountinfo.ts";
import type { ProcRoot } from "../proc/root.ts";
import { utf8Text } from "../text/encoding.ts";

/** Deeper than any hierarchy that a kernel allows in practice. */
const MAX_DEPTH = 256;

/** The cgroup2 hierarchy of this mount namespace: walked once, when first asked. */
export class CgroupPaths {
  readonly #root: ProcRoot;
  #mount: string | null | undefined;
  #paths: Map<number, string> | undefined;

  constructor(root: ProcRoot) {
    this.#root = root;
  }

  /** Where the hierarchy is mounted; `null` where it is not. */
  get mount(): string | null {
    if (this.#mount === undefined) {
      this.#mount = cgroup2Mount(readMountinfo(this.#root));
    }
    return this.#mount;
  }

  /** Path below the mount, `/` for the root; `null` for a group that is gone, or outside what is mounted. */
  path(id: bigint): string | null {
    this.#paths ??= this.#walk();
    return this.#paths.get(Number(id)) ?? null;
  }

  /** Identifier of a group, given by its path in the file system or in the hierarchy; `null` where there is none. */
  id(path: string): bigint | null {
    const { mount } = this;
    const root = mount === null ? -1 : tryStatAt(AT_FDCWD, cString(mount));
    if (typeof root === "number") return null;
    for (const candidate of [path, `${mount}/${path}`]) {
      const status = tryStatAt(AT_FDCWD, cString(candidate));
      if (typeof status === "number") continue;
      // The number of a directory in cgroup2 is its identifier; elsewhere it means nothing.
      if (isSameDevice(status.device, root.device)) return BigInt(status.inode);
    }
    return null;
  }

  #walk(): Map<number, string> {
    const paths = new Map<number, string>();
    const { mount } = this;
    if (mount === null) return paths;
    const reader = new DirectoryReader();
    const pending: [path: string, depth: number][] = [["", 0]];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const [path, depth] = next;
      const name = cString(mount + path);
      const status = tryStatAt(AT_FDCWD, name);
      if (typeof status === "number") continue;
      if (!paths.has(status.inode)) paths.set(status.inode, path === "" ? "/" : path);
      if (depth === MAX_DEPTH) continue;
      const fd = tryOpenAt(AT_FDCWD, name, O_RDONLY | O_DIRECTORY);
      if (fd < 0) continue;
      try {
        reader.start(fd);
        while (reader.next()) {
          if (!reader.isDirectory) continue;
          const child = utf8Text(reader.name);
          if (child !== "." && child !== "..") pending.push([`${path}/${child}`, depth + 1]);
        }
      } catch {
        // Removed while it was read.
      } finally {
        close(fd);
      }
    }
    return paths;
  }
}

/** Where the first mount of type cgroup2 is. */
export function cgroup2Mount(mounts: readonly Mount[]): string | null {
  return mounts.find(({ type }) => type === "cgroup2")?.directory ?? null;
}
