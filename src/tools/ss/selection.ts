/**
 * Which sockets an ss command line selects: tables, families and states. Choosing one of these also selects some of the
 * others.
 *
 * @module
 */
import {
  AF_INET,
  AF_INET6,
  AF_NETLINK,
  AF_PACKET,
  AF_TIPC,
  AF_UNIX,
  AF_UNSPEC,
  AF_VSOCK,
  AF_XDP,
} from "../../model/address_family.ts";
import {
  SS_ALL,
  type StateMask,
  stateMask,
  TCP_CLOSE,
  TCP_ESTABLISHED,
  TCP_LISTEN,
  TCP_SYN_RECV,
  TCP_TIME_WAIT,
} from "../../model/state.ts";

/** Tables that can be chosen, by the names that `-A` knows; the bit of each in {@linkcode SsSelection.tables}. */
export const TABLE = {
  tcp: 1 << 0,
  dccp: 1 << 1,
  udp: 1 << 2,
  raw: 1 << 3,
  unix_dgram: 1 << 4,
  unix_stream: 1 << 5,
  unix_seqpacket: 1 << 6,
  packet_dgram: 1 << 7,
  packet_raw: 1 << 8,
  netlink: 1 << 9,
  sctp: 1 << 10,
  vsock_stream: 1 << 11,
  vsock_dgram: 1 << 12,
  tipc: 1 << 13,
  xdp: 1 << 14,
  mptcp: 1 << 15,
} as const;

/** Which sockets are to be shown, filter aside. */
export interface SsSelection {
  /** Bits of {@linkcode TABLE}. */
  readonly tables: number;
  /** States: bit `1 << number` each, bit 0 included as ss has it. */
  readonly states: StateMask;
  /** True when sockets of this address family are wanted. */
  family(family: number): boolean;
  /** The family that was named last, AF_UNSPEC (0) for none. */
  readonly preferredFamily: number;
}

/** The states of connections, which are shown by default. */
export const SS_CONNECTED: StateMask = SS_ALL &
  ~stateMask(TCP_LISTEN, TCP_CLOSE, TCP_TIME_WAIT, TCP_SYN_RECV);

const INTERNET = [AF_INET, AF_INET6] as const;

/** What choosing a table selects too: its states always, its families unless one of them was chosen. */
const TABLES: readonly {
  readonly bit: number;
  readonly states: StateMask;
  readonly families: readonly number[];
}[] = [
  { bit: TABLE.tcp, states: SS_CONNECTED, families: INTERNET },
  { bit: TABLE.dccp, states: SS_CONNECTED, families: INTERNET },
  { bit: TABLE.udp, states: stateMask(TCP_ESTABLISHED), families: INTERNET },
  { bit: TABLE.raw, states: stateMask(TCP_ESTABLISHED), families: INTERNET },
  { bit: TABLE.unix_dgram, states: stateMask(TCP_CLOSE), families: [AF_UNIX] },
  { bit: TABLE.unix_stream, states: SS_CONNECTED, families: [AF_UNIX] },
  { bit: TABLE.unix_seqpacket, states: SS_CONNECTED, families: [AF_UNIX] },
  { bit: TABLE.packet_dgram, states: stateMask(TCP_CLOSE), families: [AF_PACKET] },
  { bit: TABLE.packet_raw, states: stateMask(TCP_CLOSE), families: [AF_PACKET] },
  { bit: TABLE.netlink, states: stateMask(TCP_CLOSE), families: [AF_NETLINK] },
  { bit: TABLE.sctp, states: SS_CONNECTED, families: INTERNET },
  { bit: TABLE.vsock_stream, states: SS_CONNECTED, families: [AF_VSOCK] },
  { bit: TABLE.vsock_dgram, states: SS_CONNECTED, families: [AF_VSOCK] },
  {
    bit: TABLE.tipc,
    states: stateMask(TCP_ESTABLISHED, TCP_LISTEN, TCP_CLOSE),
    families: [AF_TIPC],
  },
  { bit: TABLE.xdp, states: stateMask(TCP_CLOSE), families: [AF_XDP] },
  { bit: TABLE.mptcp, states: SS_CONNECTED, families: INTERNET },
];

const UNIX = TABLE.unix_dgram | TABLE.unix_stream | TABLE.unix_seqpacket;
const PACKET = TABLE.packet_dgram | TABLE.packet_raw;
const VSOCK = TABLE.vsock_stream | TABLE.vsock_dgram;
const INET = TABLE.tcp | TABLE.mptcp | TABLE.udp | TABLE.dccp | TABLE.sctp | TABLE.raw;

