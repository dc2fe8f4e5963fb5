/**
 * InetCursor: the fields of one record at a time.
 *
 * @module
 */
import { AF_INET6 } from "../../ffi/socket.ts";
import {
  COOKIE_HIGH,
  COOKIE_LOW,
  DESTINATION,
  EXPIRES_MS,
  FLAGS,
  type InetRecords,
  INODE,
  INTERFACE,
  KIND,
  PORTS,
  PROTOCOL,
  RECEIVE_QUEUE,
  type RecordMemory,
  SEND_QUEUE,
  SOURCE,
  UID,
} from "./inet_records.ts";
import type { InetRow } from "./inet_row.ts";
import { addressText, type WireEndpoint } from "./wire_endpoint.ts";

/**
 * Shows one record at a time. One cursor serves a whole table. To keep a row, make another cursor and do not move it.
 *
 * @example
 * const cursor = new InetCursor(records);
 * for (let i = 0; i < records.length; i++) if (cursor.to(i).sourcePort === 80) found++;
 */
export class InetCursor implements InetRow {
  readonly #records: InetRecords;
  #memory: RecordMemory;
  #at = 0;

  /** Shows nothing before it is moved to a record. */
  constructor(records: InetRecords) {
    this.#records = records;
    this.#memory = records.memory;
  }

  /** Moves the cursor. What it shows stays as it is when more records are added. */
  to(number: number): this {
    this.#memory = this.#records.memory;
    this.#at = this.#records.base(number);
    return this;
  }

  get family(): number {
    return this.#memory.words[this.#at + KIND]! & 0xff;
  }

  get state(): number {
    return this.#memory.words[this.#at + KIND]! >>> 8 & 0xff;
  }

  get timer(): number {
    return this.#memory.words[this.#at + KIND]! >>> 16 & 0xff;
  }

  get retransmits(): number {
    return this.#memory.words[this.#at + KIND]! >>> 24;
  }

  get expiresMs(): number {
    return this.#memory.words[this.#at + EXPIRES_MS]!;
  }

  get sourcePort(): number {
    return this.#memory.words[this.#at + PORTS]! & 0xffff;
  }

  get destinationPort(): number {
    return this.#memory.words[this.#at + PORTS]! >>> 16;
  }

  get interfaceIndex(): number {
    return this.#memory.words[this.#at + INTERFACE]!;
  }

  get cookieLow(): number {
    return this.#memory.words[this.#at + COOKIE_LOW]!;
  }

  get cookieHigh(): number {
    return this.#memory.words[this.#at + COOKIE_HIGH]!;
  }

  get receiveQueue(): number {
    return this.#memory.words[this.#at + RECEIVE_QUEUE]!;
  }

  get sendQueue(): number {
    return this.#memory.words[this.#at + SEND_QUEUE]!;
  }

  get uid(): number {
    return this.#memory.words[this.#at + UID]!;
  }

  get inode(): number {
    return this.#memory.words[this.#at + INODE]!;
  }

  /** IPPROTO_*; 0 where the request did not tell. */
  get protocol(): number {
    return this.#memory.words[this.#at + PROTOCOL]!;
  }

  /** What is known of the message's attributes: HAS_V6ONLY and so on of store/inet_records.ts. */
  get flags(): number {
    return this.#memory.words[this.#at + FLAGS]! & 0xffff;
  }

  sourceWord(i: number): number {
    return this.#memory.words[this.#at + SOURCE + i]!;
  }

  destinationWord(i: number): number {
    return this.#memory.words[this.#at + DESTINATION + i]!;
  }

  /** False where there is no peer: a wildcard address, and port 0. */
  get isConnected(): boolean {
    const record = this.#memory.words;
    const at = this.#at + DESTINATION;
    return record[at] !== 0 || this.destinationPort !== 0 || record[at + 1] !== 0 ||
      record[at + 2] !== 0 || record[at + 3] !== 0;
  }

  /** Writes local address and port into an endpoint. */
  readSource(end: WireEndpoint): void {
    end.port = this.sourcePort;
    this.#readAddress(end, SOURCE);
  }

  /** The same of the peer's. */
  readDestination(end: WireEndpoint): void {
    end.port = this.destinationPort;
    this.#readAddress(end, DESTINATION);
  }

  #readAddress(end: WireEndpoint, word: number): void {
    const record = this.#memory.words;
    const at = this.#at + word;
    end.v6 = this.family === AF_INET6;
    end.a = record[at]!;
    end.b = record[at + 1]!;
    end.c = record[at + 2]!;
    end.d = record[at + 3]!;
  }

  get source(): string {
    return this.#address(SOURCE);
  }

  get destination(): string {
    return this.#address(DESTINATION);
  }

  #address(word: number): string {
    const record = this.#memory.words;
    const at = this.#at + word;
    return addressText(
      this.family === AF_INET6,
      record[at]!,
      record[at + 1]!,
      record[at + 2]!,
      record[at + 3]!,
    );
  }
}
