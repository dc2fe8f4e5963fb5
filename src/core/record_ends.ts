/**
 * What a record says of its ends, beside its words.
 *
 * @module
 */
import { get16, get32 } from "./memory.ts";
import { COOKIE_HIGH, COOKIE_LOW, DESTINATION, PORTS } from "./record.ts";

const NO_COOKIE: u32 = 0xffffffff;

/** True for an address of zeros. */
export function isWildcard(words: u32): boolean {
  return get32(words) === 0 && get32(words + 4) === 0 && get32(words + 8) === 0 &&
    get32(words + 12) === 0;
}

/** False where there is no peer: a wildcard address, and port 0. */
export function hasPeer(p: u32): boolean {
  return get16(p + PORTS + 2) !== 0 || !isWildcard(p + DESTINATION);
}

/** True where both halves say so: see model/cookie.ts. */
export function hasNoCookie(p: u32): boolean {
  return get32(p + COOKIE_LOW) === NO_COOKIE && get32(p + COOKIE_HIGH) === NO_COOKIE;
}
