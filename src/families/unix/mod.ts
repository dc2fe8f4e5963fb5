/**
 * The unix family: stream, datagram and seqpacket sockets between processes of one host.
 *
 * @module
 */
import type { Socket } from "../../model/socket.ts";
import { ALL_STATES, stateNumber } from "../../model/state.ts";
import type { Query } from "../../query.ts";
import type { Bytes } from "../../model/owner.ts";
import { latin1Text } from "../../text/encoding.ts";
import type { DiagRequest, Family, ServiceFacts } from "../family.ts";
import { readAttributes } from "./attributes.ts";
import { unixEndpoint } from "./endpoint.ts";
import { UnixMessage } from "./message.ts";
import { unixProcTable } from "./proc.ts";
import { dumpRequest } from "./request.ts";
import { unixSocket } from "./socket.ts";
import * as uapi from "./uapi.ts";

const SHOW = uapi.UDIAG_SHOW_NAME | uapi.UDIAG_SHOW_VFS | uapi.UDIAG_SHOW_PEER |
  uapi.UDIAG_SHOW_RQLEN | uapi.UDIAG_SHOW_ICONS | uapi.UDIAG_SHOW_UID;

function requests(query: Query): DiagRequest[] {
  if (!query.families.has("unix")) return [];
  const message = new UnixMessage();
  return [{
    label: "unix",
    // All states, even if only some are wanted: the peers of wanted sockets may have others. `shows` leaves these out.
    message: dumpRequest(ALL_STATES, query.info ? SHOW | uapi.UDIAG_SHOW_MEMINFO : SHOW),
    table: unixProcTable,
    decode: (view, start, end, context) => unixSocket(message.at(view, start, end), context),
    info: (view, start, end) => readAttributes(message.at(view, start, end).attributes()),
  }];
}

function shows(socket: Socket, query: Query): boolean {
  // There are no ports here.
  if (query.ports !== null) return false;
  if (query.states !== null) {
    return (query.states & 1 << (stateNumber(socket.state) ?? 0)) !== 0;
  }
  return serves(socket);
}

// A datagram socket is ESTABLISHED at both ends as soon as one of them connects, so its state does not tell.
function serves({ state, transport, peer, local }: ServiceFacts): boolean {
  const { path, name, host_path: seen, mode } = local as Named;
  if (path == null && name == null) return false;
  // A snapshot says so if the file was removed: no path leads to it in any view.
  if (seen === null && mode === undefined) return false;
  return state === "listen" || transport === "dgram" && peer === null;
}

/** What is asked of an endpoint, decoded or from JSON. */
interface Named {
  readonly path?: Bytes | string | null;
  readonly name?: Bytes | string | null;
  readonly host_path?: string | null;
  readonly mode?: string;
}

// Autobind (unix(7)): a NUL and five hexadecimal digits.
function namedByKernel({ local }: ServiceFacts): boolean {
  const { path, name } = local as Named;
  if (path != null || name == null) return false;
  return /^[0-9a-f]{5}$/.test(typeof name === "string" ? name : latin1Text(name));
}

function meaning(socket: ServiceFacts): string | null {
  const { state, transport, peer, local } = socket;
  if (state === "listen") return "waits for connections";
  if (peer !== null) return "connected";
  const { path, name } = local as Named;
  const named = path != null || name != null;
  if (transport !== "dgram") {
    // A connection that was accepted bears the name of its listener.
    if (state === "established") return "connected";
    return named
      ? "bound, but it does not listen: nobody can connect"
      : "neither bound nor connected: nobody can reach it";
  }
  return named
    ? "takes datagrams from every process that may send to its name"
    : "has no name: nobody can send to it";
}

/** The unix family. */
export const unix: Family = {
  name: "unix",
  label: ({ transport }) => `unix-${transport}`,
  endpoint: unixEndpoint,
  requests,
  shows,
  serves,
  namedByKernel,
  meaning,
  // Kernel: unix_stream_connect waits for a place, unless the socket does not block.
  fullQueue: "connect() waits, or fails with EAGAIN",
};
