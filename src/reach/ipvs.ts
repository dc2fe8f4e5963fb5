/**
 * Virtual services of IPVS: which ports the kernel's load balancer hands to which servers.
 *
 * Source: include/uapi/linux/{ip_vs.h,genetlink.h}, net/netfilter/ipvs/ip_vs_ctl.c. Generic netlink wants CAP_NET_ADMIN;
 * /proc/net/ip_vs tells everybody the same.
 *
 * @module
 */
import { ENOENT, SyscallError } from "../../ffi/errno.ts";
import { AF_INET, AF_INET6 } from "../../ffi/socket.ts";
import { DecodeError } from "../model/decode_error.ts";
import { formatAddress, formatIpv4, parseAddress } from "../model/endpoint.ts";
import { AttributeCursor } from "../netlink/attribute.ts";
import { MessageBuilder } from "../netlink/builder.ts";
import { Connection, NETLINK_GENERIC, type NetlinkSocket } from "../netlink/connection.ts";
import { dumpWhole } from "../netlink/dump.ts";
import { NetlinkError } from "../netlink/error.ts";
import { NLM_F_DUMP, NLM_F_REQUEST } from "../netlink/header.ts";
import type { ProcRoot } from "../proc/root.ts";
import { latin1Text } from "../text/encoding.ts";

/** struct genlmsghdr: cmd u8 0, version u8 1, reserved u16 2. */
const GENL_HEADER_SIZE = 4;
const GENL_ID_CTRL = 16;
const CTRL_CMD_GETFAMILY = 3;
/** u16 */
const CTRL_ATTR_FAMILY_ID = 1;
/** Text. */
const CTRL_ATTR_FAMILY_NAME = 2;
const CTRL_VERSION = 2;

const IPVS_FAMILY = "IPVS";
const IPVS_VERSION = 1;
const IPVS_CMD_GET_SERVICE = 4;
const IPVS_CMD_GET_DEST = 8;
/** Nests. */
const IPVS_CMD_ATTR_SERVICE = 1;
const IPVS_CMD_ATTR_DEST = 2;
/** u16, host byte order. */
const IPVS_SVC_ATTR_AF = 1;
const IPVS_SVC_ATTR_PROTOCOL = 2;
/** 16 bytes, of which IPv4 uses the first four. */
const IPVS_SVC_ATTR_ADDR = 3;
/** be16 */
const IPVS_SVC_ATTR_PORT = 4;
/** u32: instead of protocol, address and port. */
const IPVS_SVC_ATTR_FWMARK = 5;
const IPVS_DEST_ATTR_ADDR = 1;
/** be16 */
const IPVS_DEST_ATTR_PORT = 2;
/** u32 */
const IPVS_DEST_ATTR_WEIGHT = 4;
/** u16. Absent before Linux 3.18, where servers are of the family of their service. */
const IPVS_DEST_ATTR_ADDR_FAMILY = 11;

const PROTOCOLS: ReadonlyMap<number, VirtualService["protocol"]> = new Map([
  [6, "tcp"],
  [17, "udp"],
  [132, "sctp"],
]);

/** One service, with the servers that share it. */
interface VirtualService {
  readonly protocol: "tcp" | "udp" | "sctp";
  readonly address: string;
  readonly port: number;
  readonly servers: readonly VirtualServer[];
}

interface VirtualServer {
  readonly address: string;
  readonly port: number;
  /** 0: no new connections. */
  readonly weight: number;
}

/** The services of a network namespace. */
export interface VirtualServices {
  readonly services: readonly VirtualService[];
  /** False if there are services that this program does not understand, such as those of a firewall mark, or may not read. */
  readonly complete: boolean;
}

const NONE: VirtualServices = { services: [], complete: true };

/**
 * Reads the services of the namespace that `root` shows. Without the module there is no file, and nothing more is asked: the
 * name of the netlink family would make the kernel load it. `open`: `null` where netlink leads to another namespace.
 */
