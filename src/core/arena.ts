/**
 * Where things are in the arena. Both gears and the code around them address it by this table.
 *
 * Areas have a fixed place. Memory that is not touched costs nothing, but the runtime collects garbage as soon as a program has
 * taken much of it; so the last area is the one that is longer in a large arena.
 *
 * @module
 */

/** The state that outlives a call: a word each. */
const STATE: u32 = 0x1000;
/** Where the current cell is being written, from CELLS on. */
export const AT: u32 = STATE;
/** Where the current cell began. */
export const START: u32 = STATE + 4;
/** The current column. */
export const COLUMN: u32 = STATE + 8;
/** Cells that have ended. */
export const COUNT: u32 = STATE + 12;
/** Chunks of ss's in use, and bytes of the last one. */
export const CHUNKS: u32 = STATE + 16;
export const CHUNK_USED: u32 = STATE + 20;
/** Bit `1 << column` for each column that is shown. */
export const SHOWN: u32 = STATE + 24;
/** Options of the rows: OPTION_* of ss_row.ts. */
export const OPTIONS: u32 = STATE + 28;
/** The next cell to be laid out, where its bytes are, and which visible column it is in. */
export const NEXT: u32 = STATE + 32;
export const NEXT_AT: u32 = STATE + 36;
export const NEXT_COLUMN: u32 = STATE + 40;
/** Length of what was laid out. */
export const OUT_LENGTH: u32 = STATE + 44;
/** How many visible columns there are. */
export const VISIBLE: u32 = STATE + 48;
/** Why rows() stopped before the end: STOPPED_* of ss_rows.ts. */
export const STOPPED: u32 = STATE + 52;
/** The message whose row waits for its owners. */
export const WAITING: u32 = STATE + 56;
/** Length of the longest cell of each column. */
export const LONGEST: u32 = STATE + 64;
/** Of each visible column: width, delimiter and alignment, a word each. */
export const LAYOUT: u32 = STATE + 128;
/** Owners: how many records there are, where they begin and how long each is. */
export const OWNERS: u32 = STATE + 256;
export const OWNER_RECORDS: u32 = STATE + 260;
export const OWNER_SIZE: u32 = STATE + 264;
/** The table of inodes, 0 while there is none, and its number of slots less 1. */
export const OWNER_SLOTS: u32 = STATE + 268;
export const OWNER_MASK: u32 = STATE + 272;
/** Bytes of one: an inode, 0 where it is free, and the last record of it. */
export const OWNER_SLOT_SIZE: u32 = 8;
/** A word for each record: the one before it of the same inode. */
export const OWNER_CHAIN: u32 = STATE + 276;
/** The table of what stands before a descriptor, its number of slots less 1, and how many more may be taken. */
export const PREFIX_SLOTS: u32 = STATE + 280;
export const PREFIX_MASK: u32 = STATE + 284;
export const PREFIX_ROOM: u32 = STATE + 288;
/** Bytes of a slot: a process or thread, 0 where it is free, and where its text is and how long. */
export const PREFIX_SLOT_SIZE: u32 = 12;

