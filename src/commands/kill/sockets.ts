/**
 * `sockeye kill --socket`: closes sockets through the kernel, whoever owns them, and reports the result for each.
 *
 * @module
 */
import { SyscallError } from "../../../ffi/errno.ts";
import { SOCK_STREAM } from "../../../ffi/socket.ts";
import { terminalColumns, terminalWidth } from "../../../ffi/terminal.ts";
import { Diagnostics } from "../../diagnostics.ts";
import { knowsBoundSockets } from "../../families/inet/bound_sockets.ts";
import { destroy, type Destroyed } from "../../families/inet/destroy.ts";
import { parseAddress } from "../../model/endpoint.ts";
import { absence, decide, EVERYWHERE } from "../../model/verdict.ts";
import type { InternetEndpoint, Netns, Socket } from "../../model/socket.ts";
import { Connection, NETLINK_SOCK_DIAG } from "../../netlink/connection.ts";
import { ProcRoot } from "../../proc/root.ts";
import { Users } from "../../etc/users.ts";
import type { Query } from "../../query.ts";
import { formatEndpoint } from "../../views/columns.ts";
import { tellDiagnostics } from "../../views/gaps.ts";
import { writeTable } from "../../views/table.ts";
import { type ColorChoice, useColor } from "../../text/color.ts";
import { BrokenPipe, type Writer } from "../../text/writer.ts";
import type { FoundNetns } from "../../snapshot/namespaces.ts";
import {
  type CloseRequests,
  queryFilter,
  takeSnapshot,
} from "../../snapshot/own_netns_snapshot.ts";
import { MOST_ON_SCREEN } from "../screen_limit.ts";
import { bindText } from "./bind_text.ts";
import { ownSessionAmong } from "./own_session.ts";
import { answersYes } from "./question.ts";
import { type BindTries, tryBinds } from "../try_bind.ts";

/** Whether to ask, and how to show the sockets. */
interface KillOptions {
  /** True to close without asking. */
  readonly yes: boolean;
  readonly color: ColorChoice;
  /** True to tell how the answer was obtained, and to name what could not be read. */
  readonly verbose: boolean;
}

/**
 * `closed`: all of them. `declined`: the answer was no. `unasked`: there is no terminal to ask on. `unseen`: the list to be asked
 * about could not be shown. `undecided`: none failed, but what became of some is not known, or none was found where not all could
 * be read.
 */
export type KillOutcome =
  | "closed"
  | "nothing"
  | "declined"
  | "unasked"
  | "unseen"
  | "undecided"
  | "failed";

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
    // The control group tells whose a socket is where its owners are hidden.
    const asked = terminalWidth(1) === null ? query : { ...query, cgroups: true };
    const { sockets } = query.netns === undefined
      ? takeSnapshot(asked, diagnostics, tools)
      : (await import("../../snapshot/netns_snapshot.ts")).takeNetnsSnapshot(
        asked,
        query.netns,
        diagnostics,
        tools,
        (found) => closer.found(found),
      );
    tellDiagnostics(diagnostics, err, { verbose: options.verbose });
    if (sockets.length === 0) {
      const verdict = decide(false, EVERYWHERE, diagnostics.gaps);
      err.write(`sockeye: ${absence("nothing_to_close", verdict)}\n`);
      err.flush();
      return verdict.answer === "undecided" ? "undecided" : "nothing";
    }
    // With --yes, nobody waits for the list: the sockets are closed although its reader is gone.
    out.keepsOn = options.yes;
    if (!options.yes && terminalColumns(0) === null) {
      await show(sockets, options, users, out);
      return "unasked";
    }
    try {
      await show(sockets, options, users, out);
    } catch (error) {
      if (error instanceof BrokenPipe) return "unseen";
      throw error;
    }
    const [warning] = ownSessionAmong(sockets, new ProcRoot(), process.env);
    if (warning !== undefined) {
      err.write(`sockeye: ${warning}\n`);
      err.flush();
    }
    const which = sockets.length === 1 ? "this socket" : `these ${sockets.length} sockets`;
    if (!options.yes && !answersYes(`Close ${which}?`, err)) return "declined";
    out.keepsOn = true;
    return closeAll(sockets, closer, out);
  } finally {
    closer.end();
  }
}

// On a terminal as the listing shows them: a row for each service, with the number of its sockets where that is not plain.
async function show(
  sockets: readonly Socket[],
  { color: choice }: KillOptions,
  users: Users,
  out: Writer,
): Promise<void> {
  const width = terminalWidth(1);
  const color = useColor(choice, width !== null, process.env);
  if (width === null || sockets.length > MOST_ON_SCREEN) {
    writeTable(sockets, out, { width, color, header: true, info: false });
  } else {
    const { writeScreen } = await import("../../views/screen/mod.ts");
    const { screenFacts } = await import("../screen_facts.ts");
    const facts = screenFacts({ root: new ProcRoot(), users });
    writeScreen(sockets, facts, out, { width, height: null, color, header: true });
  }
  out.flush();
}

