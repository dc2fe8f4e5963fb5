/**
 * Predicts whether bind(2) would succeed, and if not, which sockets are in the way.
 *
 * @module
 */
import { EACCES, EADDRINUSE, EADDRNOTAVAIL, EPERM, errnoName } from "../../../ffi/errno.ts";
import { SOCK_DGRAM, SOCK_STREAM } from "../../../ffi/socket.ts";
import { parseAddress } from "../../model/endpoint.ts";
import type { BindReport } from "../../model/explanation.ts";
import type { Socket } from "../../model/socket.ts";
import { covers } from "../../reach/covers.ts";
import { type BindTries, tryBinds } from "../try_bind.ts";
import { countEphemeral } from "./ephemeral.ts";
import type { ExplainInput, NetnsFacts } from "./input.ts";
import type { PortTarget } from "./target.ts";

/**
 * Calls bind(2) in the namespace, as {@linkcode tryBinds} does. A target without a transport is tried as TCP, one without an
 * address on 0.0.0.0.
 */
export function tryBind(
  target: PortTarget,
  { found, ports }: NetnsFacts,
  input: ExplainInput,
): BindReport {
  const transport = target.transport ?? "tcp";
  const address = target.address ?? "0.0.0.0";
  const type = transport === "udp" ? SOCK_DGRAM : SOCK_STREAM;
  const tries = tryBinds(found, parseAddress(address)!, target.port, type, input.diagnostics, {
    device: target.interface,
  });
  return {
    transport,
    address,
    interface: target.interface,
    port: target.port,
    plain: codeOf(tries.plain),
    reuseAddress: codeOf(tries.reuseAddress),
    reusePort: codeOf(tries.reusePort),
    verdict: verdictOf(tries),
    inTheWay: input.sockets.filter((socket) =>
      overlaps(socket, target, transport, address, found.netns.inode)
      // Listeners come first: they are always in the way, connections only sometimes.
    ).sort((a, b) => Number(b.state === "listen") - Number(a.state === "listen")),
    unprivilegedStart: ports.unprivilegedStart,
    ephemeral: target.port !== 0 ? null : countEphemeral(
      // A port is taken by what is bound to this address, or to one that overlaps it.
      input.sockets.filter((socket) =>
        overlaps(socket, { ...target, port: portOf(socket) }, transport, address, found.netns.inode)
      ),
      ports,
    ),
  };
}

const portOf = ({ local }: Socket) => "address" in local ? local.port : 0;

function codeOf(errno: number | null): string | null {
  return errno === null ? null : errno === 0 ? "OK" : errnoName(errno);
}

function verdictOf({ plain, reuseAddress, reusePort }: BindTries): BindReport["verdict"] {
  switch (plain) {
    case 0:
      return "free";
    case EADDRINUSE:
      return reuseAddress === 0
        ? "needs_reuse_address"
        : reusePort === 0
        ? "needs_reuse_port"
        : "in_use";
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
    (local.interface === null || target.interface === null ||
      local.interface === target.interface) &&
    (covers(local.address, v6only, address) || covers(address, false, local.address));
}
