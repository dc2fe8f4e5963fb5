/**
 * InternetSockets: TCP, UDP and UDP-Lite sockets by inode, as lsof shows them.
 *
 * @module
 */
import { AF_INET6 } from "../../../../ffi/socket.ts";
import { InetMessage } from "../../../families/inet/message.ts";
import { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDPLITE } from "../../../families/inet/uapi.ts";
import { formatIpv4, formatIpv6 } from "../../../model/endpoint.ts";
import { lsofStateName, TCP_LISTEN } from "../../../model/state.ts";
import { InetCursor } from "../../../store/inet_cursor.ts";
import { InetRecords } from "../../../store/inet_records.ts";
import { InodeMap } from "../../../store/inode_map.ts";
import type { InternetEnd, InternetEnds, SocketState } from "../rows/row.ts";
import type { InternetProtocol } from "../query.ts";

/** The protocols that lsof lists, in the order of its requests. */
export const PROTOCOLS: readonly (readonly [name: InternetProtocol, number: number])[] = [
  ["tcp", IPPROTO_TCP],
  ["udp", IPPROTO_UDP],
  ["udplite", IPPROTO_UDPLITE],
];

/** Name of one of {@linkcode PROTOCOLS}. */
export function protocolName(number: number): InternetProtocol {
  return number === IPPROTO_TCP ? "tcp" : number === IPPROTO_UDP ? "udp" : "udplite";
}

/** One socket. Each fact is decoded when it is asked for. */
export class InternetSocket implements InternetEnds, SocketState {
  readonly #row: InetCursor;
  /** The table that it is in: each network namespace has one of its own. */
  readonly table: object;

  /** Shows nothing before it is moved to a record. */
  constructor(records: InetRecords) {
    this.#row = new InetCursor(records);
    this.table = records;
  }

  /** Moves it to the socket of a number. */
  to(number: number): this {
    this.#row.to(number);
    return this;
  }

  get version(): 4 | 6 {
    return this.#row.family === AF_INET6 ? 6 : 4;
  }

  get protocol(): InternetProtocol {
    return protocolName(this.#row.protocol);
  }

  /** The kernel's number of the state: see model/state.ts. */
  get state(): number {
    return this.#row.state;
  }

  get receiveQueue(): number {
    return this.#row.receiveQueue;
  }

  // A listener sends nothing: the kernel has the limit of its queue there.
  get sendQueue(): number {
    return this.state === TCP_LISTEN ? 0 : this.#row.sendQueue;
  }

  get inode(): number {
    return this.#row.inode;
  }

  /** Name of the TCP state; `null` for the others. */
  get stateName(): string | null {
    return this.protocol === "tcp" ? lsofStateName(this.state) : null;
  }

  get local(): InternetEnd | null {
    const row = this.#row;
    return this.#end(
      row.sourcePort,
      row.sourceWord(0),
      row.sourceWord(1),
      row.sourceWord(2),
      row.sourceWord(3),
    );
  }

  get peer(): InternetEnd | null {
    const row = this.#row;
    return this.#end(
      row.destinationPort,
      row.destinationWord(0),
      row.destinationWord(1),
      row.destinationWord(2),
      row.destinationWord(3),
    );
  }

  #end(port: number, a: number, b: number, c: number, d: number): InternetEnd | null {
    if (this.version === 4) {
      return port === 0 && a === 0
        ? null
        : { version: 4, address: a === 0 ? null : ipv4Text(a), port };
    }
    const wildcard = a === 0 && b === 0 && c === 0 && d === 0;
    if (wildcard && port === 0) return null;
    // Where one end is mapped it is an IPv4 socket, and the address of the other end is its last four bytes too.
    if (this.#hasMappedEnd()) {
      return { version: 4, address: d === 0 ? null : ipv4Text(d), port };
    }
    return { version: 6, address: wildcard ? null : formatIpv6(a, b, c, d), port };
  }

  #hasMappedEnd(): boolean {
    const row = this.#row;
    return row.sourceWord(2) === 0xffff && row.sourceWord(0) === 0 && row.sourceWord(1) === 0 ||
      row.destinationWord(2) === 0xffff && row.destinationWord(0) === 0 &&
        row.destinationWord(1) === 0;
  }

  /** A text that the two ends of one local connection give in opposite order. */
  key(reversed: boolean): string {
    const row = this.#row;
    const words = [0, 1, 2, 3];
    const local = `${words.map((i) => row.sourceWord(i))}:${row.sourcePort}`;
    const peer = `${words.map((i) => row.destinationWord(i))}:${row.destinationPort}`;
    return `${this.version}${this.protocol} ${reversed ? `${peer} ${local}` : `${local} ${peer}`}`;
  }
}

/** Sockets that a descriptor can lead to. Their numbers are those of their records. */
export class InternetSockets {
  readonly records = new InetRecords();
  /** Of an inode 1 + the number of its socket. */
  readonly #numbers = new InodeMap();
  readonly #message = new InetMessage();
  readonly #moving = new InternetSocket(this.records);

  get size(): number {
    return this.#numbers.size;
  }

  has(inode: number): boolean {
    return this.number(inode) >= 0;
  }

  get(inode: number): InternetSocket | undefined {
    const number = this.number(inode);
    return number < 0 ? undefined : this.keep(number);
  }

  /** The number of the socket with an inode; -1 where there is none. */
  number(inode: number): number {
    return this.#numbers.get(inode) - 1;
  }

  /** The socket of a number, until the next one is asked for. */
  at(number: number): InternetSocket {
    return this.#moving.to(number);
  }

  /** The socket of a number, as an object that stays valid. */
  keep(number: number): InternetSocket {
    return new InternetSocket(this.records).to(number);
  }

  /**
   * Takes a message, unless the socket has no inode and so no process can hold it. Returns the inode, 0 for none. Throws
   * DecodeError when the message is cut.
   *
   * @param protocol IPPROTO_*.
   */
  add(view: DataView, start: number, end: number, protocol: number): number {
    const message = this.#message.at(view, start, end);
    const { inode } = message;
    if (inode === 0) return 0;
    const first = this.#numbers.put(
      inode,
      this.records.add(message, message.state, protocol, 0) + 1,
    );
    // The subflows of an MPTCP socket have its inode: lsof shows the first that the kernel tells.
    if (first > 0) this.#numbers.put(inode, first);
    return inode;
  }

  /** Forgets the socket with an inode. */
  delete(inode: number): void {
    this.#numbers.put(inode, 0);
  }
}

// Many sockets have few addresses.
const ipv4Texts = new Map<number, string>();

function ipv4Text(word: number): string {
  let text = ipv4Texts.get(word);
  if (text === undefined) ipv4Texts.set(word, text = formatIpv4(word));
  return text;
}
