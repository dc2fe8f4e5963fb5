/**
 * Flags that choose a network namespace.
 *
 * @module
 */
import type { NetnsChoice } from "../query.ts";
import type { Flag } from "./flag.ts";
import { UsageError } from "./usage_error.ts";

/** Reads the value of `--netns`. Throws {@linkcode UsageError} for an empty value. */
export function oneNetns(value: string): { readonly one: string } {
  if (value === "") {
    throw new UsageError('--netns "": expected a name, a process ID, a path or an inode');
  }
  return { one: value };
}

// Throws UsageError if one of the two flags was given before.
function setNetns(options: { netns?: NetnsChoice | undefined }, choice: NetnsChoice): void {
  if (options.netns !== undefined) {
    throw new UsageError("--all-netns and --netns choose where to look: give one of them, once");
  }
  options.netns = choice;
}

/** `--all-netns` and `--netns`. */
export const NETNS_FLAGS: readonly Flag<{ netns?: NetnsChoice | undefined }>[] = [
  {
    long: "all-netns",
    group: "Where to look",
    help: "in every network namespace that can be found and entered",
    set: (options) => setNetns(options, "all"),
  },
  {
    long: "netns",
    value: "NAME|PID|PATH|INODE",
    group: "Where to look",
    help: "in this network namespace",
    set: (options, value) => setNetns(options, oneNetns(value)),
  },
];
