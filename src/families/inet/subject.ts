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

const NO_OWNERS: readonly never[] = [];

/** Where the ports come from that the kernel gives out by itself; asked only when a filter asks. */
interface PortRangeSource {
  readonly localPortRange: LocalPortRange;
}

/**
 * What a message answers by itself, which is all that the dialect of ss asks. One object serves a whole dump, like the message
 * that it reads.
 */
export class InetMessageSubject {
  protected message: InetMessage;
  protected ports: PortRangeSource;

  constructor(message: InetMessage, ports: PortRangeSource) {
    this.message = message;
    this.ports = ports;
  }

  get family(): number {
    return this.message.family;
  }

  get sourcePort(): number {
    return this.message.sourcePort;
  }

  get destinationPort(): number {
    return this.message.destinationPort;
  }

  // The kernel does not promise that the rest of an IPv4 address is zero.
  sourceWord(index: WordIndex): number {
    return index > 0 && this.family === AF_INET ? 0 : this.message.sourceWord(index);
  }

  destinationWord(index: WordIndex): number {
    return index > 0 && this.family === AF_INET ? 0 : this.message.destinationWord(index);
  }

  get ifindex(): number {
    return this.message.interfaceIndex;
  }

  get mark(): number | null {
    const mark = this.message.u32Attribute(INET_DIAG_MARK);
    return mark < 0 ? null : mark;
  }

  get cgroupId(): bigint | null {
    return this.message.u64Attribute(INET_DIAG_CGROUP_ID);
  }

  get sourceName(): null {
    return null;
  }

  get destinationName(): null {
    return null;
  }

  get localPortRange(): LocalPortRange {
    return this.ports.localPortRange;
  }
}

const NO_PORTS: PortRangeSource = { localPortRange: { first: 0, last: 0 } };

/**
 * The same for Sockeye's own dialect, with what the request and the namespace say of the row. Owners and reach are not known
 * here, and the part of a filter that is about rows does not ask for them.
 */
export class InetSubject extends InetMessageSubject implements FilterSubject {
  readonly #kind: InetRowKind;
  #context!: DecodeContext;

  constructor(message: InetMessage, kind: InetRowKind) {
    super(message, NO_PORTS);
    this.#kind = kind;
  }

  /** The subject of this message, from the namespace of `context`. */
  of(message: InetMessage, context: DecodeContext, ports: PortRangeSource): this {
    this.message = message;
    this.#context = context;
    this.ports = ports;
    return this;
  }

  get transport(): Transport {
    return this.#kind.transport;
  }

  get stateNumber(): number {
    return inetState(this.message, this.#kind);
  }

  get interfaceName(): string | null {
    const index = this.message.interfaceIndex;
    return index === 0 ? null : this.#context.interfaceName(index);
  }

  get inode(): number | null {
    return this.message.inode || null;
  }

  get netns(): Netns | null {
    return this.#context.netns;
  }

  get pids(): readonly number[] {
    return NO_OWNERS;
  }

  get processNames(): readonly string[] {
    return NO_OWNERS;
  }

  get users(): readonly FilterUser[] {
    return NO_OWNERS;
  }

  get ownerCount(): number {
    return 0;
  }

  get reachScope(): Scope {
    return "unknown";
  }
}
