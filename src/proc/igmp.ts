/**
 * /proc/net/igmp and igmp6: multicast groups that are joined in a network namespace.
 *
 * @module
 */
import { swap32 } from "../model/byte_order.ts";
import { formatIpv4, formatIpv6 } from "../model/endpoint.ts";
import { latin1Bytes, latin1Text, utf8Text } from "../text/encoding.ts";
import type { ProcRoot } from "./root.ts";

/** A multicast group on an interface. */
export interface MulticastGroup {
  readonly interface: string;
  readonly address: string;
}

/**
 * Groups that are joined in the namespace, from /proc/net/igmp and igmp6, without those that every host joins by itself. The
 * kernel keeps the count per interface and does not say which socket it was.
 */
export function readMulticastGroups(root: ProcRoot): MulticastGroup[] {
  const text = (file: string) => {
    const bytes = root.readNet(file);
    return typeof bytes === "number" ? "" : latin1Text(bytes);
  };
  return [...parseIgmp(text("igmp")), ...parseIgmp6(text("igmp6"))];
}

// The lines are taken apart with one character a byte: names may have any character that is not a blank in ASCII.
function nameOf(field: string): string {
  return utf8Text(latin1Bytes(field));
}

/** Parses /proc/net/igmp: a line an interface, and below it its groups as host-endian words in hexadecimal. */
export function parseIgmp(text: string): MulticastGroup[] {
  const groups: MulticastGroup[] = [];
  let device: string | null = null;
  for (const line of text.split("\n")) {
    const head = /^\d+\s+(\S+)\s*:/.exec(line);
    if (head !== null) device = nameOf(head[1]!);
    const word = /^\s+([0-9A-F]{8})\s/.exec(line);
    if (word === null || device === null) continue;
    const value = parseInt(word[1]!, 16);
    const address = formatIpv4(swap32(value) >>> 0);
    // All hosts: joined by the kernel itself.
    if (address !== "224.0.0.1") groups.push({ interface: device, address });
  }
  return groups;
}

/** Parses /proc/net/igmp6: index, interface, address, users, flags, timer. */
export function parseIgmp6(text: string): MulticastGroup[] {
  const groups: MulticastGroup[] = [];
  for (const line of text.split("\n")) {
    const match = /^\d+\s+(\S+)\s+([0-9a-f]{32})\s/.exec(line);
    if (match === null) continue;
    const hex = match[2]!;
    const word = (i: number) => parseInt(hex.slice(8 * i, 8 * i + 8), 16);
    // All nodes of the interface and of the link, and the groups of neighbour discovery, belong to the kernel.
    if (/^ff0[12]0{27}1$/.test(hex) || /^ff0200000000000000000001ff/.test(hex)) continue;
    groups.push({
      interface: nameOf(match[1]!),
      address: formatIpv6(word(0), word(1), word(2), word(3)),
    });
  }
  return groups;
}
