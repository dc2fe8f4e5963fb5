/**
 * DNS messages (RFC 1035): the question for the name of an address, and its answer.
 *
 * @module
 */
import { DecodeError } from "../model/decode_error.ts";
import { latin1Text } from "../text/encoding.ts";
import { withoutMapping } from "../model/endpoint.ts";

// Header: id u16 0, flags u16 2, counts u16 of questions 4, answers 6, authority 8, additional 10.
const HEADER_SIZE = 12;
const FLAG_RESPONSE = 0x8000;
const FLAG_RECURSION_DESIRED = 0x0100;
const RCODE_MASK = 0x000f;
const TYPE_PTR = 12;
const CLASS_IN = 1;
/** RFC 1035, 2.3.4. */
const NAME_LIMIT = 255;

/**
 * The domain name under which the DNS has the host name of an address of 4 or 16 bytes. An IPv4 address that is mapped into IPv6 has
 * that of the IPv4 address.
 *
 * ```ts
 * reverseName(Uint8Array.of(192, 0, 2, 1)); // "1.2.0.192.in-addr.arpa"
 * ```
 */
export function reverseName(address: Uint8Array): string {
  const bytes = withoutMapping(address);
  if (bytes.length === 4) return `${[...bytes].reverse().join(".")}.in-addr.arpa`;
  const digits = [...bytes].flatMap((byte) => [byte >> 4, byte & 15]);
  return `${digits.reverse().map((digit) => digit.toString(16)).join(".")}.ip6.arpa`;
}

/** Makes the question for the PTR records of a name in ASCII. `id` has 16 bits, and the answer repeats it. */
export function encodeQuestion(id: number, name: string): Uint8Array<ArrayBuffer> {
  const labels = name.split(".");
  const bytes = new Uint8Array(HEADER_SIZE + name.length + 2 + 4);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, id);
  view.setUint16(2, FLAG_RECURSION_DESIRED);
  view.setUint16(4, 1);
  let at = HEADER_SIZE;
  for (const label of labels) {
    bytes[at++] = label.length;
    for (let i = 0; i < label.length; i++) bytes[at++] = label.charCodeAt(i);
  }
  view.setUint16(at + 1, TYPE_PTR);
  view.setUint16(at + 3, CLASS_IN);
  return bytes;
}

/** An answer. */
interface DnsAnswer {
  readonly id: number;
  /** Name that was asked about, in lower case. */
  readonly question: string;
  /** First PTR record; `null` where there is none, or the server failed. */
  readonly name: string | null;
}

/** Reads an answer. Throws {@linkcode DecodeError} for anything else. */
export function decodeAnswer(bytes: Uint8Array): DnsAnswer {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const need = (end: number) => {
    if (end > bytes.length) {
      throw new DecodeError(
        "DNS message",
        bytes.length,
        `it ends ${end - bytes.length} bytes early`,
      );
    }
  };
  need(HEADER_SIZE);
  const flags = view.getUint16(2);
  if ((flags & FLAG_RESPONSE) === 0 || view.getUint16(4) !== 1) {
    throw new DecodeError("DNS message", 2, "it is not an answer to one question");
  }
  const asked = readName(bytes, HEADER_SIZE);
  let at = asked.end + 4;
  let name: string | null = null;
  const answers = (flags & RCODE_MASK) === 0 ? view.getUint16(6) : 0;
  for (let i = 0; i < answers && name === null; i++) {
    at = readName(bytes, at).end;
    need(at + 10);
    const type = view.getUint16(at);
    const length = view.getUint16(at + 8);
    need(at + 10 + length);
    if (type === TYPE_PTR && view.getUint16(at + 2) === CLASS_IN) {
      name = readName(bytes, at + 10).name;
    }
    at += 10 + length;
  }
  return { id: view.getUint16(0), question: asked.name.toLowerCase(), name };
}

/** Reads a name, whose end may be a pointer back to the end of another name. The result has one character a byte. */
function readName(bytes: Uint8Array, start: number): { name: string; end: number } {
  let name = "";
  let end = -1;
  let at = start;
  for (;;) {
    const length = bytes[at];
    if (length === undefined) throw new DecodeError("DNS name", at, "it has no end");
    if ((length & 0xc0) === 0xc0) {
      const low = bytes[at + 1];
      const target = (length & 0x3f) << 8 | (low ?? 0);
      // Pointers must lead backwards, so that they cannot form a circle.
      if (low === undefined || target >= at) {
        throw new DecodeError("DNS name", at, "a pointer leads nowhere");
      }
      if (end < 0) end = at + 2;
      at = target;
      continue;
    }
    if (length > 63) throw new DecodeError("DNS name", at, `a label has length byte ${length}`);
    if (length === 0) return { name, end: end < 0 ? at + 1 : end };
    if (at + 1 + length > bytes.length) throw new DecodeError("DNS name", at, "a label is cut");
    const label = latin1Text(bytes, at + 1, at + 1 + length);
    name += name === "" ? label : `.${label}`;
    if (name.length > NAME_LIMIT) throw new DecodeError("DNS name", at, "it is too long");
    at += 1 + length;
  }
}
