/**
 * Matches and targets of xtables. The older iptables and iptables-nft store them as the same bytes.
 *
 * @module
 */
import { formatIpv4, formatIpv6 } from "../model/endpoint.ts";
import { ANY_PACKET, type Conditions, type Outcome } from "./nat_rule.ts";

const RTN_LOCAL_BIT = 1 << 2;

/** The conditions of a match. One that is not understood sets `more`. */
export function matchConditions(name: string, revision: number, info: Uint8Array): Conditions {
  const view = new DataView(info.buffer, info.byteOffset, info.length);
  const more: Conditions = { ...ANY_PACKET, more: true };
  switch (name) {
    case "comment":
      return ANY_PACKET;
    case "tcp":
    case "udp": {
      // struct xt_tcp: source ports u16[2] 0, destination ports u16[2] 4, option u8 8, flags u8[2] 9, inverted u8 11.
      // struct xt_udp: the same ports, inverted u8 8. Host byte order.
      const inverted = info[name === "tcp" ? 11 : 8];
      if (inverted === undefined) return { ...more, protocol: name };
      const [sourceFirst, sourceLast, first, last] = [0, 2, 4, 6].map((at) =>
        view.getUint16(at, true)
      ) as [number, number, number, number];
      const everySource = sourceFirst === 0 && sourceLast === 65535;
      const everyPort = first === 0 && last === 65535;
      const flags = name === "tcp" && (info[8] !== 0 || info[9] !== 0);
      return {
        protocol: name,
        address: null,
        ports: everyPort || inverted !== 0 ? null : [{ first, last }],
        more: inverted !== 0 || !everySource || flags,
      };
    }
    case "multiport": {
      // struct xt_multiport_v1: flags u8 0 (1: destination), count u8 1, ports u16[15] 2, is-first-of-range u8[15] 32,
      // inverted u8 47.
      if (revision !== 1 || info.length < 48 || info[0] !== 1 || info[47] !== 0) return more;
      const ports = [];
      for (let i = 0; i < Math.min(info[1]!, 15); i++) {
        const first = view.getUint16(2 + 2 * i, true);
        const isRange = info[32 + i] !== 0 && i + 1 < 15;
        ports.push({ first, last: isRange ? view.getUint16(2 + 2 * ++i, true) : first });
      }
      return { ...ANY_PACKET, ports };
    }
    case "addrtype":
      // struct xt_addrtype_info_v1: source u16 0, destination u16 2, flags u32 4. "To an address of the host" is no condition.
      return revision === 1 && info.length >= 8 && view.getUint16(0, true) === 0 &&
          view.getUint16(2, true) === RTN_LOCAL_BIT && view.getUint32(4, true) === 0
        ? ANY_PACKET
        : more;
    default:
      return more;
  }
}

/** Flag of DNAT: without it the port is not changed. Source: include/uapi/linux/netfilter/nf_nat.h. */
const NF_NAT_RANGE_PROTO_SPECIFIED = 2;

/**
 * Where the targets DNAT and REDIRECT send packets; `null` for any other. DNAT of revision 0: count u32, flags u32, first and last
 * address be32 each, first port be16. Later ones: flags u32, first and last address of 16 bytes each, first port be16. `v6`: all
 * 16 bytes are the address.
 */
export function targetOutcome(
  target: string,
  revision: number,
  info: Uint8Array,
  v6: boolean,
): Outcome | null {
  if (target === "DNAT") return dnatOutcome(revision, info, v6);
  return target === "REDIRECT" ? redirectOutcome(info, v6) : null;
}

// Of IPv4 it has what revision 0 of DNAT has, of IPv6 what later ones have. Without a port nothing that matters here changes.
function redirectOutcome(info: Uint8Array, v6: boolean): Outcome | null {
  const told = dnatOutcome(v6 ? 1 : 0, info, v6);
  if (told.kind !== "dnat") return told;
  return told.port === null ? null : { ...told, address: null };
}

/** As {@linkcode targetOutcome}, for DNAT. */
function dnatOutcome(revision: number, info: Uint8Array, v6: boolean): Outcome {
  const view = new DataView(info.buffer, info.byteOffset, info.length);
  if (revision === 0 && info.length >= 20) {
    const kept = (view.getUint32(4, true) & NF_NAT_RANGE_PROTO_SPECIFIED) === 0;
    return {
      kind: "dnat",
      address: formatIpv4(view.getUint32(8, false)),
      port: kept ? null : view.getUint16(16, false),
    };
  }
  if (revision > 0 && info.length >= 38) {
    const kept = (view.getUint32(0, true) & NF_NAT_RANGE_PROTO_SPECIFIED) === 0;
    return {
      kind: "dnat",
      address: addressText(info.subarray(4, v6 ? 20 : 8))!,
      port: kept ? null : view.getUint16(36, false),
    };
  }
  return { kind: "opaque" };
}

/** Four or sixteen bytes as an address; `null` for any other number of them. */
export function addressText(bytes: Uint8Array): string | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length === 4) return formatIpv4(view.getUint32(0, false));
  if (bytes.length !== 16) return null;
  return formatIpv6(
    view.getUint32(0, false),
    view.getUint32(4, false),
    view.getUint32(8, false),
    view.getUint32(12, false),
  );
}
