/**
 * Bytes as text. The decoders are made when they are first needed: each costs a start as much as a hundred rows.
 *
 * @module
 */

let utf8: TextDecoder | undefined;
let latin1: TextDecoder | undefined;

/** UTF-8; what is not becomes U+FFFD. */
export function utf8Text(bytes: Uint8Array): string {
  utf8 ??= new TextDecoder();
  return utf8.decode(bytes);
}

/**
 * One character a byte, for what is ASCII or to be compared. In the standard's words windows-1252; tables of the kernel have
 * nothing in which the two differ.
 */
export function latin1Text(bytes: Uint8Array): string {
  latin1 ??= new TextDecoder("latin1");
  return latin1.decode(bytes);
}
