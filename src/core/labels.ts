/**
 * Words that rows are made of, by number. label_texts.ts has their text.
 *
 * @module
 */

/** The netid of the rows that are written: which it is stands in the arena. */
export const NETID: u32 = 0;
/** The name of state 0; the others come behind it. */
export const STATE_NAMES: u32 = 1;
export const STATE_COUNT: u32 = 15;

export const TS: u32 = 16;
export const USEC_TS: u32 = 17;
export const SACK: u32 = 18;
export const ECN: u32 = 19;
export const ECNSEEN: u32 = 20;
export const FASTOPEN: u32 = 21;
export const WSCALE: u32 = 22;
export const RTO: u32 = 23;
export const BACKOFF: u32 = 24;
export const RTT: u32 = 25;
export const ATO: u32 = 26;
export const MSS: u32 = 27;
export const PMTU: u32 = 28;
export const RCVMSS: u32 = 29;
export const ADVMSS: u32 = 30;
export const CWND: u32 = 31;
export const SSTHRESH: u32 = 32;
export const BYTES_SENT: u32 = 33;
export const BYTES_RETRANS: u32 = 34;
export const BYTES_ACKED: u32 = 35;
export const BYTES_RECEIVED: u32 = 36;
export const SEGS_OUT: u32 = 37;
export const SEGS_IN: u32 = 38;
export const DATA_SEGS_OUT: u32 = 39;
export const DATA_SEGS_IN: u32 = 40;
export const DCTCP_FALLBACK: u32 = 41;
export const DCTCP: u32 = 42;
export const CE_STATE: u32 = 43;
export const ALPHA: u32 = 44;
export const AB_ECN: u32 = 45;
export const AB_TOT: u32 = 46;
export const BBR: u32 = 47;
export const MRTT: u32 = 48;
export const PACING_GAIN: u32 = 49;
export const CWND_GAIN: u32 = 50;
export const SEND: u32 = 51;
export const BPS: u32 = 52;
export const LASTSND: u32 = 53;
export const LASTRCV: u32 = 54;
export const LASTACK: u32 = 55;
export const PACING_RATE: u32 = 56;
export const DELIVERY_RATE: u32 = 57;
export const DELIVERED: u32 = 58;
export const DELIVERED_CE: u32 = 59;
export const APP_LIMITED: u32 = 60;
export const BUSY: u32 = 61;
export const MS: u32 = 62;
export const RWND_LIMITED: u32 = 63;
export const SNDBUF_LIMITED: u32 = 64;
export const UNACKED: u32 = 65;
export const RETRANS: u32 = 66;
export const LOST: u32 = 67;
export const SACKED: u32 = 68;
export const DSACK_DUPS: u32 = 69;
export const FACKETS: u32 = 70;
export const REORDERING: u32 = 71;
export const REORD_SEEN: u32 = 72;
export const RCV_RTT: u32 = 73;
export const RCV_SPACE: u32 = 74;
export const RCV_SSTHRESH: u32 = 75;
export const NOTSENT: u32 = 76;
export const MINRTT: u32 = 77;
export const RCV_OOOPACK: u32 = 78;
export const SND_WND: u32 = 79;
export const RCV_WND: u32 = 80;
export const REHASH: u32 = 81;
export const SKMEM: u32 = 82;
export const MEM: u32 = 83;
/** The first of nine: letters of SK_MEMINFO_*. */
export const SKMEM_NAMES: u32 = 84;
export const TIMER: u32 = 93;
/** The first of seven: off to delayed acknowledgement, and what is not known. */
export const TIMER_NAMES: u32 = 94;
export const MINUTES: u32 = 101;
export const SECONDS: u32 = 102;
export const NEXT_LINE: u32 = 103;
export const MAPPED: u32 = 104;
export const USERS: u32 = 105;
/** Cells of netstat, as wide as they have to be: state 0, the others behind it, and any other number. */
export const NETSTAT_STATES: u32 = 106;
export const NETSTAT_STATE_COUNT: u32 = 15;
// JSON of the listing.
export const NULL: u32 = 121;
export const TRUE: u32 = 122;
export const FALSE: u32 = 123;
export const LOCAL_KEY: u32 = 124;
export const ADDRESS_KEY: u32 = 125;
export const PORT_KEY: u32 = 126;
export const INTERFACE_KEY: u32 = 127;
export const PEER_KEY: u32 = 128;
export const V6ONLY_KEY: u32 = 129;
export const UID_KEY: u32 = 130;
export const INODE_KEY: u32 = 131;
export const COOKIE_KEY: u32 = 132;
export const RECV_QUEUE: u32 = 133;
export const SEND_QUEUE_KEY: u32 = 134;
export const ACCEPT_QUEUE: u32 = 135;
export const LENGTH_KEY: u32 = 136;
export const LIMIT_KEY: u32 = 137;
export const TIMER_KEY: u32 = 138;
export const KIND_KEY: u32 = 139;
export const EXPIRES_KEY: u32 = 140;
export const RETRANSMITS_KEY: u32 = 141;
export const OWNERSHIP_KEY: u32 = 142;
export const OWNERS_KEY: u32 = 143;
export const PEER_OWNERS: u32 = 144;
/** Names of lsof: state 0, the others behind it; what stands before the number of another state, in two; and protocols. */
export const LSOF_STATE_NAMES: u32 = 145;
export const LSOF_STATE_COUNT: u32 = 12;
export const LSOF_UNKNOWN: u32 = 157;
export const LSOF_PROTOCOL_NAMES: u32 = 159;
/** What lsof shows as the offset of a socket, or nothing. */
export const LSOF_OFFSET: u32 = 162;
export const COUNT: u32 = 163;
