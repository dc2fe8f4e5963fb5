/**
 * /proc/net/protocols: which protocols the kernel has registered, and how many sockets of each there are.
 *
 * @module
 */
import { latin1Text } from "../text/encoding.ts";

/** One protocol. */
interface RegisteredProtocol {
  /** Sockets in this network namespace; 0 also where the protocol does not count them. */
  readonly sockets: number;
  /** False for protocols whose sockets no kernel counts. */
  readonly counted: boolean;
}

/** Kernel: these never call sock_prot_inuse_add (net/vmw_vsock/af_vsock.c, net/tipc/socket.c). */
const UNCOUNTED: readonly string[] = ["AF_VSOCK", "TIPC"];

/** Parses the file. Keys are the names of the protocols: `TCP`, `TCPv6`. Other lines are ignored. */
export function parseProtocols(bytes: Uint8Array): Map<string, RegisteredProtocol> {
  const protocols = new Map<string, RegisteredProtocol>();
  // Fields: name, object size, sockets, pages of memory, and more that is not read here.
  for (const line of latin1Text(bytes).split("\n").slice(1)) {
    const [name, , sockets] = line.trim().split(/\s+/);
    if (name === undefined || sockets === undefined || !/^\d+$/.test(sockets)) continue;
    protocols.set(name, { sockets: Number(sockets), counted: !UNCOUNTED.includes(name) });
  }
  return protocols;
}

/**
 * True if /proc/net/protocols says that this network namespace has no socket of a protocol. `read`: the file, or the negative
 * error by which it could not be read. False where that is not known: some protocols are not counted.
 */
export function hasNoSocketsOf(read: Uint8Array | number, name: string): boolean {
  if (typeof read === "number") return false;
  const protocol = parseProtocols(read).get(name);
  return protocol === undefined || protocol.counted && protocol.sockets === 0;
}
