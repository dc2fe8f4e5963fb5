/**
 * What a socket is there for, in families whose states mean what they mean for TCP and UDP.
 *
 * @module
 */
import type { ServiceFacts } from "./family.ts";

/** The end of a sentence; `null` if nothing is to be said. `serves`: whether it is a service. */
export function meaningOf({ state, peer }: ServiceFacts, serves: boolean): string | null {
  switch (state) {
    case "listen":
      return "waits for connections";
    case "bound_inactive":
      return "holds the address, and neither listens nor connects";
    case "established":
      return "connected";
    case "close":
      if (serves) return "unconnected: takes datagrams from every sender";
      return peer === null ? "neither bound nor connected: nobody can reach it" : null;
    default:
      return null;
  }
}
