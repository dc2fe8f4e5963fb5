/**
 * Destroy: asks the kernel to close sockets, and finds out whether each was closed. It does not matter which processes have them.
 *
 * The kernel looks a socket up by its addresses, as it does for a packet that comes in, and then compares the cookie. Of
 * several sockets with one address it finds one, and answers ENOENT for the others. So its answer is no verdict: that comes
 * from its table, read afterwards.
 *
 * @module
 */
import { ENOENT, EOPNOTSUPP, EPERM, SyscallError } from "../../../ffi/errno.ts";
import type { NetlinkSocket } from "../../netlink/connection.ts";
import { cookieOf } from "../../model/cookie.ts";
import { DecodeError } from "../../model/decode_error.ts";
import type { Expr } from "../../filter/ast.ts";
import { single } from "../../filter/ranges.ts";
import { ALL_STATES, TCP_BOUND_INACTIVE, TCP_CLOSE } from "../../model/state.ts";
import { dump } from "../../netlink/dump.ts";
import { execute } from "../../netlink/execute.ts";
import { NetlinkError } from "../../netlink/error.ts";
import { SOCK_DESTROY, SOCK_DIAG_BY_FAMILY } from "../../netlink/message_types.ts";
import { NLM_F_ACK, NLM_F_REQUEST, NLMSG_HEADER_SIZE } from "../../netlink/header.ts";
import { MessageBuilder } from "../../netlink/builder.ts";
import { compile } from "./bytecode.ts";
import { InetMessage } from "./message.ts";
import { dumpRequest } from "./request.ts";
import * as uapi from "./uapi.ts";

/**
 * A SOCK_DESTROY request for the socket of a message, with the 48 bytes of struct inet_diag_sockid as they were dumped.
 * `protocol` is that of the dump. `null` without a cookie, as in rows of /proc: addresses alone might close another
 * socket, and an IPv4 request even an IPv6 listener.
 */
export function destroyRequest(
  message: InetMessage,
  protocol: number,
): Uint8Array<ArrayBuffer> | null {
  if (message.cookie === null) return null;
  const { view, start } = message;
  const rawProtocol = Math.max(0, message.u8Attribute(uapi.INET_DIAG_PROTOCOL));
  const request = new MessageBuilder(SOCK_DESTROY, NLM_F_REQUEST | NLM_F_ACK)
    .u8(message.family)
    .u8(Math.min(protocol, uapi.IPPROTO_RAW))
    .u8(0)
    // struct inet_diag_req_raw has the protocol of the raw socket instead of the padding.
    .u8(protocol === uapi.IPPROTO_RAW ? rawProtocol : 0)
    .u32(0)
    .bytes(
      new Uint8Array(view.buffer, view.byteOffset + start + uapi.MSG_SOCKID, uapi.SOCKID_SIZE),
    );
  if (protocol > uapi.IPPROTO_RAW) request.u32Attribute(uapi.INET_DIAG_REQ_PROTOCOL, protocol);
  return request.finish();
}

/**
 * The outcome for a socket. `closed`: the kernel accepted the request, and its table has the socket no more. `bound`: it lost its
 * peer or no longer listens, and its owner got an error, but it keeps the port that its owner gave to bind(2). `gone`: it was not
 * found, neither by its addresses nor in the table. `hidden`: it is there, and the kernel finds only other sockets by its
 * addresses. `remains`: the kernel accepted the request, and the socket is as it was. `denied`: it takes CAP_NET_ADMIN.
 * `unsupported`: the kernel was built without CONFIG_INET_DIAG_DESTROY, or the protocol cannot do it. `unread`: the table
 * could not be read afterwards.
 */
export type Destroyed =
  | "closed"
  | "bound"
  | "gone"
  | "hidden"
  | "remains"
  | "denied"
  | "unsupported"
  | { readonly error: string }
  | { readonly unread: string };

type Cookie = ReturnType<typeof cookieOf>;

/** What the kernel answers to one request. */
type Answer = "accepted" | "not_found" | "denied" | "unsupported" | { readonly error: string };

// Offsets in a request, with the netlink header.
const REQ_FAMILY = NLMSG_HEADER_SIZE;
const REQ_PROTOCOL = NLMSG_HEADER_SIZE + 1;
const REQ_ID = NLMSG_HEADER_SIZE + 8;
const idField = (field: number) => REQ_ID + field - uapi.MSG_SOCKID;
const REQ_SPORT = idField(uapi.MSG_SPORT);
const REQ_DPORT = idField(uapi.MSG_DPORT);
const REQ_SRC = idField(uapi.MSG_SRC);
const REQ_DST = idField(uapi.MSG_DST);
const REQ_COOKIE = idField(uapi.MSG_COOKIE);
const ADDRESS_SIZE = REQ_DST - REQ_SRC;

/** How often the sockets that are left are asked for again. */
const ROUNDS = 3;

/**
 * Sends requests of {@linkcode destroyRequest}, all of one network namespace, and returns the outcome for each socket. No dump may
 * be under way on the connection.
 */
