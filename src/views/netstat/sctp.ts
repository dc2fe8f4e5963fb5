/**
 * Rows of the SCTP tables: /proc/net/sctp/eps and assocs.
 *
 * @module
 */
import type { SctpAssociation, SctpEndpoint } from "../../proc/sctp.ts";
import { plainAddress, tailCells } from "./internet_row.ts";
import type { NetstatLayout, NetstatNames } from "./layout.ts";
import { TCP_STATES } from "./tcp.ts";

const INDENT = " ".repeat(20);

/** An endpoint: one line for each of its addresses. The state is that of the socket, by the names of TCP. */
export function sctpEndpointRows(
  endpoint: SctpEndpoint,
  layout: NetstatLayout,
  names: NetstatNames,
): string {
  const port = names.port(endpoint.port, "sctp");
  let text = "";
  endpoint.addresses.forEach((address, i) => {
    const first = i === 0;
    const state = first ? TCP_STATES[endpoint.socketState] ?? "UNKNOWN" : "";
    const local = `${names.host(plainAddress(address))}:${port}`;
    text += `${first ? "" : "\n"}${first ? "sctp".padEnd(20) : INDENT}${local.padEnd(47)} ${
      state.padEnd(11)
    }`;
  });
  return text + tailCells(endpoint.uid, endpoint.inode, () => "", layout, names);
}

/** An association: its addresses side by side, the first pair with ports. */
export function sctpAssociationRows(
  association: SctpAssociation,
  layout: NetstatLayout,
  names: NetstatNames,
): string {
  const { local, remote } = association;
  const localPort = names.port(association.localPort, "sctp");
  const remotePort = names.port(association.remotePort, "sctp");
  let text = "";
  for (let i = 0; i < Math.max(local.length, remote.length, 1); i++) {
    const side = (address: string | undefined, port: string) => {
      if (address === undefined) return " ".repeat(23);
      const host = names.host(plainAddress(address));
      return (i === 0 ? `${host}:${port}` : host).padEnd(23);
    };
    const state = i === 0 ? TCP_STATES[association.socketState] ?? "UNKNOWN" : "";
    const head = i === 0
      ? `sctp   ${String(association.receiveQueue).padStart(5)} ${
        String(association.sendQueue).padStart(6)
      } `
      : `\n${INDENT}`;
    text += `${head}${side(local[i], localPort)} ${side(remote[i], remotePort)} ${
      state.padEnd(11)
    }`;
  }
  return text + tailCells(association.uid, association.inode, () => "", layout, names);
}
