/**
 * Flags that choose a network namespace.
 *
 * @module
 */
import type { NetnsChoice } from "../query.ts";
import { UsageError } from "./usage_error.ts";

/** Reads the value of `--netns`. Throws {@linkcode UsageError} for an empty value. */
export function oneNetns(value: string): { readonly one: string } {
  if (value === "") {
    throw new UsageError('--netns "": expected a name, a process ID, a path or an inode');
  }
  return { one: value };
}

/** Records `--all-netns` or `--netns`. Throws {@linkcode UsageError} if one of them was given before. */
export function setNetns(options: { netns?: NetnsChoice | undefined }, choice: NetnsChoice): void {
  if (options.netns !== undefined) {
    throw new UsageError("--all-netns and --netns choose where to look: give one of them, once");
  }
  options.netns = choice;
}
