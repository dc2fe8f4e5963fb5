/**
 * Cookies: the kernel's unique numbers of sockets.
 *
 * @module
 */

/** What the kernel puts into each half where it has no cookie, and what /proc has in its place: all ones. */
export const NO_COOKIE = 0xffff_ffff;

/**
 * The cookie of two halves; `null` for none. A bigint only from 2^53 on.
 *
 * @example cookieOf(5, 1) // 4294967301
 */
export function cookieOf(low: number, high: number): number | bigint | null {
  if (low === NO_COOKIE && high === NO_COOKIE) return null;
  return high < 0x20_0000 ? high * 0x1_0000_0000 + low : BigInt(high) << 32n | BigInt(low);
}
