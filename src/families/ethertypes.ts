/**
 * Names of Ethernet protocols.
 *
 * Source: include/uapi/linux/if_ether.h, as of Linux 6.18.
 *
 * @module
 */

/** Every protocol. */
export const ETH_P_ALL = 3;

/**
 * By number, in host order: the kernel's name without `ETH_P_`, the name that Sockeye shows, that of ss and that of lsof;
 * `null` where a number is shown instead.
 */
const ETHERTYPES: Readonly<
  Record<
    number,
    readonly [kernel: string, sockeye: string | null, ss: string | null, lsof: string | null]
  >
> = {
  0x0000: ["", "none", null, null],
  0x0001: ["802_3", null, "802_3", "802.3"],
  0x0002: ["AX25", null, "ax25", "AX25"],
  0x0003: ["ALL", "all", "all", "ALL"],
  0x0004: ["802_2", "802.2", "802_2", "802.2"],
  0x0005: ["SNAP", null, "snap", "SNAP"],
  0x0006: ["DDCMP", null, "ddcmp", "DDCMP"],
  0x0007: ["WAN_PPP", null, "wan_ppp", "WAN_PPP"],
  0x0008: ["PPP_MP", null, "ppp_mp", "PPP MP"],
  0x0009: ["LOCALTALK", null, "localtalk", "LCLTALK"],
  0x000c: ["CAN", null, "can", null],
  0x0010: ["PPPTALK", null, "ppptalk", "PPPTALK"],
  0x0011: ["TR_802_2", null, "tr_802_2", "802.2"],
  0x0015: ["MOBITEX", null, "mobitex", "MOBITEX"],
  0x0016: ["CONTROL", null, "control", "CONTROL"],
  0x0017: ["IRDA", null, "irda", "IRDA"],
  0x0018: ["ECONET", null, "econet", "ECONET"],
  0x0019: ["HDLC", null, null, "HDLC"],
  0x001a: ["ARCNET", null, null, "ARCNET"],
  0x0060: ["LOOP", null, "loop", "LOOP"],
  0x0200: ["PUP", null, "pup", "PUP"],
  0x0201: ["PUPAT", null, "pupat", "PUPAT"],
  0x0800: ["IP", "ipv4", "ip", "IP"],
  0x0805: ["X25", null, "x25", "X25"],
  0x0806: ["ARP", "arp", "arp", "ARP"],
  0x08ff: ["BPQ", null, "bpq", "BPQ"],
  0x0a00: ["IEEEPUP", null, "ieeepup", "I3EPUP"],
  0x0a01: ["IEEEPUPAT", null, "ieeepupat", "I3EPUPA"],
  0x6000: ["DEC", null, "dec", "DEC"],
  0x6001: ["DNA_DL", null, "dna_dl", "DNA_DL"],
  0x6002: ["DNA_RC", null, "dna_rc", "DNA_RC"],
  0x6003: ["DNA_RT", null, "dna_rt", "DNA_RT"],
  0x6004: ["LAT", null, "lat", "LAT"],
  0x6005: ["DIAG", null, "diag", "DIAG"],
  0x6006: ["CUST", null, "cust", "CUST"],
  0x6007: ["SCA", null, "sca", "SCA"],
  0x6558: ["TEB", null, "teb", null],
  0x8035: ["RARP", null, "rarp", "RARP"],
  0x809b: ["ATALK", null, "atalk", "ATALK"],
  0x80f3: ["AARP", null, "aarp", "AARP"],
  0x8100: ["8021Q", "802.1q", "802.1Q", "8021Q"],
  0x8137: ["IPX", null, "ipx", "IPX"],
  0x86dd: ["IPV6", "ipv6", "ipv6", "IPV6"],
  0x8809: ["SLOW", null, null, "SLOW"],
  0x883e: ["WCCP", null, null, "WCCP"],
  0x8847: ["MPLS_UC", null, "mpls_uc", "MPLS_UC"],
  0x8848: ["MPLS_MC", null, "mpls_mc", "MPLS_MC"],
  0x884c: ["ATMMPOA", null, "atmmpoa", "ATMMPOA"],
  0x8863: ["PPP_DISC", "pppoe-discovery", "ppp_disc", "PPP_DIS"],
  0x8864: ["PPP_SES", "pppoe-session", "ppp_ses", "PPP_SES"],
  0x8884: ["ATMFATE", null, "atmfate", "ATMFATE"],
  0x888e: ["PAE", "802.1x", null, null],
  0x8892: ["PROFINET", "profinet", "profinet", null],
  0x88a2: ["AOE", null, "aoe", "AOE"],
  0x88a4: ["ETHERCAT", "ethercat", "ethercat", null],
  0x88a8: ["8021AD", null, "802.1ad", null],
  0x88ca: ["TIPC", null, "tipc", "TIPC"],
  0x88cc: ["LLDP", "lldp", "LLDP", null],
  0x88f7: ["1588", "ptp", null, null],
  0x8902: ["CFM", null, "cfm", null],
};

/** The name that Sockeye shows, else the number in hexadecimal. */
export function ethertypeName(ethertype: number): string {
  return ETHERTYPES[ethertype]?.[1] ?? `0x${ethertype.toString(16).padStart(4, "0")}`;
}

/** True for a name that {@linkcode ethertypeName} gives. */
export function isEthertypeName(name: string): boolean {
  return Object.values(ETHERTYPES).some(([, shown]) => shown === name);
}

/** The name that ss shows; the number in brackets where it has none or `numeric` asks for that. */
export function ssEthertypeName(ethertype: number, numeric: boolean): string {
  return (numeric ? null : ETHERTYPES[ethertype]?.[2]) ?? `[${ethertype}]`;
}

/** The name that lsof shows, else the number. */
export function lsofEthertypeName(ethertype: number): string {
  return ETHERTYPES[ethertype]?.[3] ?? String(ethertype);
}

/** Number of a name that ss reads, in any letter case; `undefined` if it is no such name. */
export function ethertypeOf(name: string): number | undefined {
  const wanted = name.toLowerCase();
  for (const [number, [, , ss]] of Object.entries(ETHERTYPES)) {
    if (ss?.toLowerCase() === wanted) return Number(number);
  }
  // ss reads this one and never shows it.
  return wanted === "ipv4" ? 0x0800 : undefined;
}