export function readVirtualServices(
  root: ProcRoot,
  open: (() => NetlinkSocket) | null = () => new Connection(NETLINK_GENERIC),
): VirtualServices {
  const table = root.readNet("ip_vs");
  if (table === -ENOENT) return NONE;
  const asked = open === null ? null : askKernel(open);
  if (asked !== null) return asked;
  return typeof table === "number"
    ? { services: [], complete: false }
    : parseVirtualServices(latin1Text(table));
}

// `null` where the kernel does not answer.
function askKernel(open: () => NetlinkSocket): VirtualServices | null {
  let transport: NetlinkSocket | undefined;
  try {
    transport = open();
    const family = familyId(transport);
    return family === null ? null : listServices(transport, family);
  } catch (error) {
    if (
      error instanceof NetlinkError || error instanceof SyscallError || error instanceof DecodeError
    ) {
      return null;
    }
    throw error;
  } finally {
    transport?.close();
  }
}

/** The message type of IPVS; `null` where it is not registered. All families are listed: asking for one by name may load a module. */
function familyId(transport: NetlinkSocket): number | null {
  let found: number | null = null;
  const request = new MessageBuilder(GENL_ID_CTRL, NLM_F_REQUEST | NLM_F_DUMP)
    .u8(CTRL_CMD_GETFAMILY).u8(CTRL_VERSION).u16(0).finish();
  dumpWhole(transport, request, "list generic netlink families", {
    message(view, start, end) {
      const attributes = new AttributeCursor(view, start + GENL_HEADER_SIZE, end);
      let id: number | null = null;
      let name = "";
      while (attributes.next()) {
        if (attributes.type === CTRL_ATTR_FAMILY_ID) id = attributes.u16();
        if (attributes.type === CTRL_ATTR_FAMILY_NAME) name = attributes.string();
      }
      if (name === IPVS_FAMILY) found = id;
    },
    restart: () => found = null,
  });
  return found;
}

/** A service as the kernel tells it, with what names it in a request. */
interface RawService {
  readonly key: ReadonlyMap<number, Uint8Array>;
  readonly family: number;
  readonly protocol: number;
  readonly address: string | null;
  readonly port: number;
}

function listServices(transport: NetlinkSocket, family: number): VirtualServices {
  const raw: RawService[] = [];
  const request = ask(family, IPVS_CMD_GET_SERVICE).finish();
  each(transport, request, "list IPVS services", IPVS_CMD_ATTR_SERVICE, {
    nest: (service) => raw.push(rawService(service)),
    restart: () => raw.length = 0,
  });
  let complete = true;
  const services: VirtualService[] = [];
  for (const { key, family: addressFamily, protocol: number, address, port } of raw) {
    const protocol = PROTOCOLS.get(number);
    if (protocol === undefined || address === null) {
      complete = false;
      continue;
    }
    const servers: VirtualServer[] = [];
    const builder = ask(family, IPVS_CMD_GET_DEST).nest(IPVS_CMD_ATTR_SERVICE, (nest) => {
      for (const [type, bytes] of key) nest.attribute(type, bytes);
    });
    each(transport, builder.finish(), "list IPVS servers", IPVS_CMD_ATTR_DEST, {
      nest(destination) {
        const server = serverOf(destination, addressFamily);
        if (server !== null) servers.push(server);
        else complete = false;
      },
      restart: () => servers.length = 0,
    });
    services.push({ protocol, address, port, servers });
  }
  return { services, complete };
}

function ask(family: number, command: number): MessageBuilder {
  return new MessageBuilder(family, NLM_F_REQUEST | NLM_F_DUMP)
    .u8(command).u8(IPVS_VERSION).u16(0);
}

/** Gives each nest of this type in the answer. */
function each(
  transport: NetlinkSocket,
  request: Uint8Array,
  what: string,
  type: number,
  sink: { nest(attributes: AttributeCursor): void; restart(): void },
): void {
  dumpWhole(transport, request, what, {
    message(view, start, end) {
      const attributes = new AttributeCursor(view, start + GENL_HEADER_SIZE, end);
      while (attributes.next()) if (attributes.type === type) sink.nest(attributes.nested());
    },
    restart: () => sink.restart(),
  });
}

