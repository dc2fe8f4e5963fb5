/**
 * Rows of sockets that are not TCP or UDP: unix, raw, ICMP, netlink and packet.
 *
 * @module
 */
import { SO_ACCEPTCON } from "../../../proc/net_unix.ts";
import type { InternetSocket, KnownSocket } from "../gather/sockets.ts";
import type { FileDraft, LsofFormat, SocketState } from "./row.ts";

/** SOCK_*, include/linux/net.h. */
const SOCKET_TYPES: ReadonlyMap<number, string> = new Map([
  [1, "STREAM"],
  [2, "DGRAM"],
  [3, "RAW"],
  [4, "RDM"],
  [5, "SEQPACKET"],
  [6, "DCCP"],
  [10, "PACKET"],
]);

/** SS_*, include/uapi/linux/net.h. */
const UNIX_STATES = ["FREE", "UNCONNECTED", "CONNECTING", "CONNECTED", "DISCONNECTING"];

/** NETLINK_*, include/uapi/linux/netlink.h. */
const NETLINK_PROTOCOLS: ReadonlyMap<number, string> = new Map([
  [0, "ROUTE"],
  [1, "UNUSED"],
  [2, "USERSOCK"],
  [3, "FIREWALL"],
  [4, "INET_DIAG"],
  [5, "NFLOG"],
  [6, "XFRM"],
  [7, "SELINUX"],
  [8, "ISCSI"],
  [9, "AUDIT"],
  [10, "FIB_LOOKUP"],
  [11, "CONNECTOR"],
  [12, "NETFILTER"],
  [13, "IP6_FW"],
  [14, "DNRTMSG"],
  [15, "KOBJECT_UEVENT"],
  [16, "GENERIC"],
  [18, "SCSITRANSPORT"],
  [19, "ECRYPTFS"],
  [20, "RDMA"],
  [21, "CRYPTO"],
]);

/** ETH_P_*, include/uapi/linux/if_ether.h, as lsof abbreviates them. */
const ETHER_TYPES: ReadonlyMap<number, string> = new Map([
  [0x0001, "802.3"],
  [0x0002, "AX25"],
  [0x0003, "ALL"],
  [0x0004, "802.2"],
  [0x0005, "SNAP"],
  [0x0006, "DDCMP"],
  [0x0007, "WAN_PPP"],
  [0x0008, "PPP MP"],
  [0x0009, "LCLTALK"],
  [0x0010, "PPPTALK"],
  [0x0011, "802.2"],
  [0x0015, "MOBITEX"],
  [0x0016, "CONTROL"],
  [0x0017, "IRDA"],
  [0x0018, "ECONET"],
  [0x0019, "HDLC"],
  [0x001a, "ARCNET"],
  [0x0060, "LOOP"],
  [0x0200, "PUP"],
  [0x0201, "PUPAT"],
  [0x0800, "IP"],
  [0x0805, "X25"],
  [0x0806, "ARP"],
  [0x08ff, "BPQ"],
  [0x0a00, "I3EPUP"],
  [0x0a01, "I3EPUPA"],
  [0x6000, "DEC"],
  [0x6001, "DNA_DL"],
  [0x6002, "DNA_RC"],
  [0x6003, "DNA_RT"],
  [0x6004, "LAT"],
  [0x6005, "DIAG"],
  [0x6006, "CUST"],
  [0x6007, "SCA"],
  [0x8035, "RARP"],
  [0x809b, "ATALK"],
  [0x80f3, "AARP"],
  [0x8100, "8021Q"],
  [0x8137, "IPX"],
  [0x86dd, "IPV6"],
  [0x8809, "SLOW"],
  [0x883e, "WCCP"],
  [0x8847, "MPLS_UC"],
  [0x8848, "MPLS_MC"],
  [0x884c, "ATMMPOA"],
  [0x8863, "PPP_DIS"],
  [0x8864, "PPP_SES"],
  [0x8884, "ATMFATE"],
  [0x88a2, "AOE"],
  [0x88ca, "TIPC"],
]);

/** The path of a unix socket as lsof reads it: up to a space, a tab or a colon; `null` when nothing is left. */
export function unixPath(path: string | null): string | null {
  const cut = path === null ? "" : /^[ \t]*([^ \t:]*)/.exec(path)![1]!;
  return cut === "" ? null : cut;
}

function unixState(flags: number, state: number): SocketState {
  const stateName = flags === SO_ACCEPTCON ? "LISTEN" : UNIX_STATES[state] ?? "UNKNOWN";
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
      row.name = NETLINK_PROTOCOLS.get(protocol) ?? `unknown protocol: ${protocol}`;
      break;
    }
    case "packet": {
      const { type, protocol } = socket.row;
      row.type = "pack";
      row.deviceText = inode;
      row.protocol = (ETHER_TYPES.get(protocol) ?? String(protocol)).slice(0, 7);
      row.name = `type=${SOCKET_TYPES.has(type) ? "SOCK_" : ""}${socketType(type)}`;
      break;
    }
  }
}

function socketType(type: number): string {
  return SOCKET_TYPES.get(type) ?? `UNKNOWN_TYPE_${type}`;
}
