/**
 * NetstatEnvironment: where netstat reads tables and asks for names.
 *
 * @module
 */
import { Resolver } from "../../etc/resolver.ts";
import { ProcRoot } from "../../proc/root.ts";
import type { ReverseLookup } from "./names.ts";

/** Where netstat runs. */
export interface NetstatEnvironment {
  readonly root: ProcRoot;
  readonly lookup: ReverseLookup;
}

/** This machine, or the recorded one that the variable PROC_ROOT names. */
export function netstatEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): NetstatEnvironment {
  const resolver = new Resolver();
  return {
    root: new ProcRoot(environment.PROC_ROOT || undefined),
    lookup: (addresses) => resolver.namesOf(addresses),
  };
}
