/**
 * Bytes and text: the one place where one is turned into the other.
 *
 * Text from outside is bytes. It is kept as text with one character a byte (latin1) where it is compared or parsed, and
 * decoded as UTF-8 where a person reads it. The decoders are made on first use, because making one
 * takes as long as a hundred rows.
 *
 * @module
 */

let encoder: TextEncoder | undefined;
let decoder: TextDecoder | undefined;
let strictDecoder: TextDecoder | undefined;
let latin1Slice: ((this: Uint8Array, start: number, end: number) => string) | undefined;

/** `ignoreBOM` is the standard's word for leaving a byte order mark in the text: it may be part of a name. */
const KEEP_BYTE_ORDER_MARK = { ignoreBOM: true };

/** Bytes as UTF-8 text. What is not UTF-8 becomes U+FFFD. A byte order mark stays what it is, U+FEFF. */
export function utf8Text(bytes: Uint8Array): string {
  decoder ??= new TextDecoder("utf-8", KEEP_BYTE_ORDER_MARK);
  return decoder.decode(bytes);
}

/** As {@linkcode utf8Text}, but throws TypeError for bytes that are not UTF-8. */
export function strictUtf8Text(bytes: Uint8Array): string {
  strictDecoder ??= new TextDecoder("utf-8", { fatal: true, ...KEEP_BYTE_ORDER_MARK });
  return strictDecoder.decode(bytes);
}

/** Text without the byte order mark that some editors put in front of a file. */
export function withoutByteOrderMark(text: string): string {
  return text.startsWith("\ufeff") ? text.slice(1) : text;
}

/** Text as UTF-8. An unpaired surrogate becomes U+FFFD. */
export function utf8Bytes(text: string): Uint8Array<ArrayBuffer> {
  encoder ??= new TextEncoder();
  return encoder.encode(text);
}

/** Writes text as UTF-8 to the front of `into`, as much of it as there is room for. Returns how many bytes that were. */
export function writeUtf8(text: string, into: Uint8Array): number {
  encoder ??= new TextEncoder();
  return encoder.encodeInto(text, into).written;
}

/**
 * The bytes from `start` to before `end`, or as many of them as there are, as text with one character a byte: each byte becomes
 * the code point of the same number. Nothing is lost, and {@linkcode latin1Bytes} is the way back.
 *
 * ```ts
 * latin1Text(Uint8Array.of(0x41, 0x80, 0xdf)); // "A\u0080ß"
 * ```
 */
export function latin1Text(bytes: Uint8Array, start = 0, end: number = bytes.length): string {
  // TextDecoder("latin1") is windows-1252 by its standard, which turns 27 of the bytes from 0x80 to 0x9f into something else.
  // This method is also faster, for one byte as for a megabyte, and works on any Uint8Array.
  // deno-lint-ignore no-node-globals
  latin1Slice ??= (Buffer.prototype as unknown as { latin1Slice: typeof latin1Slice }).latin1Slice!;
  const limit = Math.min(end, bytes.length);
  return start < limit ? latin1Slice.call(bytes, start, limit) : "";
}

/** The bytes of text with one character a byte. Of a character beyond U+00FF only the lower eight bits stay. */
export function latin1Bytes(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}
