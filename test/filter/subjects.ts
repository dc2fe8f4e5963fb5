/**
 * Sockets for filters to be tried on.
 *
 * @module
 */
import { parseAddress } from "../../src/model/endpoint.ts";
import { stateNumber } from "../../src/model/state.ts";
import { AF_INET } from "../../src/model/address_family.ts";
import type { FilterSubject, WordIndex } from "../../src/filter/mod.ts";

/** What a test says of a socket; the rest is as in an idle one. */
export interface Facts extends Partial<Omit<FilterSubject, "sourceWord" | "destinationWord">> {
  readonly src?: string;
  readonly dst?: string;
  readonly state?: string;
  readonly sport?: number;
  readonly dport?: number;
}

/** A subject from facts. */
export function subject(facts: Facts = {}): FilterSubject {
  const source = words(facts.src);
  const destination = words(facts.dst);
  return {
    family: AF_INET,
    transport: "tcp",
    stateNumber: stateNumber(facts.state ?? "established")!,
    sourcePort: facts.sport ?? 0,
    destinationPort: facts.dport ?? 0,
    ifindex: 0,
    interfaceName: null,
    mark: 0,
    cgroupId: null,
    sourceName: null,
    destinationName: null,
    localPortRange: { first: 32768, last: 60999 },
    inode: null,
    netns: null,
    pids: [],
    processNames: [],
    users: [],
    ownerCount: facts.pids?.length ?? 0,
    reachScope: "unknown",
    ...facts,
    sourceWord: (i: WordIndex) => source[i]!,
    destinationWord: (i: WordIndex) => destination[i]!,
  };
}

function words(address = "0.0.0.0"): number[] {
  const bytes = new Uint8Array(16);
  const parsed = parseAddress(address);
  if (parsed === undefined) throw new TypeError(`Not an address: ${address}`);
  bytes.set(parsed);
  const view = new DataView(bytes.buffer);
  return [0, 4, 8, 12].map((offset) => view.getUint32(offset));
}
