/**
 * InetSubject: an inet_diag_msg as a filter sees it, before anything is made of it.
 *
 * @module
 */
import type { FilterSubject, FilterUser, LocalPortRange, WordIndex } from "../../filter/subject.ts";
import { AF_INET } from "../../model/address_family.ts";
import type { Netns, Scope, Transport } from "../../model/socket.ts";
import type { DecodeContext } from "../family.ts";
import type { InetMessage } from "./message.ts";
import { type InetRowKind, inetState } from "./row_kind.ts";
import { INET_DIAG_CGROUP_ID, INET_DIAG_MARK } from "./uapi.ts";

const NOBODY: readonly never[] = [];

/**
 * A window, like the message it looks through: one object serves a whole dump. Who holds the socket and how far it reaches
 * is not known here; the filter's part about rows does not ask.
 */
export class InetSubject implements FilterSubject {
  #message: InetMessage;
  readonly #kind: InetRowKind;
  #context!: DecodeContext;
  localPortRange: LocalPortRange = { first: 0, last: 0 };

  constructor(message: InetMessage, kind: InetRowKind) {
    this.#message = message;
    this.#kind = kind;
  }

  /** Looks through another window. */
  of(message: InetMessage): this {
    this.#message = message;
    return this;
  }

  /** The subject of the message that the window is on now. */
  in(context: DecodeContext, localPortRange: LocalPortRange): this {
    this.#context = context;
    this.localPortRange = localPortRange;
    return this;
  }

  get family(): number {
    return this.#message.family;
  }

  get transport(): Transport {
    return this.#kind.transport;
  }

  get stateNumber(): number {
    return inetState(this.#message, this.#kind);
  }

  get sourcePort(): number {
    return this.#message.sourcePort;
  }

  get destinationPort(): number {
    return this.#message.destinationPort;
  }

  // The kernel does not promise that the rest of an IPv4 address is zero.
  sourceWord(index: WordIndex): number {
    return index > 0 && this.family === AF_INET ? 0 : this.#message.sourceWord(index);
  }

  destinationWord(index: WordIndex): number {
    return index > 0 && this.family === AF_INET ? 0 : this.#message.destinationWord(index);
  }

  get ifindex(): number {
    return this.#message.interfaceIndex;
  }

  get interfaceName(): string | null {
    const index = this.#message.interfaceIndex;
    return index === 0 ? null : this.#context.interfaceName(index);
  }

  get mark(): number | null {
    const mark = this.#message.u32Attribute(INET_DIAG_MARK);
    return mark < 0 ? null : mark;
  }

  get cgroupId(): bigint | null {
    return this.#message.u64Attribute(INET_DIAG_CGROUP_ID);
  }

  get sourceName(): null {
    return null;
  }

  get destinationName(): null {
    return null;
  }

  get inode(): number | null {
    return this.#message.inode || null;
  }

  get netns(): Netns | null {
    return this.#context.netns;
  }

  get pids(): readonly number[] {
    return NOBODY;
  }

  get processNames(): readonly string[] {
    return NOBODY;
  }

  get users(): readonly FilterUser[] {
    return NOBODY;
  }

  get ownerCount(): number {
    return 0;
  }

  get reachScope(): Scope {
    return "unknown";
  }
}
