/**
 * A decoded socket as a filter sees it. Unlike a row it has owners and reach.
 *
 * @module
 */
import { parseAddress } from "../model/endpoint.ts";
import type {
  Endpoint,
  FamilyName,
  FileIdentity,
  Netns,
  Scope,
  Socket,
  Transport,
} from "../model/socket.ts";
import { STATES } from "../model/state.ts";
import {
  AF_INET,
  AF_INET6,
  AF_NETLINK,
  AF_PACKET,
  AF_TIPC,
  AF_UNIX,
  AF_VSOCK,
  AF_XDP,
} from "../model/address_family.ts";
import { MEASURES } from "../model/measure.ts";
import type { Process } from "../model/owner.ts";
import type {
  FilterSubject,
  FilterUser,
  LocalPortRange,
  SocketFacts,
  WordIndex,
} from "./subject.ts";
import { utf8Text } from "../text/encoding.ts";

/** Facts of a row that a {@linkcode Socket} does not have. Without them, conditions on them match nothing. */
export interface RowFacts {
  readonly ifindex?: number;
  readonly mark?: number | null;
  readonly cgroupId?: bigint | null;
}

/** What is looked up of a socket outside of it. */
export interface SocketLookups {
  /** Name of the container of a process; `null` where no file tells it. */
  containerName(process: Process): string | null;
  /** Image of the container of a process; `null` where no file tells it. */
  imageOf(process: Process): string | null;
  /** When the sockets were read, in milliseconds since the epoch. */
  readonly nowMs: number;
  /** An end as the listing prints it. */
  printed(family: FamilyName, endpoint: Endpoint): string;
}

/** Login name of a user ID; `null` when it has none. */
export type UserNames = (uid: number) => string | null;

const ADDRESS_FAMILIES: Readonly<Record<FamilyName, number>> = {
  inet: AF_INET,
  inet6: AF_INET6,
  unix: AF_UNIX,
  packet: AF_PACKET,
  netlink: AF_NETLINK,
  vsock: AF_VSOCK,
  xdp: AF_XDP,
  tipc: AF_TIPC,
};

/** A socket with the methods that filters use. Addresses and names are parsed when a filter first asks for them. */
export class SocketSubject implements FilterSubject {
  readonly #socket: Socket;
  readonly #row: RowFacts;
  readonly #userName: UserNames;
  readonly localPortRange: LocalPortRange;
  readonly #lookups: SocketLookups | null;
  #source: readonly number[] | null = null;
  #destination: readonly number[] | null = null;

  constructor(
    socket: Socket,
    localPortRange: LocalPortRange,
    userName: UserNames = () => null,
    row: RowFacts = {},
    lookups: SocketLookups | null = null,
  ) {
    this.#lookups = lookups;
    this.#socket = socket;
    this.localPortRange = localPortRange;
    this.#userName = userName;
    this.#row = row;
  }

