/**
 * Rows of sockets that are not TCP or UDP: unix, raw, ICMP, netlink, packet and SCTP.
 *
 * @module
 */
import { lsofEthertypeName } from "../../../families/ethertypes.ts";
import { lsofNetlinkProtocolName } from "../../../families/netlink_protocols.ts";
import { kernelSocketType } from "../../../model/socket_type.ts";
import { SO_ACCEPTCON, SS_NAMES } from "../../../proc/net_unix.ts";
import type { InternetSocket } from "../gather/internet_sockets.ts";
import type { KnownSocket } from "../gather/sockets.ts";
import { sctpName } from "./sctp.ts";
import type { FileDraft, LsofFormat, SocketState } from "./row.ts";

/** The path of a unix socket as lsof reads it: up to a space, a tab or a colon; `null` when nothing is left. */
export function unixPath(path: string | null): string | null {
  const cut = path === null ? "" : /^[ \t]*([^ \t:]*)/.exec(path)![1]!;
  return cut === "" ? null : cut;
}

function unixState(flags: number, state: number): SocketState {
  const stateName = flags === SO_ACCEPTCON ? "LISTEN" : SS_NAMES[state] ?? "UNKNOWN";
  return { stateName, receiveQueue: null, sendQueue: null };
}

/** The offset of a socket, which is always 0; `null` when `-s` hides offsets. */
export function socketOffset({ sizeOrOffset }: LsofFormat): 0 | null {
  return sizeOrOffset === "size" ? null : 0;
}

/** Fills in the row of a socket that was found in one of the tables in /proc/net. */
export function fillSocketRow(
  row: FileDraft,
  inode: number,
  socket: Exclude<KnownSocket, InternetSocket>,
): void {
  switch (socket.kind) {
    case "unix": {
      const { address, flags, type, state, path } = socket.row;
      row.type = "unix";
      row.deviceText = `0x${address}`;
      row.inode = inode;
      const shown = unixPath(path);
      row.name = `${shown === null ? "" : `${shown} `}type=${socketType(type)}`;
      row.state = unixState(flags, state);
      break;
    }
    case "raw":
    case "raw6":
      row.type = socket.kind;
      row.inode = inode;
      row.name = `${socket.row.local}->${socket.row.remote} st=${socket.row.state}`;
      break;
    case "icmp":
      row.type = "icmp";
      row.inode = inode;
      row.name = `${socket.row.local}->${socket.row.remote}`;
      break;
    case "netlink": {
      const { protocol } = socket.row;
      row.type = "netlink";
      row.inode = inode;
      row.name = lsofNetlinkProtocolName(protocol) ?? `unknown protocol: ${protocol}`;
      break;
    }
    case "packet": {
      const { type, ethertype } = socket.row;
      row.type = "pack";
      row.deviceText = inode;
      row.protocol = lsofEthertypeName(ethertype).slice(0, 7);
      row.name = `type=${kernelSocketType(type) === null ? "" : "SOCK_"}${socketType(type)}`;
      break;
    }
    case "sctp":
      row.type = "sock";
      row.deviceText = inode;
      row.protocol = "SCTP";
      row.name = sctpName(socket.row);
      break;
  }
}

function socketType(type: number): string {
  return kernelSocketType(type) ?? `UNKNOWN_TYPE_${type}`;
}
