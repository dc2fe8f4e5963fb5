/**
 * Requests: struct inet_diag_req_v2 in a netlink message, and struct inet_diag_req of kernels before 2012.
 *
 * @module
 */
import { AF_INET } from "../../../ffi/socket.ts";
import { NLM_F_DUMP, NLM_F_REQUEST } from "../../netlink/header.ts";
import { MessageBuilder } from "../../netlink/builder.ts";
import { type StateMask, stateMask, TCP_CLOSE } from "../../model/state.ts";
import { SOCK_DIAG_BY_FAMILY } from "../../netlink/message_types.ts";
import {
  INET_DIAG_NOCOOKIE,
  INET_DIAG_REQ_BYTECODE,
  INET_DIAG_REQ_PROTOCOL,
  IPPROTO_RAW,
  SOCKID_SIZE,
} from "./uapi.ts";

const CLOSE = stateMask(TCP_CLOSE);

/** What a dump asks for. */
interface InetRequest {
  /** AF_INET or AF_INET6. */
  readonly family: number;
  /** IPPROTO_*. One above 255 is sent as an attribute. */
  readonly protocol: number;
  /** Kernel: `idiag_states`. */
  readonly states: StateMask;
  /** Kernel: `idiag_ext`: see `extension` in uapi.ts. */
  readonly extensions?: number;
  /** A filter program that the kernel runs on each socket: see bytecode.ts. */
  readonly bytecode?: Uint8Array | null;
}

/**
 * The states without CLOSE, in which a dump never finds a TCP socket: it leaves the kernel's tables before its state becomes
 * CLOSE. Asking for it beside LISTEN, as `ss -l` does, would make the kernel walk all connections of all network
 * namespaces. Sockets that are only bound have this state too, but are asked for as BOUND_INACTIVE.
 */
export function tcpStates(states: StateMask): StateMask {
  return states & ~CLOSE;
}

/** Builds a dump request. */
export function dumpRequest(request: InetRequest): Uint8Array<ArrayBuffer> {
  const builder = new MessageBuilder(SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP)
    .u8(request.family)
    .u8(Math.min(request.protocol, IPPROTO_RAW))
    .u8(request.extensions ?? 0)
    .u8(0)
    .u32(request.states)
    // No ports and addresses: the kernel would only compare the ports, and a filter program can do more.
    .zeros(40)
    .u32(INET_DIAG_NOCOOKIE)
    .u32(INET_DIAG_NOCOOKIE);
  if (request.bytecode) builder.attribute(INET_DIAG_REQ_BYTECODE, request.bytecode);
  if (request.protocol > IPPROTO_RAW) {
    builder.u32Attribute(INET_DIAG_REQ_PROTOCOL, request.protocol);
  }
  return builder.finish();
}

/**
 * Builds the request of kernels before 2012, which later ones answer too: the sockets of both versions in one walk, mixed.
 * `type`: TCPDIAG_GETSOCK or DCCPDIAG_GETSOCK, which name the protocol. Kernel: struct inet_diag_req.
 */
export function bothVersionsRequest(
  type: number,
  { states, extensions = 0, bytecode }: Pick<InetRequest, "states" | "extensions" | "bytecode">,
): Uint8Array<ArrayBuffer> {
  // The kernel does not look at the family.
  const builder = new MessageBuilder(type, NLM_F_REQUEST | NLM_F_DUMP)
    .u8(AF_INET).u8(0).u8(0).u8(extensions)
    .zeros(SOCKID_SIZE)
    .u32(states).u32(0);
  if (bytecode) builder.attribute(INET_DIAG_REQ_BYTECODE, bytecode);
  return builder.finish();
}
