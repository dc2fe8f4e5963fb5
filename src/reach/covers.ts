/**
 * Whether a socket that is bound to one address receives what is sent to another.
 *
 * @module
 */
import { parseAddress, withoutMapping } from "../model/endpoint.ts";

/** True if two addresses are the same, however they are written. `::ffff:1.2.3.4` is the same as `1.2.3.4`. */
export function sameAddress(a: string, b: string): boolean {
  const left = plainBytes(a);
  const right = plainBytes(b);
  return left !== undefined && right !== undefined && left.length === right.length &&
    left.every((byte, i) => byte === right[i]);
}

function plainBytes(address: string): Uint8Array | undefined {
  const bytes = parseAddress(address);
  return bytes === undefined ? undefined : withoutMapping(bytes);
}

/** True if a socket bound to `local` receives what is sent to `address`. */
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
