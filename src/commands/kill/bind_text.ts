/**
 * What bind(2) says where something has been ended, in words.
 *
 * @module
 */
import { EADDRINUSE, errnoName, errnoText } from "../../../ffi/errno.ts";
import type { BindTries } from "../try_bind.ts";

/** A clause such as `bind() to it succeeds`. */
export function bindText({ plain, reuseAddress, reusePort }: BindTries): string {
  if (plain === null) return "whether bind() would succeed could not be tried";
  if (plain === 0) return "bind() to it succeeds";
  if (plain !== EADDRINUSE) return `bind() to it fails: ${errnoText(plain)} (${errnoName(plain)})`;
  const options = [
    ...reuseAddress === 0 ? ["SO_REUSEADDR"] : [],
    ...reusePort === 0 ? ["SO_REUSEPORT"] : [],
  ];
  return options.length === 0
    ? "bind() to it fails: the address is in use (EADDRINUSE)"
    : `bind() to it succeeds only with ${options.join(" or ")}`;
}
