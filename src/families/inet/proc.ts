/**
 * /proc/net/{tcp,udp,udplite,raw,icmp}{,6}: lines turned into inet_diag_msg.
 *
 * Fields of a line (net/ipv4/tcp_ipv4.c, udp.c, raw.c, ping.c): `sl: local:port remote:port state tx:rx timer:when
 * retransmits uid probes inode …`. Numbers are hexadecimal but for uid, probes and inode. An address is its 32-bit words as
 * the host's byte order prints them. For LISTEN, rx is the accept queue and its limit is not told.
 *
 * @module
 */
import { AF_INET, AF_INET6 } from "../../../ffi/socket.ts";
import { DecodeError } from "../../model/decode_error.ts";
import type { ProcTable } from "../family.ts";
import * as uapi from "./uapi.ts";

/** The kernel prints times in ticks of USER_HZ, which is 100 on every Linux. */
const MS_PER_TICK = 10;

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
      const message = new DataView(new ArrayBuffer(uapi.INET_DIAG_MSG_SIZE));
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
          encodeLine(line, `/proc/net/${file}`, start, family, message, extra);
          emit(message, 0, message.byteLength);
        }
        start = end + 1;
      }
    },
  };
}

function encodeLine(
  line: string,
  what: string,
  at: number,
  family: number,
  message: DataView,
  extra: { retransmits: number; probes: number },
): void {
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
  message.setUint8(uapi.MSG_RETRANS, extra.retransmits);
  message.setUint32(uapi.MSG_UID, number(fields[7], 10, "uid"), true);
  message.setUint32(uapi.MSG_INODE, number(fields[9], 10, "inode"), true);
  message.setUint32(uapi.MSG_IF, 0, true);
  message.setUint32(uapi.MSG_COOKIE, uapi.INET_DIAG_NOCOOKIE, true);
  message.setUint32(uapi.MSG_COOKIE + 4, uapi.INET_DIAG_NOCOOKIE, true);
}
