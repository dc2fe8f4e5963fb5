/**
 * Predicts whether bind(2) would succeed, and if not, which sockets are in the way.
 *
 * @module
 */
import {
  EACCES,
  EADDRINUSE,
  EADDRNOTAVAIL,
  EPERM,
  errnoName,
  SyscallError,
} from "../../../ffi/errno.ts";
import { probeBind } from "../../../ffi/internet.ts";
import { SOCK_DGRAM, SOCK_STREAM } from "../../../ffi/socket.ts";
import { visitNamespace } from "../../snapshot/namespaces.ts";
import { parseAddress } from "../../model/endpoint.ts";
import type { BindReport } from "../../model/explanation.ts";
import type { Socket } from "../../model/socket.ts";
import { covers } from "../../reach/covers.ts";
import type { ExplainInput, NetnsFacts } from "./input.ts";
import type { PortTarget } from "./target.ts";

/**
 * Calls bind(2) in the namespace, for TCP with and without SO_REUSEADDR. The socket never listens and is closed at once. A
 * target without a transport is tried as TCP, one without an address on 0.0.0.0.
 */
export function tryBind(
  target: PortTarget,
  { found, ports }: NetnsFacts,
  input: ExplainInput,
): BindReport {
  const transport = target.transport ?? "tcp";
  const address = target.address ?? "0.0.0.0";
  const bytes = parseAddress(address)!;
  const type = transport === "udp" ? SOCK_DGRAM : SOCK_STREAM;
  let plain: number | null = null;
  let reuse: number | null = null;
  try {
    visitNamespace(found, input.diagnostics, () => {
      plain = probeBind(bytes, target.port, type, false);
      // With SO_REUSEADDR a datagram socket could share the address, and would take the datagrams of the other at once.
      if (type === SOCK_STREAM) reuse = probeBind(bytes, target.port, type, true);
    });
  } catch (error) {
    // The socket cannot be made, for instance because IPv6 is switched off.
    if (!(error instanceof SyscallError)) throw error;
    plain = reuse = error.errno;
  }
  return {
    transport,
    address,
    port: target.port,
    plain: codeOf(plain),
    reuseAddress: codeOf(reuse),
    verdict: verdictOf(plain, reuse),
    inTheWay: input.sockets.filter((socket) =>
      overlaps(socket, target, transport, address, found.netns.inode)
      // Listeners come first: they are always in the way, connections only sometimes.
    ).sort((a, b) => Number(b.state === "listen") - Number(a.state === "listen")),
    unprivilegedStart: ports.unprivilegedStart,
  };
}

function codeOf(errno: number | null): string | null {
  return errno === null ? null : errno === 0 ? "OK" : errnoName(errno);
}

function verdictOf(plain: number | null, reuse: number | null): BindReport["verdict"] {
  switch (plain) {
    case 0:
      return "free";
    case EADDRINUSE:
      return reuse === 0 ? "needs_reuse_address" : "in_use";
    case EACCES:
    case EPERM:
      return "denied";
    case EADDRNOTAVAIL:
      return "no_such_address";
    default:
      return "other";
  }
}

// Two addresses collide if one of them receives what is sent to the other.
function overlaps(
  { local, transport, netns, v6only }: Socket,
  target: PortTarget,
  wanted: string,
  address: string,
  inode: number,
): boolean {
  return "address" in local && local.port === target.port && transport === wanted &&
    netns?.inode === inode &&
    (covers(local.address, v6only, address) || covers(address, false, local.address));
}
