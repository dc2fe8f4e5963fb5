/**
 * What both halves of netstat share, the sockets and the counters: which protocols there are, and where it looks.
 *
 * @module
 */
import { Resolver } from "../../etc/resolver.ts";
import { ProcRoot } from "../../proc/root.ts";
import type { ReverseLookup } from "./names.ts";

/** Protocols and families that have tables. */
export const NETSTAT_PROTOCOLS = ["tcp", "sctp", "udp", "udplite", "raw", "unix"] as const;
export type NetstatProtocol = typeof NETSTAT_PROTOCOLS[number];

/** Where it runs. */
export interface NetstatEnvironment {
  readonly root: ProcRoot;
  readonly lookup: ReverseLookup;
}

/** This machine, or the recorded one that PROC_ROOT in the environment names. */
export function netstatEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): NetstatEnvironment {
  const resolver = new Resolver();
  return {
    root: new ProcRoot(environment.PROC_ROOT || undefined),
    lookup: (addresses) => resolver.namesOf(addresses),
  };
}
