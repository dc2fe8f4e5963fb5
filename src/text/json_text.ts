/**
 * JSON as it goes out: a terminal that shows it obeys nothing in it.
 *
 * @module
 */

/** Nearly all there is. */
const ASCII = /^[\x00-\x7e]*$/;

/** What `sanitize` takes away from text, as far as JSON leaves it as it is. */
const HARMFUL =
  /[\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e0fff}]/gu;

/**
 * JSON.stringify, with an escape for every character that steers a terminal or cannot be seen: C1 controls, bidirectional
 * overrides, zero-width characters. Whoever reads it as JSON reads the same.
 */
export function jsonText(value: unknown, indent?: number): string {
  const text = JSON.stringify(value, null, indent);
  if (ASCII.test(text)) return text;
  return text.replace(HARMFUL, (character) => {
    let escaped = "";
    for (let i = 0; i < character.length; i++) {
      escaped += `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`;
    }
    return escaped;
  });
}
