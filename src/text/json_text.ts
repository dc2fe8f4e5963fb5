/**
 * JSON as it goes out. It is safe to show on a terminal.
 *
 * @module
 */
import { INVISIBLE } from "./sanitize.ts";

/** Nearly all JSON is ASCII. */
const ASCII = /^[\x00-\x7e]*$/;

/** What JSON.stringify leaves as it is and `sanitize` does not. Made when it is first needed. */
let invisible: RegExp | undefined;

/**
 * JSON.stringify, with an escape for every character that steers a terminal or cannot be seen: C1 controls, bidirectional
 * overrides, zero-width characters. To a JSON parser it is the same.
 */
export function jsonText(value: unknown, indent?: number): string {
  const text = JSON.stringify(value, null, indent);
  if (ASCII.test(text)) return text;
  invisible ??= new RegExp(`[${INVISIBLE}]`, "gu");
  return text.replace(invisible, (character) => {
    let escaped = "";
    for (let i = 0; i < character.length; i++) {
      escaped += `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`;
    }
    return escaped;
  });
}