export function destroy(
  connection: NetlinkSocket,
  requests: readonly Uint8Array[],
): Destroyed[] {
  const targets = requests.map((request) => new Target(request));
  for (const target of targets) target.answer = ask(connection, target.request);
  const tables = new Map<string, Target[]>();
  for (const target of targets) {
    if (target.answer !== "accepted" && target.answer !== "not_found") continue;
    const table = tables.get(target.table);
    if (table === undefined) tables.set(target.table, [target]);
    else table.push(target);
  }
  for (const some of tables.values()) retryUntilStable(connection, some);
  return targets.map((target) => target.became());
}

/** A socket to be closed. */
class Target {
  readonly request: Uint8Array;
  readonly #view: DataView;
  answer: Answer = "not_found";
  /** The state of the socket in the table as it was read last, `null` if it is not in it. */
  left: number | null = null;
  /** Why the table could not be read. */
  unread: string | null = null;

  constructor(request: Uint8Array) {
    this.request = request;
    this.#view = new DataView(request.buffer, request.byteOffset, request.byteLength);
  }

  /** What is the same for all sockets of one table of the kernel. */
  get table(): string {
    // An attribute, for protocols that do not fit the byte, and the protocol of a raw socket belong to it.
    return `${this.request.subarray(REQ_FAMILY, REQ_FAMILY + 4)} ${
      this.request.subarray(REQ_ID + uapi.SOCKID_SIZE)
    }`;
  }

  /** What is the same for all sockets that the kernel finds by one address. */
  get place(): string {
    return `${this.port} ${this.request.subarray(REQ_SRC, REQ_DST)} ${
      this.#view.getUint32(idField(uapi.MSG_IF), true)
    }`;
  }

  get port(): number {
    return this.#view.getUint16(REQ_SPORT, false);
  }

  get connected(): boolean {
    return this.#view.getUint16(REQ_DPORT, false) !== 0;
  }

  get cookie(): Cookie {
    const view = this.#view;
    return cookieOf(view.getUint32(REQ_COOKIE, true), view.getUint32(REQ_COOKIE + 4, true));
  }

  get family(): number {
    return this.#view.getUint8(REQ_FAMILY);
  }

  /** IPPROTO_*, IPPROTO_RAW for all raw sockets. */
  get protocol(): number {
    return protocolOf(this.request);
  }

  /** True if the kernel only takes the peer away. Kernel: udp_abort, raw_abort. */
  get onlyDisconnects(): boolean {
    return DATAGRAM.includes(this.protocol);
  }

  /** True if it is in the table and is what the request is for, not what a success leaves. */
  get remains(): boolean {
    // The kernel tells the state of a TCP socket that is only bound as CLOSE.
    return this.left !== null &&
      (this.onlyDisconnects
        ? this.answer !== "accepted"
        : this.left !== TCP_CLOSE && this.left !== TCP_BOUND_INACTIVE);
  }

  became(): Destroyed {
    const { answer, left, unread } = this;
    if (answer !== "accepted" && answer !== "not_found") return answer;
    if (unread !== null) return { unread };
    if (left === null) return answer === "accepted" ? "closed" : "gone";
    if (!this.remains) return "bound";
    return answer === "accepted" ? "remains" : "hidden";
  }
}

/** Protocols whose sockets only lose their peer. */
const DATAGRAM: readonly number[] = [
  uapi.IPPROTO_UDP,
  uapi.IPPROTO_UDPLITE,
  uapi.IPPROTO_RAW,
];

function protocolOf(request: Uint8Array): number {
  const view = new DataView(request.buffer, request.byteOffset, request.byteLength);
  const attribute = REQ_ID + uapi.SOCKID_SIZE;
  return request.length >= attribute + 8
    ? view.getUint32(attribute + 4, true)
    : view.getUint8(REQ_PROTOCOL);
}

/** Reads the table, tries again what is still in it, and reads it again, until nothing changes any more. */
function retryUntilStable(connection: NetlinkSocket, targets: readonly Target[]): void {
  readTable(connection, targets);
  for (let round = 1; round < ROUNDS; round++) {
    const left = targets.filter((target) => target.unread === null && target.remains);
    if (left.length === 0) return;
    const places = new Map<string, Target[]>();
    for (const target of left) {
      if (target.connected || target.protocol === uapi.IPPROTO_RAW) {
        // TIME-WAIT and the like: it may have been between two states.
        again(connection, target);
        continue;
      }
      const place = places.get(target.place);
      if (place === undefined) places.set(target.place, [target]);
      else place.push(target);
    }
    for (const some of places.values()) search(connection, some);
    readTable(connection, targets);
  }
}

function again(connection: NetlinkSocket, target: Target): void {
  const answer = ask(connection, target.request);
  if (answer !== "not_found") target.answer = answer;
}

