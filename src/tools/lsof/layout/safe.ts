/**
 * Printable text in lsof's notation: `\n` and the like, `^A` for other control characters, `\xNN` for other bytes.
 *
 * @module
 */
import { latin1Bytes, strictUtf8Text } from "../../../text/encoding.ts";

/** Characters that have an escape of their own. */
const LETTERS = new Map([
  [0x08, "\\b"],
  [0x09, "\\t"],
  [0x0a, "\\n"],
  [0x0c, "\\f"],
  [0x0d, "\\r"],
  [0x5c, "\\\\"],
]);
/** Most text, which needs no escape. */
const PLAIN = /^[\x20-\x5b\x5d-\x7e]*$/;

function escape(byte: number): string {
  const letter = LETTERS.get(byte);
  if (letter !== undefined) return letter;
  if (byte < 0x20) return `^${String.fromCharCode(byte + 0x40)}`;
  return `\\x${byte.toString(16).padStart(2, "0")}`;
}

/** Control characters, and others that a terminal does not show: these are escaped, the rest of Unicode is not. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Cn}\p{Co}]/u;

/** Makes text of one character a byte printable. With `unicode`, for a UTF-8 locale, its printable UTF-8 is decoded. */
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
    const character = unicode && length > 0 ? decodeCharacter(text, i, length) : null;
    if (character !== null) {
      out += character;
      i += length - 1;
    } else out += escape(byte);
  }
  return out;
}

/** The UTF-8 character of `length` bytes at an index; `null` when there is none or it is not printable. */
function decodeCharacter(text: string, at: number, length: number): string | null {
  if (at + length > text.length) return null;
  try {
    const character = strictUtf8Text(latin1Bytes(text.slice(at, at + length)));
    return UNPRINTABLE.test(character) ? null : character;
  } catch {
    return null;
  }
}

/** The width that lsof counts for a command: 4 for a space, which it escapes, and 2 for a byte above 0x7f. */
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

/** A command in exactly `width` columns. Spaces are escaped as well. An escape that does not fit ends the text. */
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
