/**
 * SocketAnnotations: what later steps find out about the sockets of a table, as columns: ownership, owners, reach.
 *
 * @module
 */
import { type Owner, type OwnerLookup, type Ownership, OWNERSHIPS } from "../model/owner.ts";
import type { Reach, Socket } from "../model/socket.ts";

const UNKNOWN = OWNERSHIPS.indexOf("unknown");
const ORDER = Object.fromEntries(OWNERSHIPS.map((name, i) => [name, i])) as Readonly<
  Record<Ownership, number>
>;
const UNKNOWN_REACH: Reach = { scope: "unknown", reasons: [] };
const NO_OWNERS: readonly Owner[] = [];

/** Columns by the number of the socket. A column takes no memory before something is written into it. */
export class SocketAnnotations {
  /** How many sockets the table has. */
  readonly #count: () => number;
  #ownership = new Uint8Array(0);
  #ownedBy = new Int32Array(0);
  #lookup: OwnerLookup | null = null;
  #reach = new Uint32Array(0);
  /** Hosts have few addresses, so many sockets share one reach. Number 0 stands for "not known yet". */
  #reaches: Reach[] = [UNKNOWN_REACH];
  readonly #reachNumbers = new Map<Reach, number>();

  /** `count`: how many sockets the table has now. */
  constructor(count: () => number) {
    this.#count = count;
  }

  /** Forgets everything. */
  clear(): void {
    this.#ownership = new Uint8Array(0);
    this.#ownedBy = new Int32Array(0);
    this.#reach = new Uint32Array(0);
  }

  ownership(number: number): Ownership {
    return OWNERSHIPS[this.#ownership[number] ?? UNKNOWN]!;
  }

  setOwnership(number: number, ownership: Ownership): void {
    if (number >= this.#ownership.length) {
      const grown = new Uint8Array(this.#count()).fill(UNKNOWN);
      grown.set(this.#ownership);
      this.#ownership = grown;
    }
    this.#ownership[number] = ORDER[ownership];
  }

  /** See {@linkcode OwnerLookup}. */
  owners(number: number, socket: Pick<Socket, "cookie">, reused: boolean): readonly Owner[] {
    const held = this.#ownedBy[number] ?? 0;
    return held === 0 ? NO_OWNERS : this.#lookup!.owners(held, socket, reused);
  }

  /** Gives a socket the number to look its owners up by. All sockets of a table have the same lookup. */
  setOwnedBy(number: number, lookup: OwnerLookup, held: number): void {
    this.#lookup = lookup;
    if (number >= this.#ownedBy.length) {
      const grown = new Int32Array(this.#count());
      grown.set(this.#ownedBy);
      this.#ownedBy = grown;
    }
    this.#ownedBy[number] = held;
  }

  reach(number: number): Reach {
    return this.#reaches[this.#reach[number] ?? 0]!;
  }

  setReach(number: number, reach: Reach): void {
    if (number >= this.#reach.length) {
      const grown = new Uint32Array(this.#count());
      grown.set(this.#reach);
      this.#reach = grown;
    }
    let known = this.#reachNumbers.get(reach);
    if (known === undefined) {
      known = this.#reaches.push(reach) - 1;
      this.#reachNumbers.set(reach, known);
    }
    this.#reach[number] = known;
  }
}