/** Closes all, and then says what became of each: no trouble with the report comes between. */
function closeAll(sockets: readonly Socket[], closer: Closer, out: Writer): KillOutcome {
  const results = closer.close(sockets);
  for (const [i, { family, transport, local, peer }] of sockets.entries()) {
    const ends = [local, ...peer === null ? [] : [peer]]
      .map((end) => formatEndpoint(family, end)).join(" ");
    out.write(`${transport} ${ends}: ${results[i]!.text}\n`);
  }
  out.flush();
  if (results.some(({ verdict }) => verdict === "failed")) return "failed";
  return results.some(({ verdict }) => verdict === "undecided") ? "undecided" : "closed";
}

interface Result {
  readonly verdict: "closed" | "failed" | "undecided";
  readonly text: string;
}

const NO_WAY: Result = {
  verdict: "failed",
  text: "the kernel has no way to close a socket of this kind",
};

function resultOf(became: Destroyed, socket: Socket): Result {
  if (typeof became === "object") {
    return "error" in became ? { verdict: "failed", text: became.error } : {
      verdict: "undecided",
      text: `asked to close, but whether it is closed could not be read: ${became.unread}`,
    };
  }
  switch (became) {
    case "closed":
      return { verdict: "closed", text: "closed" };
    case "gone":
      return { verdict: "closed", text: "already gone" };
    case "bound":
      return {
        verdict: "failed",
        text: socket.transport === "tcp"
          ? `${
            socket.state === "listen" ? "no longer listens" : "disconnected"
          }; its owner got an error, but still holds the port`
          : `disconnected; its owner got an error, but it is still bound: the kernel does no more to ${
            socket.transport === "raw" ? "raw" : "UDP"
          } sockets`,
      };
    case "hidden":
      return {
        verdict: "failed",
        text: "not closed: several sockets have this address, and the kernel found only the others",
      };
    case "remains":
      return { verdict: "failed", text: "not closed, although the kernel accepted the request" };
    case "denied":
      return {
        verdict: "failed",
        text: "not permitted: it takes CAP_NET_ADMIN in the network namespace of the socket",
      };
    case "unsupported":
      return { verdict: "failed", text: "this kernel does not close sockets of this kind" };
  }
}

/** Keeps the requests that close sockets, and a netlink connection for each namespace that they belong to. */
class Closer implements CloseRequests {
  readonly #requests = new Map<Socket, Uint8Array>();
  readonly #connections = new Map<number | null, Connection>();
  readonly #namespaces = new Map<number | null, FoundNetns>();

  enter(netns: Netns | null): void {
    try {
      this.#connections.set(netns?.inode ?? null, new Connection(NETLINK_SOCK_DIAG));
    } catch (error) {
      // Without sock_diag no socket has a cookie, so there will be no requests.
      if (!(error instanceof SyscallError)) throw error;
    }
  }

  /** Notes how to come into a namespace that is not our own. */
  found(found: FoundNetns): void {
    this.#namespaces.set(found.netns.inode, found);
  }

  add(socket: Socket, request: Uint8Array): void {
    this.#requests.set(socket, request);
  }

  /** Closes sockets and returns what became of each. */
  close(sockets: readonly Socket[]): Result[] {
    const results = new Map<Socket, Result>();
    for (const [inode, connection] of this.#connections) {
      const here = sockets.filter((socket) =>
        (socket.netns?.inode ?? null) === inode &&
        // The kernel searches only listeners and connections, and would answer that there is no such socket.
        socket.state !== "bound_inactive"
      ).flatMap((socket) => {
        const request = this.#requests.get(socket);
        return request === undefined ? [] : [{ socket, request }];
      });
      const became = destroy(connection, here.map(({ request }) => request));
      for (const [i, { socket }] of here.entries()) {
        results.set(socket, this.#withBind(became[i]!, socket));
      }
    }
    return sockets.map((socket) => results.get(socket) ?? NO_WAY);
  }

  // Where the owner keeps the port, the next question is whether the service can start again.
  #withBind(became: Destroyed, socket: Socket): Result {
    const result = resultOf(became, socket);
    const { transport, state, local } = socket;
    if (transport !== "tcp" || !("address" in local)) return result;
    if (became === "bound") {
      return { ...result, text: `${result.text}: ${bindText(this.#tryBind(socket, local))}` };
    }
    // Before Linux 6.8, a socket that is only bound is in no table, so only bind(2) can tell.
    if (became !== "closed" || state !== "listen" || knowsBoundSockets(new ProcRoot())) {
      return result;
    }
    const tries = this.#tryBind(socket, local);
    return tries.plain === 0 ? result : {
      verdict: "undecided",
      text: `no longer listens; this kernel does not show whether its owner still holds the port: ${
        bindText(tries)
      }`,
    };
  }

  #tryBind(
    { netns, v6only }: Socket,
    local: InternetEndpoint,
  ): BindTries {
    const found = this.#namespaces.get(netns?.inode ?? null) ??
      { netns: netns ?? { inode: 0, name: null }, path: "", pid: null, own: true };
    const bytes = parseAddress(local.address);
    if (bytes === undefined) return { plain: null, reuseAddress: null, reusePort: null };
    return tryBinds(found, bytes, local.port, SOCK_STREAM, new Diagnostics(), {
      v6only,
      device: local.interface,
    });
  }

  /** Closes the connections. */
  end(): void {
    for (const connection of this.#connections.values()) connection.close();
    this.#connections.clear();
  }
}
