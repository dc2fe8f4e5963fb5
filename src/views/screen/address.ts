/**
 * The address of a socket as the listing writes it: `*:3000` for both families, `[::]:80` for IPv6 alone, as ss does.
 *
 * @module
 */
import type { Socket } from "../../model/socket.ts";
import { formatEndpoint } from "../columns.ts";
import { type Service, width } from "./service.ts";

/** The addresses of a service, that which is reached from farthest first, and how many sockets share one with another. */
export function addressesOf(
  service: Service,
): { readonly texts: readonly string[]; readonly alike: number } {
  const sockets = [...service.sockets].sort((a, b) => width(b) - width(a));
  const texts = [
    ...new Set(sockets.map(({ family, local, v6only }) => formatEndpoint(family, local, v6only))),
  ];
  const twins = bothFamilies(sockets[0]!, texts);
  return {
    texts: twins === null ? texts : [twins, ...texts.filter((text) => !isWildcard(text))],
    alike: sockets.length - texts.length,
  };
}

const isWildcard = (text: string) => /^(0\.0\.0\.0|\[::\]|\*):/.test(text);

// The wildcards of both families mean every address.
function bothFamilies({ local }: Socket, texts: readonly string[]): string | null {
  const wild = texts.filter(isWildcard);
  if (wild.length < 2 || !("port" in local)) return null;
  return `*:${local.port}`;
}
