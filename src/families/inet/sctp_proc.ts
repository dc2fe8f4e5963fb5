/**
 * /proc/net/sctp/{eps,assocs}: lines turned into inet_diag_msg. An association has an attribute with the addresses of its peer, which
 * tells it from a socket.
 *
 * Both files have IPv4 and IPv6: the first address of a line says which. Endpoints have no queues there.
 *
 * @module
 */
import { AF_INET, AF_INET6 } from "../../../ffi/socket.ts";
import { DecodeError } from "../../model/decode_error.ts";
import { parseAddress } from "../../model/endpoint.ts";
import { NLA_HEADER_SIZE } from "../../netlink/attribute.ts";
import { parseSctpAssociations, parseSctpEndpoints, type SctpTable } from "../../proc/sctp.ts";
import type { ProcTable } from "../family.ts";
import * as uapi from "./uapi.ts";
import { latin1Text } from "../../text/encoding.ts";

/** The endpoints and then the associations of AF_INET or AF_INET6. */
export function sctpProcTable(family: number): ProcTable {
  const associations = table(
    "sctp/assocs",
    parseSctpAssociations,
    (row) => isOf(family, row.local) && message(family, row, row.localPort, row.local, row),
  );
  const endpoints = table("sctp/eps", parseSctpEndpoints, (row) =>
    isOf(family, row.addresses) &&
    message(family, { ...row, state: row.socketState }, row.port, row.addresses, null));
  return { ...endpoints, next: associations };
}

function isOf(family: number, addresses: readonly string[]): boolean {
  return addresses[0]!.includes(":") === (family === AF_INET6);
}

function table<Row>(
  file: string,
  parse: (text: string) => SctpTable<Row>,
  encode: (row: Row) => DataView | false,
): ProcTable {
  return {
    file,
    parse(bytes, emit) {
      const { rows, bad } = parse(latin1Text(bytes));
      for (const row of rows) {
        const view = encode(row);
        if (view !== false) emit(view, 0, view.byteLength);
      }
      if (bad > 0) {
        throw new DecodeError(`/proc/net/${file}`, 0, `${bad} lines that are not of a socket`);
      }
    },
  };
}

/** What endpoints and associations have in common. */
interface Common {
  readonly state: number;
  readonly uid: number;
  readonly inode: number;
}

function message(
  family: number,
  { state, uid, inode }: Common,
  port: number,
  local: readonly string[],
  association: {
    readonly remote: readonly string[];
    readonly remotePort: number;
    readonly sendQueue: number;
    readonly receiveQueue: number;
  } | null,
): DataView {
  const remote = association?.remote ?? [];
  const peers = remote.length === 0
    ? 0
    : NLA_HEADER_SIZE + uapi.SOCKADDR_STORAGE_SIZE * remote.length;
  const view = new DataView(new ArrayBuffer(uapi.INET_DIAG_MSG_SIZE + peers));
  view.setUint8(uapi.MSG_FAMILY, family);
  view.setUint8(uapi.MSG_STATE, state);
  view.setUint16(uapi.MSG_SPORT, port, false);
  setAddress(view, uapi.MSG_SRC, local[0]!);
  view.setUint32(uapi.MSG_COOKIE, uapi.INET_DIAG_NOCOOKIE, true);
  view.setUint32(uapi.MSG_COOKIE + 4, uapi.INET_DIAG_NOCOOKIE, true);
  view.setUint32(uapi.MSG_UID, uid, true);
  view.setUint32(uapi.MSG_INODE, inode, true);
  if (association === null) return view;
  view.setUint16(uapi.MSG_DPORT, association.remotePort, false);
  setAddress(view, uapi.MSG_DST, remote[0]!);
  view.setUint32(uapi.MSG_RQUEUE, association.receiveQueue, true);
  view.setUint32(uapi.MSG_WQUEUE, association.sendQueue, true);
  view.setUint16(uapi.INET_DIAG_MSG_SIZE, peers, true);
  view.setUint16(uapi.INET_DIAG_MSG_SIZE + 2, uapi.INET_DIAG_PEERS, true);
  for (const [i, address] of remote.entries()) {
    const at = uapi.INET_DIAG_MSG_SIZE + NLA_HEADER_SIZE + uapi.SOCKADDR_STORAGE_SIZE * i;
    const v6 = address.includes(":");
    view.setUint16(at, v6 ? AF_INET6 : AF_INET, true);
    view.setUint16(at + 2, association.remotePort, false);
    setAddress(view, at + (v6 ? 8 : 4), address);
  }
  return view;
}

function setAddress(view: DataView, at: number, address: string): void {
  for (const [i, byte] of (parseAddress(address) ?? []).entries()) view.setUint8(at + i, byte);
}
