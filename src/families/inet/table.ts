/**
 * InetTable: takes the messages of one inet request into the store.
 *
 * @module
 */
import { AF_INET6 } from "../../../ffi/socket.ts";
import type { Core } from "../../core/gears.ts";
import { FORCED, MANY } from "../../core/worth.ts";
import type { RowFacts } from "../../filter/socket_subject.ts";
import type { ReceiveBuffer, Socket, Transport } from "../../model/socket.ts";
import { type StateMask, TCP_BOUND_INACTIVE } from "../../model/state.ts";
import { align, NLMSG_HEADER_SIZE } from "../../netlink/header.ts";
import { HAS_PEERS, HAS_V6ONLY, V6ONLY } from "../../store/inet_records.ts";
import { InetSockets } from "../../store/inet_sockets.ts";
import type { SocketTable } from "../../store/socket_table.ts";
import type { DecodeContext } from "../family.ts";
import { InetMessage } from "./message.ts";
import { type InetRowKind, inetState } from "./row_kind.ts";
import * as uapi from "./uapi.ts";

// Loaded when there is much to do.
const runsModule = () =>
  require("../../store/core_runs.ts") as typeof import("../../store/core_runs.ts");

// Loaded when everything is asked for: it has a table of fields for each protocol.
const attributesModule = () => require("./attributes.ts") as typeof import("./attributes.ts");

/** What a request asks of its rows beyond what the kernel was asked. */
export interface InetRowTest {
  /** True for a row that belongs into the answer. */
  wants(message: InetMessage, context: DecodeContext): boolean;
  /** The states that `wants` tests and nothing else, beside the filter; `null` where it tests more. */
  readonly states: StateMask | null;
  /** What a filter asks for later, of the row that `wants` was asked about last. */
  facts(): RowFacts;
  /** True when everything that the kernel tells is to be kept. */
  readonly info: boolean;
  /** True when control groups are to be kept. */
  readonly cgroups: boolean;
  /** True when receive buffers are to be kept. */
  readonly receiveBuffers: boolean;
}

/** Transports whose messages say nothing that has to be looked at in each: see {@linkcode InetTable.addMessage}. */
const PLAIN: ReadonlySet<Transport> = new Set(["tcp", "udp", "udplite", "dccp"]);
/** Bytes of messages from which on the core is loaded. */
const WORTH_CORE = FORCED === 0 ? MANY : 0;

/** Sockets of one kind, from one source in one network namespace. */
export class InetTable extends InetSockets implements SocketTable {
  readonly #kind: InetRowKind;
  readonly #context: DecodeContext;
  readonly #test: InetRowTest | null;
  /** The core that takes runs of messages; `null` where each has to be looked at. */
  readonly #coreOf: (() => Core) | null;
  /** Bytes of messages so far. */
  #work = 0;
  readonly #message = new InetMessage();
  /** Cookies of SCTP sockets: the kernel sends one with associations again before the first of them. */
  readonly #seen = new Set<number | bigint>();

  /** Without a test every row is taken. */
  constructor(kind: InetRowKind, context: DecodeContext, test: InetRowTest | null) {
    const { transport, type } = kind;
    const { netns, source } = context;
    const interfaceName = (index: number) => context.interfaceName(index);
    const facts = { transport, type, netns, fromProc: source === "proc", interfaceName };
    super(facts, test ?? {});
    this.#kind = kind;
    this.#context = context;
    this.#test = test;
    const isPlain = test !== null && test.states !== null && context.filter === undefined &&
      !test.info && !test.cgroups && !test.receiveBuffers;
    this.#coreOf = isPlain && source === "netlink" && PLAIN.has(transport)
      ? context.core ?? null
      : null;
  }