function ask(connection: NetlinkSocket, request: Uint8Array): Answer {
  try {
    // raw_diag_destroy compares no cookie, and would close another program's socket with the same addresses.
    if (
      protocolOf(request) === uapi.IPPROTO_RAW &&
      find(connection, request) !== new Target(request).cookie
    ) return "not_found";
    execute(connection, request, "SOCK_DESTROY");
    return "accepted";
  } catch (error) {
    if (error instanceof NetlinkError) {
      if (error.errno === ENOENT) return "not_found";
      if (error.errno === EPERM) return "denied";
      if (error.errno === EOPNOTSUPP) return "unsupported";
    } else if (!(error instanceof SyscallError)) throw error;
    return { error: error.message };
  }
}

/**
 * Closes sockets that share one address. Which of them the kernel finds depends on the peer, by whose address and port it
 * spreads connections over a group (SO_REUSEPORT). So peers are made up, until each socket was found or the same few come again
 * and again. A socket that a made-up peer finds is closed only if its cookie is one of ours.
 */
function search(connection: NetlinkSocket, targets: readonly Target[]): void {
  const wanted = new Map(targets.map((target) => [target.cookie, target]));
  const seen = new Set<Cookie>();
  const request = targets[0]!.request.slice();
  const view = new DataView(request.buffer);
  request.fill(0, REQ_DST, REQ_DST + ADDRESS_SIZE);
  // A group of n sockets of which one was not found after 16 n peers: the odds are one to nine million.
  for (
    let port = 1, misses = 0;
    wanted.size > 0 && port < 65_536 && misses < 64 + 16 * seen.size;
    port++
  ) {
    view.setUint16(REQ_DPORT, port, false);
    let found: Cookie;
    try {
      found = find(connection, request);
    } catch (error) {
      if (error instanceof NetlinkError || error instanceof SyscallError) return;
      throw error;
    }
    const target = found === null ? undefined : wanted.get(found);
    misses++;
    if (target === undefined) {
      if (found !== null) seen.add(found);
      continue;
    }
    request.set(target.request.subarray(REQ_COOKIE, REQ_COOKIE + 8), REQ_COOKIE);
    const answer = ask(connection, request);
    if (answer === "not_found") continue;
    target.answer = answer;
    wanted.delete(target.cookie);
    // What is only disconnected stays in the group.
    seen.add(target.cookie);
    misses = 0;
  }
}

/** The cookie of the socket that the kernel finds by the addresses of a request; `null` for none. Throws as execute does. */
function find(connection: NetlinkSocket, destroyRequest: Uint8Array): Cookie {
  const request = destroyRequest.slice();
  const view = new DataView(request.buffer);
  view.setUint16(4, SOCK_DIAG_BY_FAMILY, true);
  view.setUint32(REQ_COOKIE, uapi.INET_DIAG_NOCOOKIE, true);
  view.setUint32(REQ_COOKIE + 4, uapi.INET_DIAG_NOCOOKIE, true);
  const protocol = protocolOf(request);
  if (protocol === uapi.IPPROTO_UDP || protocol === uapi.IPPROTO_UDPLITE) {
    // Kernel: udp_dump_one takes both ends the other way round, "for historical reasons"; udp_diag_destroy does not.
    swap(request, REQ_SPORT, REQ_DPORT, 2);
    swap(request, REQ_SRC, REQ_DST, ADDRESS_SIZE);
  }
  let cookie: Cookie = null;
  const message = new InetMessage();
  try {
    execute(connection, request, "look for a socket", (at, start, end) => {
      message.at(at, start, end);
      cookie = message.cookie;
    });
  } catch (error) {
    if (error instanceof NetlinkError && error.errno === ENOENT) return null;
    throw error;
  }
  return cookie;
}

function swap(bytes: Uint8Array, a: number, b: number, length: number): void {
  const kept = bytes.slice(a, a + length);
  bytes.copyWithin(a, b, b + length);
  bytes.set(kept, b);
}

/** Reads the table of the kernel that these sockets belong to, and notes what is left of each. */
function readTable(connection: NetlinkSocket, targets: readonly Target[]): void {
  const [first] = targets as [Target];
  const { port } = first;
  const here: Expr = { kind: "host", end: "source", addresses: [], ports: single(port) };
  const table = dumpRequest({
    family: first.family,
    protocol: first.protocol,
    states: ALL_STATES,
    bytecode: port !== 0 && targets.every((target) => target.port === port)
      ? compile(here, "sockeye").program
      : null,
  });
  const message = new InetMessage();
  const left = new Map<Cookie, number>();
  try {
    const { interrupted } = dump(connection, table, "sockets that are left", {
      message(view, start, end) {
        message.at(view, start, end);
        left.set(message.cookie, message.state);
      },
      restart: () => left.clear(),
    });
    const unread = interrupted ? "the kernel's table changed while it was read" : null;
    for (const target of targets) {
      target.left = left.get(target.cookie) ?? null;
      target.unread = target.left === null ? unread : null;
    }
  } catch (error) {
    if (
      !(error instanceof NetlinkError) && !(error instanceof SyscallError) &&
      !(error instanceof DecodeError)
    ) throw error;
    for (const target of targets) target.unread = error.message;
  }
}