  get family(): number {
    return ADDRESS_FAMILIES[this.#socket.family];
  }

  get transport(): Transport {
    return this.#socket.transport;
  }

  get stateNumber(): number {
    return STATES.indexOf(this.#socket.state);
  }

  get sourcePort(): number {
    return endpointPort(this.#socket.local);
  }

  get destinationPort(): number {
    return this.#socket.peer === null ? 0 : endpointPort(this.#socket.peer);
  }

  sourceWord(index: WordIndex): number {
    return (this.#source ??= addressWords(this.#socket.local))[index]!;
  }

  destinationWord(index: WordIndex): number {
    return (this.#destination ??= addressWords(this.#socket.peer))[index]!;
  }

  get ifindex(): number {
    return this.#row.ifindex ?? -1;
  }

  get interfaceName(): string | null {
    const { local } = this.#socket;
    return "interface" in local ? local.interface : null;
  }

  get mark(): number | null {
    return this.#row.mark ?? null;
  }

  get cgroupId(): bigint | null {
    return this.#row.cgroupId ?? null;
  }

  get sourceName(): string | null {
    return endpointName(this.#socket.local);
  }

  get destinationName(): string | null {
    return this.#socket.peer === null ? null : endpointName(this.#socket.peer);
  }

  get sourceFile(): FileIdentity | null {
    const { local } = this.#socket;
    return "file" in local ? local.file ?? null : null;
  }

  get destinationFile(): FileIdentity | null {
    return this.#socket.peerFile ?? null;
  }

  get inode(): number | null {
    return this.#socket.inode;
  }

  get netns(): Netns | null {
    return this.#socket.netns;
  }

  get pids(): readonly number[] {
    return this.#socket.owners.map(({ pid }) => pid);
  }

  get processNames(): readonly string[] {
    return this.#socket.owners.flatMap(({ process: { comm, exe } }) => [
      ...comm === null ? [] : [utf8Text(comm)],
      ...exe === null ? [] : [utf8Text(exe.subarray(exe.lastIndexOf(SLASH) + 1))],
    ]);
  }

  get users(): readonly FilterUser[] {
    const { uid, owners } = this.#socket;
    const maker = uid === null ? [] : [{ uid, name: this.#userName(uid) }];
    return [...maker, ...owners.map(({ process: { uid, user } }) => ({ uid, name: user }))];
  }

  get ownerCount(): number {
    return new Set(this.pids).size;
  }

  get facts(): SocketFacts {
    const socket = this.#socket;
    const { family, local, peer, owners } = socket;
    const lookups = this.#lookups;
    return {
      get units() {
        return owners.flatMap(({ process: { unit } }) => unit === null ? [] : [unit]);
      },
      get containers() {
        return owners.flatMap(({ process }) =>
          process.container === null ? [] : [{
            id: process.container.id,
            name: process.container.name ?? lookups?.containerName(process) ?? null,
          }]
        );
      },
      get images() {
        return owners.flatMap(({ process }) => lookups?.imageOf(process) ?? []);
      },
      get commandLines() {
        return owners.flatMap(({ process: { cmdline } }) =>
          cmdline === null ? [] : [utf8Text(cmdline).replace(/\0$/, "").replaceAll("\0", " ")]
        );
      },
      measure: (name) => MEASURES[name].value(socket, lookups?.nowMs ?? 0),
      printed(end) {
        const endpoint = end === "source" ? local : peer;
        return endpoint === null ? null : lookups?.printed(family, endpoint) ?? null;
      },
    };
  }

  get reachScope(): Scope {
    return this.#socket.reach.scope;
  }
}

const SLASH = 0x2f;

/** The port, or what stands for it: see {@linkcode FilterSubject.sourcePort}. */
function endpointPort(endpoint: Endpoint): number {
  if ("port" in endpoint) return endpoint.port;
  if ("portId" in endpoint) return endpoint.portId | 0;
  if ("path" in endpoint) return endpoint.inode ?? 0;
  return 0;
}

function endpointName(endpoint: Endpoint): string | null {
  if (!("path" in endpoint)) return null;
  if (endpoint.path !== null) return utf8Text(endpoint.path);
  return endpoint.name === null ? null : `@${utf8Text(endpoint.name).replaceAll("\0", "@")}`;
}

/** The words of an address, as {@linkcode FilterSubject.sourceWord} has them; zeros for no peer. */
function addressWords(endpoint: Endpoint | null): readonly number[] {
  if (endpoint === null) return [0, 0, 0, 0];
  if ("address" in endpoint) {
    const bytes = new Uint8Array(16);
    bytes.set(parseAddress(endpoint.address) ?? []);
    const view = new DataView(bytes.buffer);
    return [0, 4, 8, 12].map((offset) => view.getUint32(offset));
  }
  if ("ethertype" in endpoint) return [endpoint.ethertype, 0, 0, 0];
  if ("portId" in endpoint) return [endpoint.protocol, 0, 0, 0];
  if ("cid" in endpoint) return [endpoint.cid, 0, 0, 0];
  if ("path" in endpoint && endpointName(endpoint) !== null) return [~0, ~0, ~0, ~0];
  return [0, 0, 0, 0];
}