  add(view: DataView, start: number, end: number): number {
    const message = this.#message.at(view, start, end);
    const test = this.#test;
    if (test !== null && !test.wants(message, this.#context)) return -1;
    if (this.#kind.transport === "sctp" && this.#isRepeated(message)) return -1;
    const number = this.addMessage(message);
    const { filter } = this.#context;
    if (test !== null && filter?.keepsFacts) filter.keep(this.keep(number), test.facts());
    return number;
  }

  addRun(view: DataView, start: number, end: number): number {
    if (this.#coreOf === null) return start;
    this.#work += end - start;
    if (this.#work < WORTH_CORE) {
      for (let at = start; at < end; at += align(view.getUint32(at, true))) {
        this.add(view, at + NLMSG_HEADER_SIZE, at + view.getUint32(at, true));
      }
      return end;
    }
    const { boundInactive, protocol } = this.#kind;
    return runsModule().storeRun(this.#coreOf(), this.records, view, start, end, {
      states: this.#test!.states!,
      bound: boundInactive ? TCP_BOUND_INACTIVE : 0,
      protocol,
    });
  }

  // An association shares the cookie of its socket, but has peers.
  #isRepeated(message: InetMessage): boolean {
    const { cookie } = message;
    if (cookie === null || message.has(uapi.INET_DIAG_PEERS)) return false;
    if (this.#seen.has(cookie)) return true;
    this.#seen.add(cookie);
    return false;
  }

  override clear(): void {
    super.clear();
    this.#seen.clear();
  }

  /** Takes a message without a test. Throws DecodeError when the attributes that it looks at do not add up. */
  addMessage(message: InetMessage): number {
    const kind = this.#kind;
    const flags = flagsOf(message, kind);
    const state = inetState(message, kind);
    const number = this.records.add(message, state, protocolOf(message, kind), flags);
    // Names of interfaces are asked for while the namespace is open.
    const index = message.interfaceIndex;
    if (index !== 0) this.facts.interfaceName(index);
    if (this.groups !== null) {
      this.groups[number] = message.u64Attribute(uapi.INET_DIAG_CGROUP_ID);
    }
    if (this.buffers !== null) this.buffers[number] = receiveBufferOf(message, this.facts.fromProc);
    if (this.infos !== null) {
      this.infos[number] = this.facts.fromProc ? null : attributesModule().readAttributes(
        message.attributes(),
        kind.transport,
        this.#context.kernel ?? null,
      );
    }
    return number;
  }
}

// SK_MEMINFO_* (include/uapi/linux/sock_diag.h): places in the array, which older kernels end before the drops.
const SK_MEMINFO_RMEM_ALLOC = 0;
const SK_MEMINFO_RCVBUF = 1;
const SK_MEMINFO_DROPS = 8;

/** `null` if the message does not tell it. */
function receiveBufferOf(message: InetMessage, fromProc: boolean): ReceiveBuffer | null {
  // Behind the inode, /proc has references, an address and the drops.
  if (fromProc) {
    const drops = message.procTail().split(" ")[2] ?? "";
    return {
      bytes: message.receiveQueue,
      limit: null,
      drops: /^\d{1,10}$/.test(drops) ? Number(drops) : null,
    };
  }
  const word = (index: number) => message.u32Attribute(uapi.INET_DIAG_SKMEMINFO, index);
  const bytes = word(SK_MEMINFO_RMEM_ALLOC);
  if (bytes < 0) return null;
  const [limit, drops] = [word(SK_MEMINFO_RCVBUF), word(SK_MEMINFO_DROPS)];
  return { bytes, limit: limit < 0 ? null : limit, drops: drops < 0 ? null : drops };
}

// Finding out that a message has no attribute costs as much as all the rest, so only those are asked that may have it.
function flagsOf(message: InetMessage, kind: InetRowKind): number {
  let flags = 0;
  if (message.family === AF_INET6) {
    const v6only = message.u8Attribute(uapi.INET_DIAG_SKV6ONLY);
    if (v6only >= 0) flags |= HAS_V6ONLY | (v6only > 0 ? V6ONLY : 0);
  }
  if (kind.transport === "sctp" && message.has(uapi.INET_DIAG_PEERS)) flags |= HAS_PEERS;
  return flags;
}

// raw_diag sends the protocol of a raw socket as an attribute; both it and /proc/net/raw also show it as the local port.
function protocolOf(message: InetMessage, { transport, protocol }: InetRowKind): number {
  if (transport !== "raw") return protocol;
  const attribute = message.u8Attribute(uapi.INET_DIAG_PROTOCOL);
  return attribute >= 0 ? attribute : message.sourcePort;
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
