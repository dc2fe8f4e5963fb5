/**
 * ProcessSockets: the sockets that descriptors of a process lead to.
 *
 * @module
 */
import { S_IFMT, S_IFSOCK } from "../../../../ffi/stat.ts";
import { tryGetXattr } from "../../../../ffi/xattr.ts";
import type { Descriptor } from "../../../proc/open_files.ts";
import { latin1Text } from "../../../text/encoding.ts";
import { emptyRow, type FileDraft } from "../rows/row.ts";
import { fillSocketRow, socketOffset, unixPath } from "../rows/socket.ts";
import type { GatherContext } from "./context.ts";
import { InternetRow } from "./internet_row.ts";
import type { OpenProcess } from "./open_process.ts";
import {
  BY_ADDRESS,
  BY_INTERNET,
  BY_NAME,
  BY_SOCKET,
  BY_UNIX,
  type Selection,
} from "./selection.ts";
import { InternetSocket } from "./internet_sockets.ts";
import type { KnownSocket, SocketTables } from "./sockets.ts";

/** Looks sockets up in the kernel's tables and adds them to their process. */
export class ProcessSockets {
  readonly #context: GatherContext;
  readonly #tables: SocketTables;

  constructor(context: GatherContext, tables: SocketTables) {
    this.#context = context;
    this.#tables = tables;
  }

  get #selection(): Selection {
    return this.#context.selector.selection;
  }

  /**
   * Adds the socket with this inode to a process, if it may be listed. `descriptor` stands below `/proc/PREFIX`; `before` is
   * what the file has matched before the socket is known.
   */
  add(
    prefix: string,
    process: OpenProcess,
    before: number,
    inode: number,
    descriptor: Descriptor,
  ): void {
    const { selector, endpoints } = this.#context;
    const selection = this.#selection;
    const offset = socketOffset(selection.query.format);
    const known = this.#tables.find(inode, process.pid);
    let row: FileDraft | InternetRow;
    let matched = before;
    if (known instanceof InternetSocket) {
      const found = selection.internet(known);
      if (found === null) return;
      matched |= found;
      // In another network namespace an address means another host. The manual says who gets those sockets.
      if (!this.#isOurs(inode)) matched &= ~(BY_ADDRESS | BY_INTERNET);
      row = new InternetRow(descriptor.number, known, offset);
    } else {
      row = emptyRow(descriptor.number);
      row.access = "u";
      row.offset = offset;
      if (known === null) this.#fillUnknown(row, prefix, matched, inode, descriptor);
      else {
        fillSocketRow(row, inode, known);
        if (known.kind === "unix") matched |= this.#matchedByUnix(known, inode);
      }
    }
    if (matched !== 0 && selection.showsFlags) row.flags = descriptor.info()?.flags ?? null;
    const file = selector.addEnd(process, row, matched);
    if (file !== null) endpoints?.addSocket(process, file, known, inode);
  }

  /** True when the socket is in our network namespace, or the query asks for other namespaces too. */
  #isOurs(inode: number): boolean {
    const { and, pids, allNamespaces } = this.#selection.query;
    return allNamespaces || and && pids.some(({ exclude }) => !exclude) ||
      this.#tables.isHome(inode);
  }

  /** Fills in the row of a socket that no table lists. */
  #fillUnknown(
    row: FileDraft,
    prefix: string,
    matched: number,
    inode: number,
    descriptor: Descriptor,
  ): void {
    row.type = "sock";
    row.inode = inode;
    const onlySockets = (this.#selection.asked & ~BY_SOCKET) === 0;
    // This row will not be listed, so its other cells are not worth two system calls.
    if (matched === 0 || onlySockets && this.#context.endpoints === null) return;
    const status = descriptor.status();
    if (typeof status !== "number") row.device = status.device;
    row.name = this.#protocolName(prefix, descriptor.number);
  }

  /** The protocol by the kernel's name, which every socket has as an extended attribute. */
  #protocolName(prefix: string, number: number): string {
    if (this.#selection.query.skipInternet) return "can't identify protocol (-X specified)";
    const name = tryGetXattr(
      `${this.#context.root.path}/${prefix}/fd/${number}`,
      "system.sockprotoname",
    );
    return typeof name === "number" ? "can't identify protocol" : `protocol: ${latin1Text(name)}`;
  }

  #matchedByUnix({ row }: Extract<KnownSocket, { readonly kind: "unix" }>, inode: number): number {
    const matched = this.#selection.query.unix && this.#isOurs(inode) ? BY_UNIX : 0;
    return this.#context.named.any ? matched | this.#matchedByName(row.path) : matched;
  }

  #matchedByName(path: string | null): number {
    if (path === null) return 0;
    const { named: files, reader } = this.#context;
    let named = files.findArgument(unixPath(path) ?? path) ?? files.findArgument(path);
    if (named === null && path.startsWith("/")) {
      const status = reader.statusOf(path);
      if (typeof status !== "number" && (status.mode & S_IFMT) === S_IFSOCK) {
        const file = files.find(status.device, status.inode);
        // lsof does not take unix sockets for files of a file system that is named.
        if (file?.filesystem !== true) named = file;
      }
    }
    if (named === null) return 0;
    this.#selection.found.add(named);
    return BY_NAME;
  }
}
