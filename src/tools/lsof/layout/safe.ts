/**
 * Printable text, in lsof's notation: `\n` and its like, `^A` for other controls, `\xNN` for bytes.
 *
 * @module
 */
import { latin1Bytes, strictUtf8Text } from "../../../text/encoding.ts";

const LETTERS = new Map([
  [0x08, "\\b"],
  [0x09, "\\t"],
  [0x0a, "\\n"],
  [0x0c, "\\f"],
  [0x0d, "\\r"],
  [
    0x5c,
    "\\\\",
  ],
]);
const PLAIN = /^[\x20-\x5b\x5d-\x7e]*$/;

function escape(byte: number): string {
  const letter = LETTERS.get(byte);
  if (letter !== undefined) return letter;
  if (byte < 0x20) return `^${String.fromCharCode(byte + 0x40)}`;
  return `\\x${byte.toString(16).padStart(2, "0")}`;
}

/** Controls and what a terminal does not show as it is; the rest of Unicode is left. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Cn}\p{Co}]/u;

/** Text of one character a byte made printable. With `unicode` (a UTF-8 locale) printable characters of it are kept. */
export function safe(text: string, unicode: boolean): string {
  if (PLAIN.test(text)) return text;
  let out = "";
  for (let i = 0; i < text.length; i++) {
    const byte = text.charCodeAt(i) & 0xff;
    if (byte >= 0x20 && byte < 0x7f && byte !== 0x5c) {
      out += text[i];
      continue;
    }
    const length = byte < 0xc2 ? 0 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : byte < 0xf5 ? 4 : 0;
    const character = unicode && length > 0 ? character8(text, i, length) : null;
    if (character !== null) {
      out += character;
      i += length - 1;
    } else out += escape(byte);
  }
  return out;
}

function character8(text: string, at: number, length: number): string | null {
  if (at + length > text.length) return null;
  try {
    const character = strictUtf8Text(latin1Bytes(text.slice(at, at + length)));
    return UNPRINTABLE.test(character) ? null : character;
  } catch {
    return null;
  }
}

/** Width that the COMMAND column gives a command: spaces count as escaped, bytes above 0x7f as two, as lsof counts. */
export function commandLength(text: string): number {
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    const byte = text.charCodeAt(i) & 0xff;
    if (byte === 0x20 || byte === 0x7f) length += 4;
    else if (byte < 0x20 || byte > 0x7f || byte === 0x5c) length += 2;
    else length++;
  }
  return length;
}

/** A command in exactly `width` columns: a space is escaped too, an escape that does not fit ends it. */
export function commandCell(text: string, width: number): string {
  let out = "";
  for (let i = 0; i < text.length && out.length < width; i++) {
    const byte = text.charCodeAt(i) & 0xff;
    const piece = byte > 0x20 && byte < 0x7f && byte !== 0x5c ? text[i]! : escape(byte);
    if (out.length + piece.length > width) break;
    out += piece;
  }
  return out.padEnd(width);
}
