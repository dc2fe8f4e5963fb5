/**
 * Sockets that descriptors of a process lead to.
 *
 * @module
 */
import { S_IFMT, S_IFSOCK } from "../../../../ffi/stat.ts";
import { tryGetXattr } from "../../../../ffi/xattr.ts";
import type { Descriptor, OpenFileReader } from "../../../proc/open_files.ts";
import type { ProcRoot } from "../../../proc/root.ts";
import { emptyRow, type FileDraft } from "../layout/row.ts";
import { describeSocket, socketOffset, unixPath } from "./describe.ts";
import type { Endpoints } from "./endpoints.ts";
import { InternetRow } from "./internet_row.ts";
import type { Keeper } from "./file_selector.ts";
import type { NamedFiles } from "./named_files.ts";
import type { OpenProcess } from "./open_process.ts";
import { BY_ADDRESS, BY_INTERNET, BY_NAME, BY_SOCKET, BY_UNIX } from "./selection.ts";
import { InternetSocket, type KnownSocket, type SocketTables } from "./sockets.ts";
import { latin1Text } from "../../../text/encoding.ts";

/** Describes them, and gives them to a keeper. */
export class HeldSockets {
  readonly #root: ProcRoot;
  readonly #reader: OpenFileReader;
  readonly #keeper: Keeper;
  readonly #named: NamedFiles;
  readonly #endpoints: Endpoints | null;
  readonly #tables: SocketTables;

  constructor(
    root: ProcRoot,
    reader: OpenFileReader,
    keeper: Keeper,
    named: NamedFiles,
    endpoints: Endpoints | null,
    tables: SocketTables,
  ) {
    this.#root = root;
    this.#reader = reader;
    this.#keeper = keeper;
    this.#named = named;
    this.#endpoints = endpoints;
    this.#tables = tables;
  }

  /** Takes the socket with this inode, which a descriptor below `prefix` leads to and which meets `start` already. */
  add(
    prefix: string,
    process: OpenProcess,
    start: number,
    inode: number,
    descriptor: Descriptor,
  ): void {
    const { selection } = this.#keeper;
    const offset = socketOffset(selection.query.format);
    const known = this.#tables.find(inode, process.pid);
    let row: FileDraft | InternetRow;
    let met = start;
    if (known instanceof InternetSocket) {
      const found = selection.internet(known);
      if (found === null) return;
      met |= found;
      // An address of another namespace is another host's: only who asks for it gets it. See the manual.
      if (!this.#isOurs(inode)) met &= ~(BY_ADDRESS | BY_INTERNET);
      row = new InternetRow(descriptor.number, known, offset);
    } else {
      row = emptyRow(descriptor.number);
      row.access = "u";
      row.offset = offset;
      if (known === null) this.#describeUnknown(row, prefix, met, inode, descriptor);
      else {
        describeSocket(row, inode, known);
        if (known.kind === "unix") met |= this.#metByUnix(known, inode);
      }
    }
    if (met !== 0 && selection.showsFlags) row.flags = descriptor.info()?.flags ?? null;
    const file = this.#keeper.keepEnd(process, row, met);
    if (file !== null) this.#endpoints?.addSocket(process, file, known, inode);
  }

  #isOurs(inode: number): boolean {
    const { and, pids, allNamespaces } = this.#keeper.selection.query;
    return allNamespaces || and && pids.some(({ exclude }) => !exclude) ||
      this.#tables.isHome(inode);
  }

  // A socket that no table has.
  #describeUnknown(
    row: FileDraft,
    prefix: string,
    met: number,
    inode: number,
    descriptor: Descriptor,
  ): void {
    row.type = "sock";
    row.inode = inode;
    const { asked } = this.#keeper.selection;
    if (met === 0 || (asked & ~BY_SOCKET) === 0 && this.#endpoints === null) return;
    const status = descriptor.status();
    if (typeof status !== "number") row.device = status.device;
    row.name = this.#protocolName(prefix, descriptor.number);
  }

  #protocolName(prefix: string, number: number): string {
    if (this.#keeper.selection.query.skipInternet) return "can't identify protocol (-X specified)";
    const name = tryGetXattr(
      `${this.#root.path}/${prefix}/fd/${number}`,
      "system.sockprotoname",
    );
    return typeof name === "number" ? "can't identify protocol" : `protocol: ${latin1Text(name)}`;
  }

  #metByUnix({ row }: Extract<KnownSocket, { readonly kind: "unix" }>, inode: number): number {
    const met = this.#keeper.selection.query.unix && this.#isOurs(inode) ? BY_UNIX : 0;
    return this.#named.any ? met | this.#metByName(row.path) : met;
  }

  #metByName(path: string | null): number {
    if (path === null) return 0;
    let named = this.#named.findArgument(unixPath(path) ?? path) ?? this.#named.findArgument(path);
    if (named === null && path.startsWith("/")) {
      const status = this.#reader.statusOf(path);
      if (typeof status !== "number" && (status.mode & S_IFMT) === S_IFSOCK) {
        named = this.#named.find(status.device, status.inode);
      }
    }
    if (named === null) return 0;
    this.#keeper.selection.found.add(named);
    return BY_NAME;
  }
}
