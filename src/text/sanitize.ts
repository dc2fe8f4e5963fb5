/**
 * Sanitise: text from outside, made harmless before a person reads it.
 *
 * A process picks its own name, and a program the path of its unix socket. Written as they are, an escape sequence in a name
 * could set the clipboard (OSC 52), a carriage return could forge the row above, a bidirectional override could turn the
 * text around. JSON is not sanitised but escaped: see json_text.ts.
 *
 * @module
 */
import { latin1Text, strictUtf8Text } from "./encoding.ts";

/**
 * Characters that steer a terminal or cannot be seen, C0 controls aside: DEL and C1 controls, soft hyphen, zero-width and
 * bidirectional characters, line separators, interlinear marks, variation selectors' supplement, tags. To be put into a
 * character class of a regular expression with the flag `u`.
 */
export const INVISIBLE = String
  .raw`\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e0fff}`;

/**
 * What a terminal must not get as it is: all of these, C0 controls and unpaired surrogates; and the backslash, so that an
 * escape can be told from a name that looks like one. Made when it is first needed: most names are ASCII.
 */
let harmful: RegExp | undefined;
const PLAIN = /^[\x20-\x5b\x5d-\x7e]*$/;

/** The text with every harmful character replaced by `\xNN` or `\u{N}`, and a backslash doubled. */
export function sanitize(text: string): string {
  if (PLAIN.test(text)) return text;
  harmful ??= new RegExp(String.raw`[\x00-\x1f\\${INVISIBLE}]|\p{Surrogate}`, "gu");
  return text.replace(harmful, (character) => {
    if (character === "\\") return "\\\\";
    const code = character.codePointAt(0)!;
    return code < 0x100 ? byteEscape(code) : `\\u{${code.toString(16)}}`;
  });
}

/**
 * The same, with backslashes left alone: for labels of metrics, which many know by names such as `dev-disk\\x2d.device`. An
 * escape cannot be told from a name that looks like one.
 */
export function escapeHarmful(text: string): string {
  return text.includes("\\") ? text.split("\\").map(sanitize).join("\\") : sanitize(text);
}

/** Bytes as harmless text: UTF-8 where they are, `\xNN` for each byte where they are not. */
export function sanitizeBytes(bytes: Uint8Array): string {
  let ascii = true;
  for (const byte of bytes) {
    if (byte < 0x20 || byte > 0x7e || byte === 0x5c) {
      ascii = false;
      break;
    }
  }
  if (ascii) return latin1Text(bytes);
  try {
    return sanitize(strictUtf8Text(bytes));
  } catch {
    // Not UTF-8: the ASCII in it is kept readable.
    let text = "";
    for (const byte of bytes) {
      text += byte < 0x80 ? sanitize(String.fromCharCode(byte)) : byteEscape(byte);
    }
    return text;
  }
}

function byteEscape(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, "0")}`;
}
