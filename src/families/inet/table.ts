/**
 * InetTable: the sockets of one inet request, kept as the kernel's messages: some 80 bytes a socket.
 *
 * @module
 */
import { AF_INET6 } from "../../../ffi/socket.ts";
import type { RowFacts } from "../../filter/socket_subject.ts";
import type { Netns, Socket, SocketInfo } from "../../model/socket.ts";
import type { DecodeContext, SourceKind } from "../family.ts";
import { Findings } from "../findings.ts";
import { MessageStore } from "../message_store.ts";
import type { SocketTable } from "../socket_table.ts";
import { readAttributes } from "./attributes.ts";
import { InetMessage } from "./message.ts";
import { type InetRowKind, InetSocket } from "./socket.ts";
import * as uapi from "./uapi.ts";

/** What a request asks of its rows beyond what the kernel was asked. */
export interface InetRowTest {
  /** True for a row that belongs into the answer. */
  wants(message: InetMessage, context: DecodeContext): boolean;
  /** What a filter asks for later, of the row that `wants` was asked about last. */
  facts(): RowFacts;
  /** True when everything that the kernel tells is to be kept. */
  readonly info: boolean;
}

/** Sockets of one kind, from one source in one network namespace. */
export class InetTable implements SocketTable {
  readonly kind: InetRowKind;
  readonly findings = new Findings(() => this.length);
  /** Only when they were asked for; `null` for a row of /proc, which has none. */
  readonly infos: (SocketInfo | null)[] | null;
  readonly #context: DecodeContext;
  readonly #test: InetRowTest | null;
  readonly #store = new MessageStore();
  readonly #incoming = new InetMessage();
  readonly #message = new InetMessage();
  #current = -1;
  readonly #window: InetSocket = new InetSocket(this, 0, false);
  readonly #kept = new Map<number, InetSocket>();

  /** Without a test every row is taken. */
  constructor(kind: InetRowKind, context: DecodeContext, test: InetRowTest | null) {
    this.kind = kind;
    this.#context = context;
    this.#test = test;
    this.infos = test?.info ? [] : null;
  }

  get length(): number {
    return this.#store.length;
  }

  get netns(): Netns | null {
    return this.#context.netns;
  }

  get source(): SourceKind {
    return this.#context.source;
  }

  interfaceName(index: number): string | null {
    return this.#context.interfaceName(index);
  }

  add(view: DataView, start: number, end: number): number {
    const message = this.#incoming.at(view, start, end);
    const test = this.#test;
    if (test !== null && !test.wants(message, this.#context)) return -1;
    const number = this.addMessage(message);
    const { filter } = this.#context;
    if (test !== null && filter?.keepsFacts) filter.keep(this.keep(number), test.facts());
    return number;
  }

  /** Takes a message in without a test. Throws DecodeError. */
  addMessage(message: InetMessage): number {
    // Names of interfaces are asked for while the namespace is open.
    const index = message.interfaceIndex;
    if (index !== 0) this.#context.interfaceName(index);
    const number = this.#store.add(message.view, message.start, this.#usedEnd(message));
    if (this.infos !== null) {
      this.infos[number] = this.source === "proc"
        ? null
        : readAttributes(message.attributes(), this.kind.transport);
    }
    return number;
  }

  // Of most rows all that is ever looked at is the fixed part. Attributes are looked at here already, so that those that do
  // not add up are an error of the table and not of whoever asks for them later.
  #usedEnd(message: InetMessage): number {
    const { transport } = this.kind;
    const used = message.family === AF_INET6 && message.has(uapi.INET_DIAG_SKV6ONLY) ||
      transport === "raw" && message.has(uapi.INET_DIAG_PROTOCOL) ||
      transport === "sctp" && message.has(uapi.INET_DIAG_PEERS);
    return used ? message.end : message.start + uapi.INET_DIAG_MSG_SIZE;
  }

  /** The message of a socket; good until that of another is asked for. */
  message(number: number): InetMessage {
    if (number !== this.#current) {
      const { view, start, end } = this.#store.find(number);
      this.#message.at(view, start, end);
      this.#current = number;
    }
    return this.#message;
  }

  at(number: number): InetSocket {
    return this.#window.to(number);
  }

  keep(number: number): InetSocket {
    let kept = this.#kept.get(number);
    if (kept === undefined) {
      kept = new InetSocket(this, number, true);
      this.#kept.set(number, kept);
    }
    return kept;
  }

  clear(): void {
    this.#store.clear();
    this.findings.clear();
    this.#current = -1;
    this.#kept.clear();
    if (this.infos !== null) this.infos.length = 0;
  }
}

/** A Socket of one message by itself. Owners and reach are filled in by later steps. Throws DecodeError. */
export function inetSocket(
  message: InetMessage,
  kind: InetRowKind,
  context: DecodeContext,
): Socket {
  const table = new InetTable(kind, context, null);
  return table.keep(table.addMessage(message));
}
