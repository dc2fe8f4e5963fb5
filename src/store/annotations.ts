/**
 * SocketAnnotations: what later steps find out about the sockets of a table: ownership, owners, reach.
 *
 * @module
 */
import { type Owner, type OwnerLookup, type Ownership, OWNERSHIPS } from "../model/owner.ts";
import type { Reach, Socket } from "../model/socket.ts";
import { ANNOTATIONS, type InetRecords, OWNED_BY } from "./inet_records.ts";

const ORDER = Object.fromEntries(OWNERSHIPS.map((name, i) => [name, i])) as Readonly<
  Record<Ownership, number>
>;
const UNKNOWN_REACH: Reach = { scope: "unknown", reasons: [] };
const NO_OWNERS: readonly Owner[] = [];
const REACH_SHIFT = 8;
const OWNERSHIP_MASK = (1 << REACH_SHIFT) - 1;

/** Words of each record, and what their numbers stand for. */
export class SocketAnnotations {
  readonly #records: InetRecords;
  /** Where owners are looked up: all sockets of a table have the same. `null` before they have any. */
  lookup: OwnerLookup | null = null;
  /** Hosts have few addresses, so many sockets share one reach. Number 0 stands for "not known yet". */
  readonly #reaches: Reach[] = [UNKNOWN_REACH];
  readonly #reachNumbers = new Map<Reach, number>();

  constructor(records: InetRecords) {
    this.#records = records;
  }

  ownership(number: number): Ownership {
    return OWNERSHIPS[this.#word(number) & OWNERSHIP_MASK]!;
  }

  setOwnership(number: number, ownership: Ownership): void {
    this.#setWord(number, this.#word(number) & ~OWNERSHIP_MASK | ORDER[ownership]);
  }

  /** See {@linkcode OwnerLookup}. */
  owners(number: number, socket: Pick<Socket, "cookie">, reused: boolean): readonly Owner[] {
    const records = this.#records;
    const held = records.memory.words[records.base(number) + OWNED_BY]!;
    return held === 0 ? NO_OWNERS : this.lookup!.owners(held, socket, reused);
  }

  /** Gives a socket the number to look its owners up by. */
  setOwnedBy(number: number, lookup: OwnerLookup, held: number): void {
    this.lookup = lookup;
    const records = this.#records;
    records.memory.words[records.base(number) + OWNED_BY] = held;
  }

  reach(number: number): Reach {
    return this.#reaches[this.#word(number) >>> REACH_SHIFT]!;
  }

  setReach(number: number, reach: Reach): void {
    let known = this.#reachNumbers.get(reach);
    if (known === undefined) {
      known = this.#reaches.push(reach) - 1;
      this.#reachNumbers.set(reach, known);
    }
    this.#setWord(number, this.#word(number) & OWNERSHIP_MASK | known << REACH_SHIFT);
  }

  /** Every reach by its number. */
  get reaches(): readonly Reach[] {
    return this.#reaches;
  }

  #word(number: number): number {
    const records = this.#records;
    return records.memory.words[records.base(number) + ANNOTATIONS]!;
  }

  #setWord(number: number, word: number): void {
    const records = this.#records;
    records.memory.words[records.base(number) + ANNOTATIONS] = word;
  }
}