/** What choosing a family selects too: its states always, its tables unless one of them was chosen. */
const FAMILIES: ReadonlyMap<number, { readonly states: StateMask; readonly tables: number }> =
  new Map([
    [AF_UNIX, { states: SS_CONNECTED, tables: UNIX }],
    [AF_INET, { states: SS_CONNECTED, tables: INET }],
    [AF_INET6, { states: SS_CONNECTED, tables: INET }],
    [AF_PACKET, { states: stateMask(TCP_CLOSE), tables: PACKET }],
    [AF_NETLINK, { states: stateMask(TCP_CLOSE), tables: TABLE.netlink }],
    [AF_VSOCK, { states: SS_CONNECTED, tables: VSOCK }],
    [AF_TIPC, {
      states: stateMask(TCP_ESTABLISHED, TCP_LISTEN, TCP_CLOSE),
      tables: TABLE.tipc,
    }],
    [AF_XDP, { states: stateMask(TCP_CLOSE), tables: TABLE.xdp }],
  ]);

/** The families by their names for `-f`. */
export const FAMILY_NAMES: Readonly<Record<string, number>> = {
  unix: AF_UNIX,
  inet: AF_INET,
  inet6: AF_INET6,
  link: AF_PACKET,
  netlink: AF_NETLINK,
  tipc: AF_TIPC,
  vsock: AF_VSOCK,
  xdp: AF_XDP,
};

/** The tables by their names for `-A`. `all` does not include TIPC. */
const TABLE_NAMES: Readonly<Record<string, number>> = {
  all: INET | UNIX | PACKET | VSOCK | TABLE.netlink | TABLE.xdp,
  inet: INET,
  tcp: TABLE.tcp,
  mptcp: TABLE.mptcp,
  sctp: TABLE.sctp,
  dccp: TABLE.dccp,
  udp: TABLE.udp,
  raw: TABLE.raw,
  unix: UNIX,
  unix_stream: TABLE.unix_stream,
  u_str: TABLE.unix_stream,
  unix_dgram: TABLE.unix_dgram,
  u_dgr: TABLE.unix_dgram,
  unix_seqpacket: TABLE.unix_seqpacket,
  u_seq: TABLE.unix_seqpacket,
  packet: PACKET,
  packet_raw: TABLE.packet_raw,
  p_raw: TABLE.packet_raw,
  packet_dgram: TABLE.packet_dgram,
  p_dgr: TABLE.packet_dgram,
  netlink: TABLE.netlink,
  tipc: TABLE.tipc,
  vsock: VSOCK,
  vsock_stream: TABLE.vsock_stream,
  v_str: TABLE.vsock_stream,
  vsock_dgram: TABLE.vsock_dgram,
  v_dgr: TABLE.vsock_dgram,
  xdp: TABLE.xdp,
};

/** A selection that the options fill in one by one. */
export class Selection implements SsSelection {
  tables = 0;
  states: StateMask = 0;
  preferredFamily = AF_UNSPEC;
  /** States that `-a`, `-l`, `-B` or a state clause asked for; 0 for none. */
  wantedStates: StateMask = 0;
  /** False as soon as an option chose something. */
  default = true;
  #families = new Set<number>();
  #queried = false;

  family(family: number): boolean {
    return this.#families.has(family);
  }

  get empty(): boolean {
    return this.#families.size === 0;
  }

  /** Adds tables and their states. */
  addTables(tables: number): void {
    for (const { bit, states } of TABLES) if ((tables & bit) !== 0) this.states |= states;
    this.tables |= tables;
    this.default = false;
  }

  /** Adds a family and its states. */
  addFamily(family: number): void {
    this.states |= FAMILIES.get(family)!.states;
    this.#families.add(family);
    this.preferredFamily = family;
    this.default = false;
  }

  /** Replaces all families by one, which is what an address in a filter does. */
  onlyFamily(family: number): void {
    this.#families = new Set([family]);
    this.preferredFamily = family;
  }

  /** Applies `-A LIST`. Returns the first unknown name, or `null`. */
  query(list: string): string | null {
    if (!this.#queried) {
      this.#queried = true;
      this.tables = 0;
      this.wantedStates ||= SS_CONNECTED;
      this.default = false;
    }
    for (const word of list.split(",")) {
      const name = word.startsWith("!") ? word.slice(1) : word;
      if (!Object.hasOwn(TABLE_NAMES, name)) return word;
      const tables = TABLE_NAMES[name]!;
      if (word.startsWith("!")) this.tables &= ~tables;
      else this.addTables(tables);
    }
    return null;
  }

  /** Fills in the rest. It is called once, after all options and state clauses. */
  complete(): void {
    if (this.default) {
      this.wantedStates ||= SS_CONNECTED;
      this.addTables(TABLE_NAMES.all!);
    }
    if (this.wantedStates !== 0) this.states = this.wantedStates;
    for (const { bit, families } of TABLES) {
      if ((this.tables & bit) === 0 || families.some((family) => this.#families.has(family))) {
        continue;
      }
      for (const family of families) this.#families.add(family);
    }
    for (const [family, { tables }] of FAMILIES) {
      if (this.#families.has(family) && (this.tables & tables) === 0) this.tables |= tables;
    }
  }
}
