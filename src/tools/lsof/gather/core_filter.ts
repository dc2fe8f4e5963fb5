/**
 * CoreFilter: which sockets a query asks for, where that is so plain that the core can tell.
 *
 * @module
 */
import { ALL_STATES, type StateMask, stateMask } from "../../../model/state.ts";
import type { InternetItem, LsofQuery } from "../query.ts";
import type { Selection } from "./selection.ts";

/** What is asked for. */
export interface CoreFilter {
  readonly states: StateMask;
  /** What an end has to match: protocol, version of IP and ports, no address. `null`: every socket is wanted. */
  readonly item: InternetItem | null;
}

/** States that lsof has no name for cannot be asked for, and are always listed. */
const NAMELESS: StateMask = ~0 << 12;

/** True where the table shows of a socket what its message has, and nothing as a name. */
export function isPlain({ format, numericHosts, numericPorts }: LsofQuery): boolean {
  const { kind, flags, linkCount, stateParts } = format;
  return kind === "table" && flags === "none" && !linkCount && numericHosts && numericPorts &&
    !stateParts.queues && stateParts.any === stateParts.state;
}

/** The filter of a query that selects internet sockets only; `null` where the core cannot tell, or what it finds is not enough. */
export function coreFilter({ query, internetOnly }: Selection): CoreFilter | null {
  const { internet, internetItems, states, endpoints, allNamespaces } = query;
  if (!internetOnly || endpoints !== "none" || allNamespaces || !isPlain(query)) return null;
  const item = internetItems[0] ?? null;
  if (internetItems.length > 1 || item !== null && (item.address !== null || internet !== null)) {
    return null;
  }
  const included = states.filter(({ exclude }) => !exclude).map(({ state }) => state);
  // A socket that is not listed would count as found by its state.
  const ofOneKind = item === null || item.version === null && item.ports === null;
  if (included.length > 1 || included.length > 0 && !ofOneKind) return null;
  const excluded = states.filter(({ exclude }) => exclude).map(({ state }) => state);
  const asked = included.length > 0 ? stateMask(...included) : ALL_STATES | 1;
  return { states: (asked | NAMELESS) & ~stateMask(...excluded), item };
}
