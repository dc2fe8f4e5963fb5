/**
 * Mounts by number: on which file system something is, found without asking that file system.
 *
 * @module
 */
import { AT_FDCWD } from "../../ffi/files.ts";
import { cString } from "../../ffi/memory.ts";
import { isSameDevice, tryStatAt } from "../../ffi/stat.ts";
import { type Mount, parseMountinfo } from "../proc/mountinfo.ts";
import { ProcRoot } from "../proc/root.ts";
import { promptnessOf, revalidates, stacks } from "./file_systems.ts";

/** A user may mount any number of file systems in a namespace of their own. Mounts behind this limit are not known, so they are not
 * touched. */
const TABLE_LIMIT = 4 * 1024 * 1024;

const live = new ProcRoot();

/** The mounts of a process. */
export class MountTable {
  readonly #mounts = new Map<number, Mount>();
  /** Directory → the mount that is seen there, which is the last. */
  readonly #directories = new Map<string, Mount>();
  /** Another user made these mounts, and may have put an overlay over something slow. */
  readonly #foreign: boolean;
  readonly #whole: boolean;

  private constructor(process: string, foreign: boolean) {
    this.#foreign = foreign;
    const text = live.text(`${process}/mountinfo`, TABLE_LIMIT) ?? "";
    this.#whole = text !== "" && text.length < TABLE_LIMIT;
    for (const mount of parseMountinfo(text)) {
      this.#mounts.set(mount.id, mount);
      this.#directories.set(mount.directory, mount);
    }
  }

  static #own: MountTable | undefined;

  /** Our own mounts, read once. */
  static own(): MountTable {
    return MountTable.#own ??= new MountTable("thread-self", false);
  }

  /** The same, read again. */
  static ownAnew(): MountTable {
    return MountTable.#own = new MountTable("thread-self", false);
  }

  /** The mounts of another process. */
  static of(pid: number): MountTable {
    return new MountTable(String(pid), !agrees(pid, "ns/user"));
  }

  /** The type of the file system that a mount is of, and how it answers; `null` for a mount that is not in the table. */
  find(
    id: number,
  ): { readonly type: string; readonly prompt: ReturnType<typeof promptnessOf> } | null {
    const mount = this.#mounts.get(id);
    if (mount === undefined) return null;
    const { type } = mount;
    if (this.#foreign && stacks(type) && !MountTable.own().hasDevice(mount)) {
      return { type, prompt: "slow" };
    }
    return { type, prompt: promptnessOf(type) };
  }

  /** Whether a mount is one of these; `null` if not all of them are known. */
  has(id: number): boolean | null {
    return this.#mounts.has(id) || (this.#whole ? false : null);
  }

  /** True if the same file system is mounted here too. */
  hasDevice({ device }: Mount): boolean {
    return [...this.#mounts.values()].some((mount) => isSameDevice(mount.device, device));
  }

  /** True if following a link of /proc to this directory might wait: it is on a network file system, or it may be. */
  mayWaitAt(directory: string): boolean {
    for (let at = directory;; at = at.slice(0, at.lastIndexOf("/"))) {
      const mount = this.#directories.get(at === "" ? "/" : at);
      if (mount !== undefined) return revalidates(mount.type);
      if (at === "" || at === "/") break;
    }
    return [...this.#mounts.values()].some(({ type }) => revalidates(type));
  }
}

/** True if a process sees the files that we see: it has our mounts and our root directory. */
export function seesOurFiles(pid: number): boolean {
  return agrees(pid, "ns/mnt") && agrees(pid, "root");
}

/** True if a link of a process says the same as ours, as far as both can be read. */
function agrees(pid: number, name: string): boolean {
  const [own, other] = ["thread-self", pid].map((process) => live.link(`${process}/${name}`));
  return typeof own === "object" && typeof other === "object" &&
    own.length === other.length && own.every((byte, i) => byte === other[i]);
}

let rootMount: number | null | undefined;

/** The mount of our own root directory. It is taken as prompt, because this program was loaded from it. */
export function ownRootMount(): number | null {
  if (rootMount === undefined) {
    const status = tryStatAt(AT_FDCWD, cString("/"));
    rootMount = typeof status === "number" ? null : status.mountId;
  }
  return rootMount;
}
