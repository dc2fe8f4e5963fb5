/**
 * InetSockets: the internet sockets of one request. Their records, and columns for what was found out later.
 *
 * @module
 */
import type { Core } from "../core/gears.ts";
import type { ReceiveBuffer, SocketInfo } from "../model/socket.ts";
import { SocketAnnotations } from "./annotations.ts";
import { InetRecords } from "./inet_records.ts";
import { type InetColumns, type InetRequestFacts, InetSocket } from "./inet_socket.ts";

/** What is kept of each socket beyond its record. Absent: it is not. */
interface KeptColumns {
  /** Everything that the kernel tells. */
  readonly info?: boolean;
  /** Control groups. */
  readonly cgroups?: boolean;
  /** Receive buffers. */
  readonly receiveBuffers?: boolean;
}

/** Sockets by number. The family adds to them what its messages say. */
export class InetSockets implements InetColumns {
  readonly facts: InetRequestFacts;
  readonly records = new InetRecords();
  readonly annotations = new SocketAnnotations(this.records);
  /** `null` for a row of /proc, which has no attributes. */
  readonly infos: (SocketInfo | null)[] | null;
  readonly groups: (bigint | null)[] | null;
  readonly buffers: (ReceiveBuffer | null)[] | null;
  readonly #moving: InetSocket = new InetSocket(this, null);
  readonly #kept = new Map<number, InetSocket>();

  constructor(facts: InetRequestFacts, kept: KeptColumns = {}) {
    this.facts = facts;
    this.infos = kept.info ? [] : null;
    this.groups = kept.cgroups ? [] : null;
    this.buffers = kept.receiveBuffers ? [] : null;
  }

  get length(): number {
    return this.records.length;
  }

  /** The core that has the records in its arena; `null` where none has. */
  get core(): Core | null {
    return this.records.core;
  }

  /** The socket of a number, until the next one is asked for. */
  at(number: number): InetSocket {
    return this.#moving.to(number);
  }

  /** The socket of a number, as an object that stays valid. The same number gives the same object. */
  keep(number: number): InetSocket {
    let kept = this.#kept.get(number);
    if (kept === undefined) {
      kept = new InetSocket(this, number);
      this.#kept.set(number, kept);
    }
    return kept;
  }

  /** Forgets all of them. */
  clear(): void {
    this.records.clear();
    this.#kept.clear();
    if (this.infos !== null) this.infos.length = 0;
    if (this.groups !== null) this.groups.length = 0;
    if (this.buffers !== null) this.buffers.length = 0;
  }
}
