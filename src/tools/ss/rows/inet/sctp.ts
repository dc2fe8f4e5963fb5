/**
 * SCTP in ss mode.
 *
 * @module
 */
import { AF_INET, AF_INET6 } from "../../../../../ffi/socket.ts";
import type { SsTable } from "../../layout/table.ts";
import { writeIpv6Bare } from "./address.ts";
import type { InetMessage } from "../../../../families/inet/message.ts";
import { eachSockaddr, SCTP_INFO_FIELDS, sctpValue } from "../../../../families/inet/sctp_info.ts";
import {
  INET_DIAG_INFO,
  INET_DIAG_LOCALS,
  INET_DIAG_PEERS,
} from "../../../../families/inet/uapi.ts";

/** States of an association: enum sctp_state (include/net/sctp/constants.h). */
const STATES = [
  "CLOSED",
  "COOKIE_WAIT",
  "COOKIE_ECHOED",
  "ESTAB",
  "SHUTDOWN_PENDING",
  "SHUTDOWN_SENT",
  "SHUTDOWN_RECEIVED",
  "ACK_SENT",
] as const;

/** Name of an association's state. */
export function sctpStateName(state: number): string {
  return STATES[state] ?? "UNDEF";
}

/** Which fields of struct sctp_info ss shows, and what it calls them. 0 is not shown. */
const LABELS: Readonly<Record<string, string>> = {
  tag: "tag",
  state: "state",
  rwnd: "rwnd",
  unackdata: "unackdata",
  penddata: "penddata",
  instrms: "instrms",
  outstrms: "outstrms",
  inqueue: "inqueue",
  outqueue: "outqueue",
  overall_error: "overerr",
  max_burst: "maxburst",
  maxseg: "maxseg",
  peer_rwnd: "prwnd",
  peer_tag: "ptag",
  peer_capable: "pcapable",
  peer_sack: "psack",
  s_autoclose: "autoclose",
  s_adaptation_ind: "adapind",
  s_pd_point: "pdpoint",
  s_nodelay: "nodelay",
  s_disable_fragments: "nofrag",
  s_v4mapped: "v4mapped",
  s_frag_interleave: "fraginl",
};

/** Writes the addresses of both ends, then sctp_info. */
export function writeSctpInfo(cells: SsTable, message: InetMessage): void {
  writeAddresses(cells, " locals:", message, INET_DIAG_LOCALS);
  writeAddresses(cells, " peers:", message, INET_DIAG_PEERS);
  const start = message.attributeOffset(INET_DIAG_INFO);
  const length = message.attributeLength(INET_DIAG_INFO);
  if (start < 0) return;
  const { view } = message;
  for (const field of SCTP_INFO_FIELDS) {
    const [name, offset, width] = field;
    if (offset + width > length) break;
    const label = LABELS[name];
    if (label === undefined) continue;
    const value = Number(sctpValue(view, start, field));
    if (value === 0) continue;
    cells.text(` ${label}:`);
    if (name === "state") cells.text(sctpStateName(value));
    else if (name === "tag" || name === "peer_tag") cells.hex(value);
    else cells.decimal(value | 0);
  }
}

function writeAddresses(cells: SsTable, label: string, message: InetMessage, type: number): void {
  const start = message.attributeOffset(type);
  if (start < 0) return;
  const { view } = message;
  let first = true;
  eachSockaddr(view, start, message.attributeLength(type), (family, at) => {
    cells.text(first ? label : ",");
    first = false;
    if (family === AF_INET) cells.ipv4(view.getUint32(at, false));
    else if (family === AF_INET6) writeIpv6Bare(cells, view, at);
  });
}
