/**
 * TCP rows of ss mode that were read from /proc: the kernel prints other things there than netlink tells.
 *
 * @module
 */
import type { SsTable } from "../../layout/table.ts";
import type { InetMessage } from "../../../../families/inet/message.ts";
import { formatGeneral } from "../printf.ts";

/** Ticks a second: USER_HZ, on every Linux. */
const HZ = 100;

/** What follows the inode in a line of /proc/net/tcp. */
interface TcpTail {
  /** Address of the kernel's structure, hashed or zeros; hexadecimal. */
  readonly address: bigint;
  readonly rtoTicks: number;
  readonly atoTicks: number;
  /** Quick acknowledgements left, times two, plus 1 for a connection that talks both ways. */
  readonly quickAck: number;
  readonly cwnd: number;
  /** -1 for none. */
  readonly ssthresh: number;
  /** Anything after that. */
  readonly rest: string;
}

/** Reads the tail of a row that came from /proc. */
export function tcpTail(message: InetMessage): TcpTail {
  const words = message.procTail().split(" ");
  const number = (i: number, missing: number) =>
    /^-?\d+$/.test(words[i] ?? "") ? Number(words[i]) : missing;
  // Old kernels, and TIME-WAIT, stop behind the address.
  const full = words.length > 2;
  return {
    address: /^[0-9a-f]{1,16}$/i.test(words[1] ?? "") ? BigInt(`0x${words[1]}`) : 0n,
    rtoTicks: full ? number(2, 0) : 0,
    atoTicks: full ? number(3, 0) : 0,
    quickAck: full ? number(4, 0) : 0,
    cwnd: full ? number(5, 0) : 2,
    ssthresh: full ? number(6, 0) : -1,
    rest: words.slice(7).join(" "),
  };
}

/** Writes what `-i` shows of it. */
export function writeTcpTail(cells: SsTable, tail: TcpTail): void {
  const rto = tail.rtoTicks === 3 * HZ ? 0 : tail.rtoTicks / HZ;
  if (rto !== 0) cells.text(` rto:${formatGeneral(rto)}`);
  if (tail.atoTicks !== 0) cells.text(` ato:${formatGeneral(tail.atoTicks / HZ)}`);
  const quickAck = Math.trunc(tail.quickAck / 2);
  if (quickAck !== 0) cells.text(` qack:${quickAck}`);
  if ((quickAck & 1) !== 0) cells.text(" bidir");
  if (tail.cwnd !== 0) cells.text(` cwnd:${tail.cwnd}`);
  if (tail.ssthresh !== 0 && tail.ssthresh !== -1) cells.text(` ssthresh:${tail.ssthresh}`);
  // Not told in /proc, so it is not the usual 3 either.
  cells.text(" reordering:0");
}
