/**
 * The record of one internet socket: offsets in bytes, little-endian words. The core and `store/inet_records.ts` have them from here.
 *
 * @module
 */

/** From the lowest byte up: address family, state, timer, retransmits. */
export const KIND: u32 = 0;
/** Local port in the low half, the peer's in the high half, both in host order. */
export const PORTS: u32 = 4;
export const INTERFACE: u32 = 8;
export const COOKIE_LOW: u32 = 12;
export const COOKIE_HIGH: u32 = 16;
export const EXPIRES_MS: u32 = 20;
export const RECEIVE_QUEUE: u32 = 24;
export const SEND_QUEUE: u32 = 28;
export const UID: u32 = 32;
export const INODE: u32 = 36;
/** Four words of the local address, then four of the peer's, in host order; IPv4 has only the first. */
export const SOURCE: u32 = 40;
export const DESTINATION: u32 = 56;
/** IPPROTO_*; 0 where the request does not tell. */
export const PROTOCOL: u32 = 72;
/** What is known of the message's attributes in the low half; in the high half the number of the table, where rows are listed. */
export const FLAGS: u32 = 76;
/** What later steps find out: the number that its owners are looked up by, 0 for none. */
export const OWNED_BY: u32 = 80;
/** Ownership in the lowest byte, above it the number of its reach in the table. */
export const ANNOTATIONS: u32 = 84;
export const RECORD_SIZE: u32 = 88;

/** States from that on have no name: they count as 0. */
export const STATES_KNOWN: u32 = 14;

/** In {@linkcode FLAGS}. */
export const HAS_V6ONLY: u32 = 1;
export const V6ONLY: u32 = 2;
export const HAS_PEERS: u32 = 4;
/** Set where TypeScript has to write the row. */
export const IS_FOREIGN_ROW: u32 = 0x100;
