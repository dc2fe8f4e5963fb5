/**
 * Labels: words that are in nearly every row, such as ` rtt:`, prepared so that each is written with four stores. A row of `ss -ti` has
 * some forty of them. The stores write 16 bytes, and what follows a shorter label overwrites the rest.
 *
 * @module
 */

/** Bytes that are stored for every label: no label is longer. */
export const LABEL_SIZE = 16;

/** Text of at most 16 bytes. */
export interface Label {
  readonly length: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
}

/** Prepares a label, of one byte a character. Throws RangeError when it is too long. */
export function label(text: string): Label {
  if (text.length > LABEL_SIZE) {
    throw new RangeError(`A label has at most ${LABEL_SIZE} bytes: ${text}`);
  }
  const bytes = new DataView(new ArrayBuffer(LABEL_SIZE));
  for (let i = 0; i < text.length; i++) bytes.setUint8(i, text.charCodeAt(i));
  const word = (at: number) => bytes.getInt32(at, true);
  return { length: text.length, a: word(0), b: word(4), c: word(8), d: word(12) };
}
