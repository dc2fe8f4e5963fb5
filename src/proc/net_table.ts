/**
 * What readers of tables under /proc/net share: a header line, then one socket a line, its fields separated by blanks.
 *
 * Text is one character a byte.
 *
 * @module
 */
import { DecodeError } from "../model/decode_error.ts";

/**
 * What happens to a line that is not one of the table's. Given, it is called with the error, and reading goes on behind the
 * line. Without it the error is thrown.
 */
export type BadLine = (error: DecodeError) => void;

/** The place of a line, for errors. */
interface LinePlace {
  /** `/proc/net/packet`. */
  readonly what: string;
  /** Its offset in the file, in bytes. */
  readonly at: number;
}

/**
 * Calls `take` with the fields of each line of the table `file`. `take` throws {@linkcode DecodeError} for a line that is not
 * one of the table's. A table without its header line is an error as well, since the kernel always prints one.
 */
export function eachTableLine(
  file: string,
  text: string,
  take: (fields: readonly string[], place: LinePlace) => void,
  bad?: BadLine,
): void {
  const what = `/proc/net/${file}`;
  let start = text.indexOf("\n") + 1;
  if (start === 0) return report(new DecodeError(what, 0, "the header line is missing"), bad);
  while (start < text.length) {
    let end = text.indexOf("\n", start);
    if (end < 0) end = text.length;
    const line = text.slice(start, end).trim();
    if (line !== "") {
      try {
        take(line.split(/\s+/), { what, at: start });
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error;
        report(error, bad);
      }
    }
    start = end + 1;
  }
}

function report(error: DecodeError, bad: BadLine | undefined): void {
  if (bad === undefined) throw error;
  bad(error);
}

function field(
  text: string | undefined,
  digits: RegExp,
  radix: 10 | 16,
  limit: number,
  name: string,
  { what, at }: LinePlace,
): number {
  if (text === undefined || !digits.test(text)) {
    throw new DecodeError(what, at, `${name} is ${JSON.stringify(text ?? "")}, not a number`);
  }
  const value = parseInt(text, radix);
  if (value > limit) throw new DecodeError(what, at, `${name} is ${value}, more than ${limit}`);
  return value;
}

/** A decimal field of at most `limit`. Throws {@linkcode DecodeError}. */
export function decimal(
  text: string | undefined,
  limit: number,
  name: string,
  place: LinePlace,
): number {
  return field(text, /^\d{1,15}$/, 10, limit, name, place);
}

/** A hexadecimal field of at most `limit`. Throws {@linkcode DecodeError}. */
export function hexadecimal(
  text: string | undefined,
  limit: number,
  name: string,
  place: LinePlace,
): number {
  return field(text, /^[0-9a-fA-F]{1,13}$/, 16, limit, name, place);
}

/** A kernel pointer, as up to 16 hexadecimal digits. Throws {@linkcode DecodeError}. */
export function pointer(text: string | undefined, name: string, { what, at }: LinePlace): string {
  if (text === undefined || !/^[0-9a-f]{1,16}$/i.test(text)) {
    throw new DecodeError(what, at, `${name} is ${JSON.stringify(text ?? "")}, not a number`);
  }
  return text;
}
