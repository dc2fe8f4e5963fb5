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
 * Groups that are joined in the namespace of this thread, from /proc/net/igmp and igmp6, without those that every host joins by
 * itself. The kernel counts members for each interface, and does not tell which sockets they are.
 */
export function readMulticastGroups(root: ProcRoot): MulticastGroup[] {
  const text = (file: string) => {
    const bytes = root.readNet(file);
    return typeof bytes === "number" ? "" : latin1Text(bytes);
  };
  return [...parseIgmp(text("igmp")), ...parseIgmp6(text("igmp6"))];
}

// Lines are split as text of one character a byte, because a name may have any character except blanks of ASCII.
function nameOf(field: string): string {
  return utf8Text(latin1Bytes(field));
}

/** Parses /proc/net/igmp: a line for each interface, followed by its groups as words of host byte order in hexadecimal. */
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
    // The kernel itself joins the group of all hosts.
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
    // The kernel itself joins the groups of all nodes and those of neighbour discovery.
    if (/^ff0[12]0{27}1$/.test(hex) || /^ff0200000000000000000001ff/.test(hex)) continue;
    groups.push({
      interface: nameOf(match[1]!),
      address: formatIpv6(word(0), word(1), word(2), word(3)),
    });
  }
  return groups;
}
