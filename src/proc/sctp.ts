/**
 * /proc/net/sctp/eps and assocs.
 *
 * @module
 */

import { formatAddress, parseAddress } from "../model/endpoint.ts";

/** An SCTP endpoint: a socket that accepts or starts associations. */
export interface SctpEndpoint {
  /** What the kernel has instead of its address in memory: hexadecimal digits. */
  readonly pointer: string;
  /** State of its socket, by TCP's numbers. Kernel: `sk->sk_state`, enum sctp_sock_state. */
  readonly socketState: number;
  readonly port: number;
  readonly uid: number;
  readonly inode: number;
  /** Addresses it is bound to. */
  readonly addresses: readonly string[];
  /** The same as the kernel writes them: those of IPv6 in full. */
  readonly written: readonly string[];
}

/** An SCTP association. */
export interface SctpAssociation {
  /** As {@linkcode SctpEndpoint.pointer}. */
  readonly pointer: string;
  /** Its number in this network namespace; 0 until it is established. Kernel: sctp_assoc_t. */
  readonly id: number;
  /** As {@linkcode SctpEndpoint.socketState}. */
  readonly socketState: number;
  /** State of the association itself. Kernel: enum sctp_state. */
  readonly state: number;
  readonly sendQueue: number;
  readonly receiveQueue: number;
  readonly uid: number;
  readonly inode: number;
  readonly localPort: number;
  readonly remotePort: number;
  /** Addresses of this end in the kernel's order. Which one is primary is left out. */
  readonly local: readonly string[];
  readonly remote: readonly string[];
  /** As {@linkcode SctpEndpoint.written}, with a star at the primary one of the other end. */
  readonly localWritten: readonly string[];
  readonly remoteWritten: readonly string[];
}

/** The rows of a table. */
export interface SctpTable<Row> {
  readonly rows: readonly Row[];
  /** Number of lines that are not of a socket. */
  readonly bad: number;
}

function readLines<Row>(text: string, parse: (fields: string[]) => Row | null): SctpTable<Row> {
  const rows: Row[] = [];
  let bad = 0;
  for (const line of text.split("\n").slice(1)) {
    if (line.trim() === "") continue;
    const row = parse(line.trim().split(/\s+/));
    if (row === null) bad++;
    else rows.push(row);
  }
  return { rows, bad };
}

/** The usual form of an address, which the kernel writes in full; `null` when it is none. */
function addressOf(field: string): string | null {
  const bytes = parseAddress(field.replace("*", ""));
  return bytes === undefined ? null : formatAddress(bytes);
}

/** The addresses at the beginning of some fields. */
function addresses(fields: readonly string[]): string[] {
  const found: string[] = [];
  for (const field of fields) {
    const address = addressOf(field);
    if (address === null) break;
    found.push(address);
  }
  return found;
}

const integers = (fields: (string | undefined)[]): number[] | null => {
  const numbers = fields.map((field) => /^\d{1,15}$/.test(field ?? "") ? Number(field) : -1);
  return numbers.includes(-1) ? null : numbers;
};

/** Parses eps. Fields (net/sctp/proc.c): endpoint, socket, style, socket state, hash, port, uid, inode, addresses. */
export function parseSctpEndpoints(text: string): SctpTable<SctpEndpoint> {
  return readLines(text, (fields) => {
    const numbers = integers([fields[3], fields[5], fields[6], fields[7]]);
    const local = addresses(fields.slice(8));
    if (numbers === null || local.length === 0) return null;
    const [socketState, port, uid, inode] = numbers as [number, number, number, number];
    return {
      pointer: fields[0]!,
      socketState,
      port,
      uid,
      inode,
      addresses: local,
      written: fields.slice(8, 8 + local.length),
    };
  });
}

/**
 * Parses assocs. Fields (net/sctp/proc.c): association, socket, style, socket state, state, hash, number, queues, uid, inode,
 * ports, addresses on both sides of `<->` with a star at the primary one, and more.
 */
export function parseSctpAssociations(text: string): SctpTable<SctpAssociation> {
  return readLines(text, (fields) => {
    const arrow = fields.indexOf("<->");
    const numbers = integers([3, 4, 6, 7, 8, 9, 10, 11, 12].map((at) => fields[at]));
    if (arrow < 0 || numbers === null) return null;
    const local = addresses(fields.slice(13, arrow));
    // The heartbeat interval comes next, a plain number.
    const remote = addresses(fields.slice(arrow + 1));
    if (local.length === 0 || remote.length === 0) return null;
    const [socketState, state, id, sendQueue, receiveQueue, uid, inode, localPort, remotePort] =
      numbers as [
        number,
        number,
        number,
        number,
        number,
        number,
        number,
        number,
        number,
      ];
    return {
      pointer: fields[0]!,
      id,
      socketState,
      state,
      sendQueue,
      receiveQueue,
      uid,
      inode,
      localPort,
      remotePort,
      local,
      remote,
      localWritten: fields.slice(13, 13 + local.length),
      remoteWritten: fields.slice(arrow + 1, arrow + 1 + remote.length),
    };
  });
}
