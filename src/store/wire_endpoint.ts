/**
 * WireEndpoint: one end of an internet socket as numbers. Its text is made when it is asked for.
 *
 * @module
 */
import { formatIpv4, formatIpv6 } from "../model/endpoint.ts";
import type { InternetEndpoint } from "../model/socket.ts";

/** Neighbours in a listing often have an address in common. */
const REMEMBERED = 64;
const texts: { v6: boolean; a: number; b: number; c: number; d: number; text: string }[] = [];

/** The text of an address, from its words in host order; of an IPv4 address only `a` counts. */
export function addressText(v6: boolean, a: number, b: number, c: number, d: number): string {
  const place = (a ^ d ^ (a ^ d) >>> 6) & REMEMBERED - 1;
  const known = texts[place];
  if (known === undefined) {
    const text = v6 ? formatIpv6(a, b, c, d) : formatIpv4(a);
    texts[place] = { v6, a, b, c, d, text };
    return text;
  }
  if (known.a !== a || known.d !== d || known.v6 !== v6 || known.b !== b || known.c !== c) {
    known.v6 = v6;
    known.a = a;
    known.b = b;
    known.c = c;
    known.d = d;
    known.text = v6 ? formatIpv6(a, b, c, d) : formatIpv4(a);
  }
  return known.text;
}

/** An endpoint whose members are set anew for each socket. */
export class WireEndpoint implements InternetEndpoint {
  v6 = false;
  a = 0;
  b = 0;
  c = 0;
  d = 0;
  port = 0;
  interface: string | null = null;

  get address(): string {
    return addressText(this.v6, this.a, this.b, this.c, this.d);
  }
}
