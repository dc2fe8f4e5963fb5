/**
 * Describes open files as lsof does: type, device, size or offset, node, name.
 *
 * @module
 */
import type { Device, FileStatus } from "../../../../ffi/stat.ts";
import {
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
} from "../../../../ffi/stat.ts";
import type { DescriptorInfo } from "../../../proc/fdinfo.ts";
import type { FileDraft, LsofFormat, SocketState } from "../layout/row.ts";
import type { InternetSocket, KnownSocket } from "./sockets.ts";

/** A link that does not lead to a path: `pipe:[1]`, `anon_inode:[eventfd]`. What stands after the colon may be empty. */
export function splitTarget(target: string): { path: string; rest: string } {
  const colon = target.startsWith("/") ? -1 : target.indexOf(":");
  return colon < 0
    ? { path: target, rest: "" }
    : { path: target.slice(0, colon), rest: target.slice(colon + 1) };
}

const TYPES: ReadonlyMap<number, string> = new Map([
  [S_IFBLK, "BLK"],
  [S_IFCHR, "CHR"],
  [S_IFDIR, "DIR"],
  [S_IFIFO, "FIFO"],
  [S_IFREG, "REG"],
  [S_IFLNK, "LINK"],
]);

/** True where an offset means more than a size. */
export function hasOffset(status: FileStatus): boolean {
  const type = status.mode & S_IFMT;
  return type === S_IFBLK || type === S_IFCHR || type === S_IFIFO;
}

/** True for a file that the kernel made without a file system: an epoll set, a timer. */
export function isAnonymous(status: FileStatus, path: string): boolean {
  return (status.mode & S_IFMT) === 0 && path === "anon_inode";
}

/** Fills in all but the name for a file that is not a socket. `partial`: only device and inode are known. */
export function describeFile(
  row: FileDraft,
  path: string,
  status: FileStatus,
  format: LsofFormat,
  messageQueues: Device | null,
  partial = false,
): void {
  const type = status.mode & S_IFMT;
  row.device = status.device;
  row.inode = status.inode;
  if (type === S_IFCHR || type === S_IFBLK) row.specialDevice = status.specialDevice;
  if (!hasOffset(status) && format.sizeOrOffset !== "offset" && !partial) row.size = status.size;
  if (format.linkCount && !partial) row.linkCount = status.linkCount;
  row.type = TYPES.get(type) ??
    (isAnonymous(status, path) ? "a_inode" : (type >>> 12).toString(8).padStart(4, "0"));
  if (
    type === S_IFREG && messageQueues !== null && messageQueues.major === status.device.major &&
    messageQueues.minor === status.device.minor
  ) row.type = "PSXMQ";
}

/** The name of a file without a path, with what fdinfo tells of it. */
export function anonymousName(rest: string, info: DescriptorInfo | null): string {
  if (rest === "[eventfd]" && info?.eventfdId != null && info.eventfdId >= 0) {
    return `[eventfd:${info.eventfdId}]`;
  }
  if (rest === "[pidfd]" && info?.pid != null && info.pid >= 0) return `[pidfd:${info.pid}]`;
  if (rest === "[eventpoll]" && info !== null && info.watched.length > 0) {
    return `[eventpoll:${watchedText(info.watched.slice(0, EPOLL_SHOWN))}]`;
  }
  return rest;
}

/** Most descriptors of an epoll set that lsof names. */
const EPOLL_SHOWN = 32;

function watchedText(numbers: readonly number[]): string {
  return numbers.join(",");
}

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
/** __SO_ACCEPTCON, include/linux/net.h. */
const LISTENS = 0x10000;

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

/** What lsof takes for the path of a unix socket: up to a space, a tab or a colon; `null` when nothing is left. */
export function unixPath(path: string | null): string | null {
  const cut = path === null ? "" : /^[ \t]*([^ \t:]*)/.exec(path)![1]!;
  return cut === "" ? null : cut;
}

function unixState(flags: number, state: number): SocketState {
  const stateName = flags === LISTENS ? "LISTEN" : UNIX_STATES[state] ?? "UNKNOWN";
  return { stateName, receiveQueue: null, sendQueue: null };
}

/** Where a socket is read and written: 0, or `null` where offsets are not to be shown. */
export function socketOffset({ sizeOrOffset }: LsofFormat): 0 | null {
  return sizeOrOffset === "size" ? null : 0;
}

/** Fills in a socket that some table knows, but for those of TCP and UDP. */
export function describeSocket(
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
