/**
 * Note: what the programs keep with a socket itself, in storage that the kernel gives back with the socket.
 *
 * Nearly every socket that sends datagrams sends them to one destination. The first that a process names for an unconnected
 * socket, or that a connected one has, is the socket's home; it never changes. A datagram to it is counted with two looks at the
 * note and no look-up in any table: the hook before it finds that the destination is home and writes nothing, the tracepoint
 * after it finds that nothing else was written.
 *
 * Another destination the hook leaves here for the tracepoint, as the thread's own, unless another thread is between the two on
 * the same socket at the same moment: then it goes into a table by thread, and the socket counts as contended from then on.
 *
 * ```text
 *  home address u8[16] 0, port u16 16, family u16 18, as of a record; as the hook has them port u32 20, IPv4 address u32 24,
 *  hook u32 28: 4 or 6, or 0 for the destination of a connected socket
 *  state u8 32, contended u8 33, port that the socket is connected to u16 34 (network order), process u32 36: one word
 *  slot u32 40, waiting u32 44, received u64 48
 *  thread u64 56 on its way to a destination whose flow key is u8[32] 64, unwanted u32 96
 * ```
 *
 * @module
 */
export const NOTE = {
  address: 0,
  port: 16,
  family: 18,
  hookPort: 20,
  hookIp4: 24,
  hook: 28,
  word: 32,
  state: 32,
  contended: 33,
  socketPort: 34,
  tgid: 36,
  /** Where the flow to the home is counted; 0: nowhere yet. */
  slot: 40,
  /** A connection from elsewhere that no process has used yet. */
  waiting: 44,
  /** Bytes of datagrams received. */
  received: 48,
  thread: 56,
  pending: 64,
  unwanted: 96,
} as const;
export const NOTE_SIZE = 104;

/**
 * What is known of the home: nothing; somebody writes it; it is there; nobody asks for what goes there; nobody asks for what the
 * process sends there.
 */
export const HOME = { none: 0, claimed: 1, ready: 2, unwanted: 3, unwantedOfProcess: 4 } as const;

/** Slot of a flow that is being told for the first time. */
export const SLOT_CLAIMED = 0x7fff_ffff;
