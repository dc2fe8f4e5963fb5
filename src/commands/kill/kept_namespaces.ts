/**
 * KeptNamespaces: the other network namespaces of the sockets that were shown, kept open so that they can be looked into when
 * the processes which led there have ended.
 *
 * @module
 */
import { close } from "../../../ffi/files.ts";
import { tryNamespaceInode, tryOpenNamespace } from "../../../ffi/namespace.ts";
import { tryCopyDescriptor } from "../../../ffi/process.ts";
import { tryOpenSocketNamespace } from "../../../ffi/socket.ts";
import type { Socket } from "../../model/socket.ts";
import { currentNetns } from "../../proc/ns.ts";
import type { ProcRoot } from "../../proc/root.ts";
import type { NetnsChoice } from "../../query.ts";

/** See the module. */
export class KeptNamespaces {
  readonly #kept = new Map<number, number>();
  readonly #own: number | null;
  readonly #root: ProcRoot;

  /** Opens those of sockets in other namespaces than ours, while their owners live. */
  constructor(sockets: readonly Socket[], root: ProcRoot) {
    this.#own = currentNetns(root);
    this.#root = root;
    for (const socket of sockets) this.#keep(socket);
  }

  #keep({ netns, owners }: Socket): void {
    if (netns === null || netns.inode === this.#own || this.#kept.has(netns.inode)) return;
    for (const { pid, fds } of owners) {
      for (
        const open of [
          () => tryOpenNamespace(`${this.#root.path}/${pid}/ns/net`),
          () => namespaceOf(pid, fds[0]!),
        ]
      ) {
        const fd = open();
        if (fd < 0) continue;
        if (tryNamespaceInode(fd) === netns.inode) {
          this.#kept.set(netns.inode, fd);
          return;
        }
        close(fd);
      }
    }
  }

  /** How to ask about the namespace of a socket: `undefined` for our own; `null` if it is not known how. */
  choiceFor({ netns }: Socket): NetnsChoice | undefined | null {
    if (netns === null || netns.inode === this.#own) return undefined;
    const fd = this.#kept.get(netns.inode);
    return fd === undefined ? null : { one: `/proc/self/fd/${fd}` };
  }

  /** Lets go of them. */
  close(): void {
    for (const fd of this.#kept.values()) close(fd);
    this.#kept.clear();
  }
}

function namespaceOf(pid: number, fd: number): number {
  const copy = tryCopyDescriptor(pid, fd);
  if (copy < 0) return copy;
  const namespace = tryOpenSocketNamespace(copy);
  close(copy);
  return namespace;
}
