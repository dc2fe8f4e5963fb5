/**
 * The name of an SCTP socket: what it is, its numbers, and the addresses and ports of both ends.
 *
 * @module
 */
import type { SctpSocket } from "../gather/sctp.ts";

/** As lsof writes it, which looks no names up. */
export function sctpName({ associations, endpoints }: SctpSocket): string {
  const kinds = [
    ...associations.length > 0 ? ["ASSOC"] : [],
    ...endpoints.length > 0 ? ["ENDPT"] : [],
  ];
  const numbers = [
    ...[...associations, ...endpoints].map(({ pointer }) => pointer),
    ...associations.map(({ id }) => String(id)),
  ];
  const local = ends([
    ...associations.map(({ localWritten, localPort }) => [localWritten, localPort] as const),
    ...endpoints.map(({ written, port }) => [written, port] as const),
  ]);
  const remote = associations.length === 0 ? "" : `<->${
    ends(
      associations.map(({ remoteWritten, remotePort }) => [remoteWritten, remotePort] as const),
    )
  }`;
  return `${kinds.join("+")}: ${numbers.join(",")} ${local}${remote}`;
}

// Several addresses of a line are one text, which is never the same as a single one: only those are told once.
function ends(of: readonly (readonly [addresses: readonly string[], port: number])[]): string {
  const seen = new Set<string>();
  const addresses: string[] = [];
  for (const [written] of of) {
    if (written.length === 1 && seen.has(written[0]!)) continue;
    addresses.push(...written);
    for (const address of written) seen.add(address);
  }
  return `${addresses.join(",")}[${[...new Set(of.map(([, port]) => port))].join(",")}]`;
}
