/**
 * InetRowKind: what all rows of one request have in common.
 *
 * @module
 */
import type { SocketType, Transport } from "../../model/socket.ts";
import { TCP_BOUND_INACTIVE } from "../../model/state.ts";
import type { InetMessage } from "./message.ts";
import { INET_DIAG_PEERS } from "./uapi.ts";

const sctpModule = () => require("./sctp_info.ts") as typeof import("./sctp_info.ts");

/** What the request says of its rows, and the message does not. */
export interface InetRowKind {
  readonly transport: Transport;
  readonly type: SocketType | null;
  /** IPPROTO_*; 0 where the kernel has no handler for it. A raw socket tells its own. */
  readonly protocol: number;
  /** True for the request that asks for BOUND_INACTIVE alone: its replies say CLOSE. */
  readonly boundInactive: boolean;
}

/**
 * The state as a TCP number. An SCTP association reports one of its own numbers; it is known by having addresses of a
 * peer, which a socket has not.
 */
export function inetState(message: InetMessage, kind: InetRowKind): number {
  if (kind.boundInactive) return TCP_BOUND_INACTIVE;
  return kind.transport === "sctp" && message.has(INET_DIAG_PEERS)
    ? sctpModule().associationState(message.state)
    : message.state;
}
