/**
 * OwnSession: the processes and sockets that this command itself hangs on.
 *
 * @module
 */
import { isWildcard } from "../../model/endpoint.ts";
import type { Socket } from "../../model/socket.ts";
import type { ProcRoot } from "../../proc/root.ts";
import { parseStat } from "../../proc/stat.ts";
import { sameAddress } from "../../reach/covers.ts";
import { formatEndpoint } from "../../views/columns.ts";
import { utf8Text } from "../../text/encoding.ts";

/** Longer chains of parents are none. */
const MAX_DEPTH = 1000;
/** /proc/PID/sessionid of a process that nobody logged in for. */
const NO_SESSION = "4294967295";

/** The two ends of the connection that an SSH session came through, ours first. */
interface SshConnection {
  readonly local: { readonly address: string; readonly port: number };
  readonly peer: { readonly address: string; readonly port: number };
}

/** Parses SSH_CONNECTION, which sshd(8) sets: `client port server port`; `null` for anything else. */
export function parseSshConnection(text: string | undefined): SshConnection | null {
  const [client, clientPort, server, serverPort, more] = (text ?? "").split(" ");
  const end = (address: string | undefined, word: string | undefined) => {
    const port = Number(word);
    return address === undefined || !/^\d{1,5}$/.test(word ?? "") || port < 1 || port > 65535
      ? null
      : { address: address.replace(/%.*$/, ""), port };
  };
  const [peer, local] = [end(client, clientPort), end(server, serverPort)];
  return peer === null || local === null || more !== undefined ? null : { local, peer };
}

/** This process and its parents, up to the first of the PID namespace. */
function ownAncestors(root: ProcRoot): ReadonlySet<number> {
  return ancestorsOf(process.pid, root);
}

/** A process and its parents. */
function ancestorsOf(pid: number, root: ProcRoot): Set<number> {
  const found = new Set<number>();
  let next = pid;
  while (next > 0 && !found.has(next) && found.size < MAX_DEPTH) {
    found.add(next);
    const bytes = root.read(`${next}/stat`);
    next = typeof bytes === "number" ? 0 : parseStat(bytes)?.ppid ?? 0;
  }
  return found;
}

function isSshConnection({ local, peer }: Socket, ssh: SshConnection): boolean {
  return peer !== null && "address" in local && "address" in peer &&
    local.port === ssh.local.port && peer.port === ssh.peer.port &&
    sameAddress(local.address, ssh.local.address) && sameAddress(peer.address, ssh.peer.address);
}

/** A sentence for each of these sockets that this command's own session goes through. */
export function ownSessionAmong(
  sockets: readonly Socket[],
  root: ProcRoot,
  env: Readonly<Record<string, string | undefined>>,
): string[] {
  const ssh = parseSshConnection(env.SSH_CONNECTION);
  const ancestors = ownAncestors(root);
  return sockets.filter((socket) => {
    const { peer, owners } = socket;
    if (peer === null || !("address" in peer) || isWildcard(peer.address)) return false;
    return ssh !== null && isSshConnection(socket, ssh) ||
      // The first process holds sockets for others.
      owners.some(({ pid }) => pid !== 1 && ancestors.has(pid));
  }).map(({ family, local, peer }) =>
    `among them is the connection of your own session: ${formatEndpoint(family, local)} ${
      formatEndpoint(family, peer!)
    }`
  );
}

/** See the module. */
export class OwnSession {
  readonly #root: ProcRoot;
  readonly #ancestors: ReadonlySet<number>;
  readonly #carriers = new Set<number>();

  /** `connections`: sockets among which that of the SSH session may be. */
  constructor(
    root: ProcRoot,
    env: Readonly<Record<string, string | undefined>>,
    connections: readonly Socket[],
  ) {
    this.#root = root;
    this.#ancestors = ownAncestors(root);
    const ssh = parseSshConnection(env.SSH_CONNECTION);
    if (ssh === null) return;
    for (const socket of connections) {
      if (!isSshConnection(socket, ssh)) continue;
      for (const { pid } of socket.owners) {
        for (const one of ancestorsOf(pid, root)) this.#carriers.add(one);
      }
    }
  }

  /** Why a process should not be ended by this command; `null` if nothing speaks against it. */
  why(pid: number): string | null {
    if (pid === process.pid) return "is this command itself";
    if (pid === 1) return "is process 1, with which the whole system or container ends";
    if (this.#carriers.has(pid) || this.#isSessionServer(pid)) {
      return "carries the SSH session that this command runs in";
    }
    return this.#ancestors.has(pid) ? "is an ancestor of this command" : null;
  }

  // A terminal multiplexer cuts the chain of parents, and the audit session stays the same.
  #isSessionServer(pid: number): boolean {
    const bytes = this.#root.read(`${pid}/stat`);
    const comm = typeof bytes === "number" ? null : parseStat(bytes)?.comm;
    if (comm == null || !/^sshd|^dropbear/.test(utf8Text(comm))) return false;
    if (this.#ancestors.has(pid)) return true;
    const own = this.#root.text("self/sessionid");
    return own !== null && own !== NO_SESSION && this.#root.text(`${pid}/sessionid`) === own;
  }
}
