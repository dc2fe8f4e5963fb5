/**
 * InetTable: the sockets of one inet request, each as a record of 76 bytes.
 *
 * @module
 */
import type { RowFacts } from "../../filter/socket_subject.ts";
import type { Netns, Socket, SocketInfo } from "../../model/socket.ts";
import type { DecodeContext, SourceKind } from "../family.ts";
import { SocketAnnotations } from "../annotations.ts";
import type { SocketTable } from "../socket_table.ts";
import { InetMessage } from "./message.ts";
import { InetRecords } from "./records.ts";
import type { InetRowKind } from "./row_kind.ts";
import { type InetRows, InetSocket } from "./socket.ts";

// Loaded when everything is asked for: it has a table of fields for each protocol.
const attributesModule = () => require("./attributes.ts") as typeof import("./attributes.ts");

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
export class InetTable implements SocketTable, InetRows {
  readonly kind: InetRowKind;
  readonly annotations = new SocketAnnotations(() => this.length);
  /** Only when they were asked for; `null` for a row of /proc, which has none. */
  readonly infos: (SocketInfo | null)[] | null;
  readonly #context: DecodeContext;
  readonly #test: InetRowTest | null;
  readonly records = new InetRecords();
  readonly #message = new InetMessage();
  readonly #window: InetSocket = new InetSocket(this, null);
  readonly #kept = new Map<number, InetSocket>();

  /** Without a test every row is taken. */
  constructor(kind: InetRowKind, context: DecodeContext, test: InetRowTest | null) {
    this.kind = kind;
    this.#context = context;
    this.#test = test;
    this.infos = test?.info ? [] : null;
  }

  get length(): number {
    return this.records.length;
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
    const message = this.#message.at(view, start, end);
    const test = this.#test;
    if (test !== null && !test.wants(message, this.#context)) return -1;
    const number = this.addMessage(message);
    const { filter } = this.#context;
    if (test !== null && filter?.keepsFacts) filter.keep(this.keep(number), test.facts());
    return number;
  }

  /** Takes a message in without a test. Throws DecodeError. */
  addMessage(message: InetMessage): number {
    const number = this.records.add(message, this.kind);
    // Names of interfaces are asked for while the namespace is open.
    const index = message.interfaceIndex;
    if (index !== 0) this.interfaceName(index);
    if (this.infos !== null) {
      // Lines of /proc have no attributes.
      this.infos[number] = this.source === "proc"
        ? null
        : attributesModule().readAttributes(message.attributes(), this.kind.transport);
    }
    return number;
  }

  at(number: number): InetSocket {
    return this.#window.to(number);
  }

  keep(number: number): InetSocket {
    let kept = this.#kept.get(number);
    if (kept === undefined) {
      kept = new InetSocket(this, number);
      this.#kept.set(number, kept);
    }
    return kept;
  }

  clear(): void {
    this.records.clear();
    this.annotations.clear();
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
