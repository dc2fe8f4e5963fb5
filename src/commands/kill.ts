/**
 * `sockeye kill`: closes sockets through the kernel, whoever owns them, and reports the result for each.
 *
 * @module
 */
import { SyscallError } from "../../ffi/errno.ts";
import { tryRead } from "../../ffi/files.ts";
import { allocate } from "../../ffi/memory.ts";
import { terminalColumns, terminalWidth } from "../../ffi/terminal.ts";
import { Diagnostics } from "../diagnostics.ts";
import { destroy, type Destroyed } from "../families/inet/destroy.ts";
import type { Netns, Socket } from "../model/socket.ts";
import { Connection, NETLINK_SOCK_DIAG } from "../netlink/connection.ts";
import { NetlinkError } from "../netlink/error.ts";
import { Users } from "../etc/users.ts";
import type { Query } from "../query.ts";
import { formatEndpoint } from "../views/columns.ts";
import { writeTable } from "../views/table.ts";
import { type ColorChoice, useColor } from "../text/color.ts";
import type { Writer } from "../text/writer.ts";
import { type CloseRequests, queryFilter, takeSnapshot } from "../snapshot/own_netns_snapshot.ts";
import { utf8Text } from "../text/encoding.ts";

/** Whether to ask, and how to show the sockets. */
interface KillOptions {
  /** True to close without asking. */
  readonly yes: boolean;
  readonly color: ColorChoice;
}

/** `declined`: the answer was no. `unasked`: there is no terminal to ask on. */
export type KillOutcome = "closed" | "nothing" | "declined" | "unasked" | "failed";

/** Shows the sockets of a query, then closes them. Throws what collecting and the writers throw. */
export async function kill(
  query: Query,
  options: KillOptions,
  out: Writer,
  err: Writer,
): Promise<KillOutcome> {
  const diagnostics = new Diagnostics();
  const closer = new Closer();
  try {
    const users = new Users();
    const tools = { users, filter: await queryFilter(query, users), closing: closer };
    const { sockets } = query.netns === undefined
      ? takeSnapshot(query, diagnostics, tools)
      : (await import("../snapshot/netns_snapshot.ts"))
        .takeNetnsSnapshot(query, query.netns, diagnostics, tools);
    for (const { reason } of diagnostics.gaps) err.write(`sockeye: ${reason}\n`);
    if (sockets.length === 0) {
      err.write("sockeye: no socket matches: nothing was closed\n");
      err.flush();
      return "nothing";
    }
    err.flush();
    show(sockets, options, out);
    if (!options.yes) {
      if (terminalColumns(0) === null) return "unasked";
      if (!ask(sockets.length, err)) return "declined";
    }
    return closeAll(sockets, closer, out);
  } finally {
    closer.end();
  }
}

function show(sockets: readonly Socket[], { color }: KillOptions, out: Writer): void {
  const width = terminalWidth(1);
  writeTable(sockets, out, {
    width,
    color: useColor(color, width !== null, process.env),
    header: true,
  });
  out.flush();
}

/** Asks on the terminal. Anything but a yes counts as no, and so does the end of input. */
function ask(count: number, err: Writer): boolean {
  err.write(`Close ${count === 1 ? "this socket" : `these ${count} sockets`}? [y/N] `);
  err.flush();
  const line = allocate(256);
  const length = tryRead(0, line);
  return length > 0 &&
    /^\s*y(es)?\s*$/i.test(utf8Text(line.subarray(0, length)));
}

function closeAll(sockets: readonly Socket[], closer: Closer, out: Writer): KillOutcome {
  let failed = 0;
  for (const socket of sockets) {
    const said = closer.close(socket);
    if (!said.done) failed++;
    const { family, transport, local, peer } = socket;
    const ends = [local, ...peer === null ? [] : [peer]]
      .map((end) => formatEndpoint(family, end)).join(" ");
    out.write(`${transport} ${ends}: ${said.text}\n`);
  }
  out.flush();
  return failed === 0 ? "closed" : "failed";
}

const TEXTS: Readonly<Record<Destroyed, string>> = {
  closed: "closed",
  bound:
    "disconnected, and its owner told, but still bound: the kernel does no more to UDP sockets",
  gone: "already gone",
  denied: "not permitted: it takes CAP_NET_ADMIN in the network namespace of the socket",
  unsupported: "this kernel does not close sockets of this kind",
};

/** Keeps the requests that close sockets, and a netlink connection for each namespace that they belong to. */
class Closer implements CloseRequests {
  readonly #requests = new Map<Socket, Uint8Array>();
  readonly #connections = new Map<number | null, Connection>();

  enter(netns: Netns | null): void {
    try {
      this.#connections.set(netns?.inode ?? null, new Connection(NETLINK_SOCK_DIAG));
    } catch (error) {
      // Without sock_diag no socket has a cookie, so there will be no requests.
      if (!(error instanceof SyscallError)) throw error;
    }
  }

  add(socket: Socket, request: Uint8Array): void {
    this.#requests.set(socket, request);
  }

  /** Closes one socket and returns the result. */
  close(socket: Socket): { readonly done: boolean; readonly text: string } {
    const request = this.#requests.get(socket);
    const connection = this.#connections.get(socket.netns?.inode ?? null);
    // The kernel searches only listeners and connections, and would answer that there is no such socket.
    if (request === undefined || connection === undefined || socket.state === "bound_inactive") {
      return { done: false, text: "the kernel has no way to close a socket of this kind" };
    }
    try {
      const became = destroy(connection, request);
      return { done: became === "closed" || became === "gone", text: TEXTS[became] };
    } catch (error) {
      if (!(error instanceof NetlinkError) && !(error instanceof SyscallError)) throw error;
      return { done: false, text: error.message };
    }
  }

  /** Closes the connections. */
  end(): void {
    for (const connection of this.#connections.values()) connection.close();
    this.#connections.clear();
  }
}
