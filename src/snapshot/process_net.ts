/**
 * Network namespaces that may not be entered, read through a process in them.
 *
 * A namespace of a rootless container belongs to a user namespace, which a program of several threads cannot enter. But whoever
 * may look into a process may read the tables of its namespace in /proc/PID/net.
 *
 * @module
 */
import { EPERM, SyscallError } from "../../ffi/errno.ts";
import { readNetns } from "../proc/ns.ts";
import { ProcRoot } from "../proc/root.ts";
import type { FoundNetns } from "./namespaces.ts";

/** So many processes of a namespace are tried. */
const MOST = 16;

/** A /proc whose tables of the network are those of a process. */
export class ProcessNet extends ProcRoot {
  readonly #pid: number;

  private constructor(root: ProcRoot, pid: number) {
    super(root.path);
    this.#pid = pid;
  }

  /** The tables of a namespace through the first process in it that shows them; `null` if none does. */
  static open(found: FoundNetns, root: ProcRoot): ProcessNet | null {
    if (!root.isLive) return null;
    let tried = 0;
    for (const way of found.ways?.() ?? [found.path]) {
      const pid = typeof way === "string" ? /^\/proc\/(\d+)\/ns\/net$/.exec(way)?.[1] : undefined;
      if (pid === undefined) continue;
      if (++tried > MOST) break;
      const net = new ProcessNet(root, Number(pid));
      if (net.#isIn(found) && typeof net.readNet("unix") !== "number") return net;
    }
    return null;
  }

  /** True while the process is in the namespace: it may have ended, or moved. */
  #isIn({ netns }: FoundNetns): boolean {
    return readNetns(this, this.#pid) === netns.inode;
  }

  override readNet(file: string): Uint8Array<ArrayBuffer> | number {
    return this.read(`${this.#pid}/net/${file}`);
  }
}

/** Instead of a netlink socket in a namespace that may not be entered. Throws, so that the tables are read. */
export function refuseSocket(): never {
  throw new SyscallError("setns", EPERM);
}
