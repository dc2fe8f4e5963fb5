/**
 * Names of network namespaces by their inode.
 *
 * @module
 */
import type { Netns } from "../model/socket.ts";
import { namespaceMounts, readMountinfo } from "../proc/mountinfo.ts";
import type { ProcRoot } from "../proc/root.ts";

/** Mounts are read again for a namespace that is not known, but not more often. */
const PAUSE_MS = 1000;

/** Hands out namespaces, each as one object. */
export class NetnsNames {
  readonly #root: ProcRoot;
  readonly #known = new Map<number, Netns>();
  #names: ReadonlyMap<number, string> = new Map();
  #readMs = -Infinity;

  constructor(root: ProcRoot) {
    this.#root = root;
  }

  /** The namespace with this inode. */
  of(inode: number): Netns {
    let netns = this.#known.get(inode);
    if (netns === undefined) {
      netns = { inode, name: this.#name(inode) };
      this.#known.set(inode, netns);
    }
    return netns;
  }

  #name(inode: number): string | null {
    if (!this.#names.has(inode) && performance.now() - this.#readMs > PAUSE_MS) {
      this.#readMs = performance.now();
      this.#names = new Map(
        namespaceMounts(readMountinfo(this.#root)).reverse().map((
          { inode, name },
        ) => [inode, name]),
      );
    }
    return this.#names.get(inode) ?? null;
  }
}