/** The attributes that name a service. */
const KEY: ReadonlySet<number> = new Set([
  IPVS_SVC_ATTR_AF,
  IPVS_SVC_ATTR_PROTOCOL,
  IPVS_SVC_ATTR_ADDR,
  IPVS_SVC_ATTR_PORT,
  IPVS_SVC_ATTR_FWMARK,
]);

function rawService(attributes: AttributeCursor): RawService {
  const key = new Map<number, Uint8Array>();
  let [family, protocol, port] = [0, 0, 0];
  while (attributes.next()) {
    const { type } = attributes;
    if (!KEY.has(type)) continue;
    key.set(type, attributes.bytes());
    if (type === IPVS_SVC_ATTR_AF) family = attributes.u16();
    if (type === IPVS_SVC_ATTR_PROTOCOL) protocol = attributes.u16();
    if (type === IPVS_SVC_ATTR_PORT) port = bigEndian16(attributes.bytes());
  }
  const address = key.get(IPVS_SVC_ATTR_ADDR);
  return {
    key,
    family,
    protocol,
    address: address === undefined ? null : addressText(address, family),
    port,
  };
}

function serverOf(attributes: AttributeCursor, serviceFamily: number): VirtualServer | null {
  let family = serviceFamily;
  let address: Uint8Array | null = null;
  let [port, weight] = [0, 0];
  while (attributes.next()) {
    switch (attributes.type) {
      case IPVS_DEST_ATTR_ADDR:
        address = attributes.bytes();
        break;
      case IPVS_DEST_ATTR_PORT:
        port = bigEndian16(attributes.bytes());
        break;
      case IPVS_DEST_ATTR_WEIGHT:
        weight = attributes.u32();
        break;
      case IPVS_DEST_ATTR_ADDR_FAMILY:
        family = attributes.u16();
        break;
    }
  }
  const text = address === null ? null : addressText(address, family);
  return text === null ? null : { address: text, port, weight };
}

function bigEndian16(bytes: Uint8Array): number {
  if (bytes.length < 2) throw new DecodeError("ip_vs port", 0, "2 bytes are needed");
  return bytes[0]! << 8 | bytes[1]!;
}

/** `null` for a family that is not IP, or too few bytes. */
function addressText(bytes: Uint8Array<ArrayBufferLike>, family: number): string | null {
  const size = family === AF_INET ? 4 : family === AF_INET6 ? 16 : 0;
  if (size === 0 || bytes.length < size) return null;
  return formatAddress(bytes.subarray(0, size));
}

/** Parses /proc/net/ip_vs. What is no service of an address and a port, such as one of a firewall mark, is passed over. */
export function parseVirtualServices(text: string): VirtualServices {
  const services: VirtualService[] = [];
  let complete = true;
  let servers: VirtualServer[] | null = null;
  for (const line of text.split("\n")) {
    const server = /^\s+->\s+(\S+):([0-9A-F]{4})\s+\S+\s+(\d+)/.exec(line);
    if (server !== null) {
      const address = addressOf(server[1]!);
      if (address === null) complete = false;
      else servers?.push({ address, port: parseInt(server[2]!, 16), weight: Number(server[3]) });
      continue;
    }
    // The two lines of the header, the one of its columns, and the end.
    if (/^(IP Virtual Server|Prot |\s+-> RemoteAddress|\s*$)/.test(line)) continue;
    const service = /^(TCP|UDP|SCTP)\s+(\S+):([0-9A-F]{4})\s/.exec(line);
    const address = service === null ? null : addressOf(service[2]!);
    if (service === null || address === null) {
      servers = null;
      complete = false;
      continue;
    }
    servers = [];
    const protocol = service[1]!.toLowerCase() as VirtualService["protocol"];
    services.push({ protocol, address, port: parseInt(service[3]!, 16), servers });
  }
  return { services, complete };
}

// 0A600001, or [2001:0db8:...] in brackets.
function addressOf(text: string): string | null {
  if (/^[0-9A-F]{8}$/.test(text)) return formatIpv4(parseInt(text, 16));
  const bytes = /^\[.*\]$/.test(text) ? parseAddress(text.slice(1, -1)) : undefined;
  return bytes === undefined ? null : formatAddress(bytes);
}
