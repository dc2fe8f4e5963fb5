/**
 * The rows of the SCTP tables, /proc/net/sctp/eps and assocs.
 *
 * @module
 */
import type { SctpAssociation, SctpEndpoint } from "../../../proc/sctp.ts";
import { netstatStateName } from "../../../model/state.ts";
import { type RowContext, writeTail } from "./internet.ts";

const LABEL = "sctp";
const INDENT = 20;

/** Writes an endpoint: a line for each of its addresses. The state is that of the socket, with the names of TCP. */
export function writeSctpEndpoint(endpoint: SctpEndpoint, context: RowContext): void {
  const { row, names } = context;
  const port = names.port(endpoint.port, "sctp");
  endpoint.addresses.forEach((address, i) => {
    if (i > 0) row.byte(0x0a);
    row.left(i === 0 ? LABEL : "", INDENT);
    row.left(`${names.host(address)}:${port}`, 47);
    row.byte(0x20);
    row.left(i === 0 ? netstatStateName(endpoint.socketState) : "", 11);
  });
  writeTail(context, endpoint.uid, endpoint.inode, () => "");
}

/** Writes an association: a line for each pair of its addresses, the first with the ports. */
export function writeSctpAssociation(association: SctpAssociation, context: RowContext): void {
  const { row, names } = context;
  const { local, remote } = association;
  const localPort = names.port(association.localPort, "sctp");
  const remotePort = names.port(association.remotePort, "sctp");
  for (let i = 0; i < Math.max(local.length, remote.length); i++) {
    const side = (address: string | undefined, port: string) => {
      const host = address === undefined ? "" : names.host(address);
      row.left(i === 0 ? `${host}:${port}` : host, 23);
      row.byte(0x20);
    };
    if (i === 0) {
      row.left(LABEL, 6);
      row.right(association.receiveQueue, 6);
      row.byte(0x20);
      row.right(association.sendQueue, 6);
      row.byte(0x20);
    } else {
      row.byte(0x0a);
      row.left("", INDENT);
    }
    side(local[i], localPort);
    side(remote[i], remotePort);
    row.left(i === 0 ? netstatStateName(association.socketState) : "", 11);
  }
  writeTail(context, association.uid, association.inode, () => "");
}