/** Options of the rows of netstat: NETSTAT_* of netstat_row.ts. */
export const NETSTAT_OPTIONS: u32 = STATE + 0x600;
/** What messages become that are stored: the states that are wanted, a bit each; the state that all have, 0 for their own. */
export const STORE_STATES: u32 = STATE + 320;
export const STORE_BOUND: u32 = STATE + 324;
/** The protocol of all, and their annotations at first. */
export const STORE_PROTOCOL: u32 = STATE + 328;
export const STORE_ANNOTATIONS: u32 = STATE + 332;
/** How many messages were stored. */
export const STORED: u32 = STATE + 336;
/** The ownership of a record with owners, and of one with an inode and without; of one without inode by its state, a byte each. */
export const STORE_OWNED: u32 = STATE + 340;
export const STORE_UNFOUND: u32 = STATE + 344;
export const OWNERSHIPS_BY_STATE: u32 = STATE + 348;
/** The table of records whose reach is known, a word each, its number of slots less 1, and how many more may be taken. */
export const REACH_SLOTS: u32 = STATE + 364;
export const REACH_MASK: u32 = STATE + 368;
export const REACH_ROOM: u32 = STATE + 372;
/** Rows in order: the address of each record, a word each, their number, and four more columns of as many words for sorting. */
export const ROWS: u32 = STATE + 376;
export const ROW_COUNT: u32 = STATE + 380;
export const SORT_COLUMNS: u32 = STATE + 384;
/** The end of a run of rows that are alike. */
export const ALIKE_END: u32 = STATE + 388;
/** What is known of each table: TABLE_* of listing.ts. */
export const TABLES: u32 = STATE + 392;
/** Texts of states and ownerships: an address and a length each. */
export const STATE_TEXTS: u32 = STATE + 396;
export const OWNERSHIP_TEXTS: u32 = STATE + 400;
export const TIMER_TEXTS: u32 = STATE + 404;
/** Where the next row is, why rows stopped, and what stands before a row in JSON. */
export const ROW_NEXT: u32 = STATE + 408;
export const ROW_STOPPED: u32 = STATE + 412;
export const SEPARATOR: u32 = STATE + 416;
/** Width of each column of the listing, a word each; the first is 0 where there is no column of namespaces. */
export const WIDTHS: u32 = STATE + 424;
/** Messages that are kept for lsof: where the first is, and where the next goes. */
export const LSOF_KEPT: u32 = STATE + 0x604;
export const LSOF_KEPT_END: u32 = STATE + 0x608;
/** The table of their inodes, and its number of slots less 1: an inode, 0 where it is free, and where its message is. */
export const LSOF_SLOTS: u32 = STATE + 0x60c;
export const LSOF_MASK: u32 = STATE + 0x610;
/** The protocol of the messages that are kept next. */
export const LSOF_PROTOCOL: u32 = STATE + 0x614;
/** What is wanted of sockets: a bit for each state; whether an end has to match; then protocol and version of IP, 0 for any, and ports. */
export const LSOF_STATES: u32 = STATE + 0x618;
export const LSOF_HAS_ITEM: u32 = STATE + 0x61c;
export const LSOF_ITEM_PROTOCOL: u32 = STATE + 0x620;
export const LSOF_VERSION: u32 = STATE + 0x624;
export const LSOF_FIRST_PORT: u32 = STATE + 0x628;
export const LSOF_LAST_PORT: u32 = STATE + 0x62c;
/** Files that are listed, and how many there are. */
export const LSOF_FILES: u32 = STATE + 0x630;
export const LSOF_FILE_COUNT: u32 = STATE + 0x634;
/** The highest inode among them, their protocols and their states, a bit each. */
export const LSOF_HIGHEST: u32 = STATE + 0x638;
export const LSOF_PROTOCOLS: u32 = STATE + 0x63c;
export const LSOF_SEEN: u32 = STATE + 0x640;
/** Length of what stands before a row, and widths of the columns of lsof. */
export const LSOF_HEAD_LENGTH: u32 = STATE + 0x644;
export const LSOF_FD_WIDTH: u32 = STATE + 0x648;
export const LSOF_TYPE_WIDTH: u32 = STATE + 0x64c;
export const LSOF_DEVICE_WIDTH: u32 = STATE + 0x650;
export const LSOF_OFFSET_WIDTH: u32 = STATE + 0x654;
export const LSOF_NODE_WIDTH: u32 = STATE + 0x658;
/** 1 where the name of the state stands behind a row. */
export const LSOF_SHOWS_STATE: u32 = STATE + 0x65c;

/** The numbers from 00 to 99 in two digits each. */
export const PAIRS: u32 = 0x2000;
/** Text of LABEL_SIZE bytes each, and its length behind it. */
export const LABELS: u32 = 0x3000;
/** struct tcp_info of the current message; zeros where the kernel's is shorter. */
export const INFO: u32 = 0x8000;
/** A large number in pieces. */
export const BIG: u32 = 0x9000;
/** An address as it is sent. */
export const ADDRESS: u32 = 0x9100;
/** The descriptors of a row in order. */
export const OWNER_LIST: u32 = 0xa000;
/** Messages that are to be read: more than the kernel sends at a time. */
export const INPUT: u32 = 0x10000;
export const INPUT_SIZE: u32 = 0x30000;
/** Rows that are laid out, on their way out. */
export const OUTPUT: u32 = 0x40000;
/** Cells, one after the other, each with its length before it. */
export const CELLS: u32 = 0xa0000;
/**
 * Bytes of the whole, with room for all cells that are kept at one time, and of what a small table needs. What `Core.take` gives out is
 * behind that.
 */
export const ARENA_SIZE: u32 = 0xa00000;
export const SMALL_ARENA_SIZE: u32 = 0x100000;
