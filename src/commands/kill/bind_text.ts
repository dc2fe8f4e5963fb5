/**
 * What bind(2) says where something has been ended, in words.
 *
 * @module
 */
import { EADDRINUSE, errnoName, errnoText } from "../../../ffi/errno.ts";
import type { BindTries } from "../try_bind.ts";

/** A clause such as `the address is free`. */
export function bindText({ plain, reuseAddress, reusePort }: BindTries): string {
  if (plain === null) return "whether the address is free could not be tested";
  if (plain === 0) return "the address is free";
  if (plain !== EADDRINUSE) {
    return `the address cannot be bound: ${errnoText(plain)} (${errnoName(plain)})`;
  }
  const options = [
    ...reuseAddress === 0 ? ["SO_REUSEADDR"] : [],
    ...reusePort === 0 ? ["SO_REUSEPORT"] : [],
  ];
  return options.length === 0
    ? "the address is still in use (EADDRINUSE)"
    : `the address is free only with ${options.join(" or ")}`;
}
