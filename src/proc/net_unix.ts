/**
 * /proc/net/unix: the unix sockets of a network namespace, with facts that unix_diag does not tell, such as reference counts,
 * flags and sockets without an inode.
 *
 * @module
 */

/** A row of the table. */
export interface UnixRow {
  /** Address of the kernel's structure as the kernel lets it be seen: hashed, or zeros. */
  readonly address: string;
  /** References to the socket. Kernel: `sk_refcnt`. */
  readonly references: number;
  /** Always 0: there is one protocol. */
  readonly protocol: number;
  /** {@linkcode SO_ACCEPTCON} and its like. */
  readonly flags: number;
  /** SOCK_*. */
  readonly type: number;
  /** SS_*: `SS_UNCONNECTED` and so on (include/uapi/linux/net.h). */
  readonly state: number;
  /** 0 for a connection that waits to be accepted. */
  readonly inode: number;
  /** The whole path, one character a byte, `@` for each NUL of an abstract name; `null` when unnamed. */
  readonly path: string | null;
}

// include/linux/net.h
/** A listener. Kernel: `__SO_ACCEPTCON`. */
export const SO_ACCEPTCON = 1 << 16;
/** Kernel: `SOCK_ASYNC_WAITDATA` of old kernels; nothing sets it today. */
export const SO_WAITDATA = 1 << 17;
/** Kernel: `SOCK_NOSPACE` of old kernels; nothing sets it today. */
export const SO_NOSPACE = 1 << 18;

/** socket_state: whether it is connected. Source: include/uapi/linux/net.h. */
export const SS_UNCONNECTED = 1;
export const SS_CONNECTING = 2;
/** Their names without `SS_`. */
export const SS_NAMES = ["FREE", "UNCONNECTED", "CONNECTING", "CONNECTED", "DISCONNECTING"];

const PATTERN =
  /^ *([0-9a-fA-F]+): ([0-9a-fA-F]+) ([0-9a-fA-F]+) ([0-9a-fA-F]+) ([0-9a-fA-F]+) ([0-9a-fA-F]+) +(\d+)(?: (.*))?$/s;

/**
 * Calls `take` with each row and its offset (net/unix/af_unix.c, unix_seq_show). A path may contain any byte, even newlines, so a
 * line that does not begin a row belongs to the path before it. Such lines before the first row are ignored. Callers that must
 * notice them compare the offset of the first row with the end of the header.
 */
export function eachUnixRow(text: string, take: (row: UnixRow, at: number) => void): void {
  const header = text.indexOf("\n") + 1;
  if (header === 0) return;
  let start = -1;
  let next = header;
  for (let at = header; at < text.length; at = next) {
    const end = text.indexOf("\n", at);
    next = end < 0 ? text.length : end + 1;
    if (!PATTERN.test(text.slice(at, end < 0 ? next : end))) continue;
    if (start >= 0) take(rowOf(text.slice(start, at - 1)), start);
    start = at;
  }
  if (start >= 0) take(rowOf(text.slice(start, text.endsWith("\n") ? -1 : undefined)), start);
}

function rowOf(text: string): UnixRow {
  const match = PATTERN.exec(text)!;
  return {
    address: match[1]!,
    references: parseInt(match[2]!, 16),
    protocol: parseInt(match[3]!, 16),
    flags: parseInt(match[4]!, 16),
    type: parseInt(match[5]!, 16),
    state: parseInt(match[6]!, 16),
    inode: Number(match[7]),
    path: match[8] ? match[8] : null,
  };
}

/** All rows of the table: see {@linkcode eachUnixRow}. */
export function parseUnixTable(text: string): UnixRow[] {
  const rows: UnixRow[] = [];
  eachUnixRow(text, (row) => rows.push(row));
  return rows;
}
