/**
 * Reads numbers as strtol(3) does, because ss does: `0x16` and `026` are 22.
 *
 * @module
 */

const INTEGER = /^[ \t\n\v\f\r]*([+-]?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)/;

/** The number at the start of a text, and its length there. `undefined` when there is none. */
export function scanInteger(text: string): { value: bigint; length: number } | undefined {
  const match = INTEGER.exec(text);
  if (match === null) return undefined;
  const [whole, sign, digits = ""] = match;
  // "0x" without a digit is no number to the glibc that comes with ss 7.3. An older one reads 0.
  if (digits === "0" && /^[xX]/.test(text.slice(whole.length))) return undefined;
  const octal = /^0[0-7]/.test(digits);
  const magnitude = BigInt(octal ? `0o${digits.slice(1)}` : digits);
  return { value: sign === "-" ? -magnitude : magnitude, length: whole.length };
}

const LONG_MAX = 2n ** 63n - 1n;

/** The whole text as a C `long`. `undefined` when it is not a number or out of range. */
export function parseLong(text: string): number | undefined {
  const found = scanInteger(text);
  if (found === undefined || found.length !== text.length) return undefined;
  if (found.value > LONG_MAX || found.value < -LONG_MAX - 1n) return undefined;
  return Number(found.value);
}

/** The whole text as a C `unsigned int`. `undefined` when it is not a number or out of range. */
export function parseUnsigned(text: string): number | undefined {
  const value = parseLong(text);
  return value === undefined || value < 0 || value > 0xffffffff ? undefined : value;
}
