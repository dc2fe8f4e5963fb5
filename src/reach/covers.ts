/**
 * Covers: whether a socket bound to one address gets what is sent to another.
 *
 * @module
 */
import { parseAddress } from "../model/endpoint.ts";

/** True when two addresses are the same, whatever way they are written; ::ffff:1.2.3.4 is 1.2.3.4. */
export function sameAddress(a: string, b: string): boolean {
  const left = plainBytes(a);
  const right = plainBytes(b);
  return left !== undefined && right !== undefined && left.length === right.length &&
    left.every((byte, i) => byte === right[i]);
}

function plainBytes(address: string): Uint8Array | undefined {
  const bytes = parseAddress(address);
  const mapped = bytes?.length === 16 && bytes[10] === 0xff && bytes[11] === 0xff &&
    bytes.subarray(0, 10).every((byte) => byte === 0);
  return mapped ? bytes.subarray(12) : bytes;
}

/** True when a socket bound to `local` gets what is sent to `address`. */
export function covers(
  local: string,
  v6only: boolean | null,
  address: string,
): boolean {
  if (sameAddress(local, address)) return true;
  const v4 = plainBytes(address)?.length === 4;
  if (local === "0.0.0.0" || local === "::ffff:0.0.0.0") return v4;
  return local === "::" && (!v4 || v6only !== true);
}
