/**
 * /proc/net/{tcp,udp,udplite,raw,icmp}{,6}: lines turned into inet_diag_msg.
 *
 * Fields of a line (net/ipv4/tcp_ipv4.c, udp.c, raw.c, ping.c): `sl: local:port remote:port state tx:rx timer:when
 * retransmits uid probes inode …`. Numbers are hexadecimal but for uid, probes and inode. An address is its 32-bit words as
 * the host's byte order prints them. For LISTEN, rx is the accept queue and its limit is not told. What follows the inode has
 * no place in the kernel's message and is carried as PROC_TAIL.
 *
 * @module
 */
import { AF_INET, AF_INET6 } from "../../../ffi/socket.ts";
import { DecodeError } from "../../model/decode_error.ts";
import { NLA_HEADER_SIZE } from "../../netlink/attribute.ts";
import type { ProcTable } from "../family.ts";
import * as uapi from "./uapi.ts";

/** The kernel prints times in ticks of USER_HZ, which is 100 on every Linux. */
const MS_PER_TICK = 10;
/** Kernel: `icsk_pending` of ICSK_TIME_RETRANS, as both sources number it. */
const TIMER_RETRANSMIT = 1;
/** More than any kernel prints behind the inode. */
const TAIL_MAX = 256;
const TAIL_AT = uapi.INET_DIAG_MSG_SIZE;
const MESSAGE_SIZE = TAIL_AT + NLA_HEADER_SIZE + TAIL_MAX;

/** A table, with what its lines tell beyond inet_diag_msg. */
export interface InetProcTable extends ProcTable {
  /**
   * Retransmits of the line that was emitted last, whatever its timer: the message has one number for them and for
   * {@linkcode probes}. Kernel: `icsk_retransmits`, for SYN-RECV `num_timeout`.
   */
  readonly retransmits: number;
  /** Probes without answer of the line that was emitted last. Kernel: `icsk_probes_out`; 0 except for TCP. */
  readonly probes: number;
}

/** The table `file` under /proc/net, whose addresses are of `family`. */
export function inetProcTable(file: string, family: number): InetProcTable {
  return {
    file,
    retransmits: 0,
    probes: 0,
    parse(bytes, emit) {
      const extra = this as { retransmits: number; probes: number };
      const message = new DataView(new ArrayBuffer(MESSAGE_SIZE));
      let start = bytes.indexOf(0x0a) + 1;
      // No newline at all: not even the header line that every such file has.
      if (start === 0) {
        throw new DecodeError(`/proc/net/${file}`, 0, "the header line is missing");
      }
      while (start < bytes.length) {
        let end = bytes.indexOf(0x0a, start);
        if (end < 0) end = bytes.length;
        const line = String.fromCharCode(...bytes.subarray(start, end));
        if (line.trim() !== "") {
          emit(message, 0, encodeLine(line, `/proc/net/${file}`, start, family, message, extra));
        }
        start = end + 1;
      }
    },
  };
}

// Returns the length of the message.
function encodeLine(
  line: string,
  what: string,
  at: number,
  family: number,
  message: DataView,
  extra: { retransmits: number; probes: number },
): number {
  const fields = line.trim().split(/\s+/);
  const number = (text: string | undefined, radix: number, name: string): number => {
    const digits = radix === 16 ? /^[0-9a-fA-F]{1,16}$/ : /^\d{1,15}$/;
    if (text === undefined || !digits.test(text)) {
      throw new DecodeError(what, at, `${name} is ${JSON.stringify(text ?? "")}, not a number`);
    }
    return parseInt(text, radix);
  };
  const pair = (text: string | undefined, name: string): [number, number] => {
    const [first, second] = (text ?? "").split(":");
    return [number(first, 16, name), number(second, 16, name)];
  };
  const address = (text: string | undefined, addressAt: number, portAt: number, name: string) => {
    const [hex = "", port] = (text ?? "").split(":");
    const words = family === AF_INET6 ? 4 : 1;
    if (hex.length !== 8 * words) {
      throw new DecodeError(what, at, `${name} is ${JSON.stringify(text ?? "")}, not an address`);
    }
    for (let i = 0; i < 4; i++) {
      const word = i < words ? number(hex.slice(8 * i, 8 * i + 8), 16, name) : 0;
      message.setUint32(addressAt + 4 * i, word, true);
    }
    message.setUint16(portAt, number(port, 16, `${name} port`), false);
  };

  message.setUint8(uapi.MSG_FAMILY, family === AF_INET6 ? AF_INET6 : AF_INET);
  address(fields[1], uapi.MSG_SRC, uapi.MSG_SPORT, "local address");
  address(fields[2], uapi.MSG_DST, uapi.MSG_DPORT, "remote address");
  message.setUint8(uapi.MSG_STATE, number(fields[3], 16, "state"));
  const [sendQueue, receiveQueue] = pair(fields[4], "queues");
  message.setUint32(uapi.MSG_WQUEUE, sendQueue, true);
  message.setUint32(uapi.MSG_RQUEUE, receiveQueue, true);
  const [timer, when] = pair(fields[5], "timer");
  message.setUint8(uapi.MSG_TIMER, timer);
  message.setUint32(uapi.MSG_EXPIRES, when * MS_PER_TICK, true);
  extra.retransmits = number(fields[6], 16, "retransmits");
  extra.probes = number(fields[8], 10, "probes");
  // The kernel's message has one counter: probes, unless the timer is that of retransmission.
  message.setUint8(
    uapi.MSG_RETRANS,
    timer === TIMER_RETRANSMIT ? extra.retransmits : extra.probes,
  );
  message.setUint32(uapi.MSG_UID, number(fields[7], 10, "uid"), true);
  message.setUint32(uapi.MSG_INODE, number(fields[9], 10, "inode"), true);
  message.setUint32(uapi.MSG_IF, 0, true);
  message.setUint32(uapi.MSG_COOKIE, uapi.INET_DIAG_NOCOOKIE, true);
  message.setUint32(uapi.MSG_COOKIE + 4, uapi.INET_DIAG_NOCOOKIE, true);
  const tail = fields.slice(10).join(" ").slice(0, TAIL_MAX);
  message.setUint16(TAIL_AT, NLA_HEADER_SIZE + tail.length, true);
  message.setUint16(TAIL_AT + 2, uapi.PROC_TAIL, true);
  for (let i = 0; i < tail.length; i++) {
    message.setUint8(TAIL_AT + NLA_HEADER_SIZE + i, tail.charCodeAt(i));
  }
  return TAIL_AT + NLA_HEADER_SIZE + tail.length;
}
