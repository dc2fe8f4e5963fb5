/**
 * Sanitise: text that a stranger chose, made harmless where a person reads it.
 *
 * A process picks its own name and a unix socket its own path. Written raw, an escape sequence in one sets the clipboard
 * (OSC 52), a carriage return forges the row above, a bidirectional override turns the text around. Nothing here is done to
 * JSON, which has escapes of its own.
 *
 * @module
 */
import { latin1Text, strictUtf8Text } from "./encoding.ts";

/**
 * What a terminal must not get as it is: C0 and C1 controls, soft hyphen, zero-width and bidirectional characters, line
 * separators, interlinear marks, variation selectors' supplement, tags, unpaired surrogates; and the backslash, so that an
 * escape can be told from a name that looks like one.
 */
const HARMFUL =
  /[\x00-\x1f\\\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e0fff}]|\p{Surrogate}/gu;
const PLAIN = /^[\x20-\x5b\x5d-\x7e]*$/;

/** The text with every harmful character replaced by `\xNN` or `\u{N}`, and a backslash doubled. */
export function sanitize(text: string): string {
  if (PLAIN.test(text)) return text;
  return text.replace(HARMFUL, (character) => {
    if (character === "\\") return "\\\\";
    const code = character.codePointAt(0)!;
    return code < 0x100 ? byteEscape(code) : `\\u{${code.toString(16)}}`;
  });
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
