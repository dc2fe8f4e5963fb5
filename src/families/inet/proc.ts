/**
 * /proc/net/{tcp,udp,udplite,raw,icmp}{,6}: lines turned into inet_diag_msg.
 *
 * Fields of a line (net/ipv4/tcp_ipv4.c, udp.c, raw.c, ping.c): `sl: local:port remote:port state tx:rx timer:when
 * retransmits uid probes inode …`. Numbers are hexadecimal, except for uid, probes and inode. An address is printed as
 * 32-bit words in host byte order. For LISTEN, rx is the accept queue; its limit is not told. The kernel's message has no
 * field for what follows the inode: it becomes the attribute PROC_TAIL.
 *
 * @module
 */
import { AF_INET, AF_INET6 } from "../../../ffi/socket.ts";
import { DecodeError } from "../../model/decode_error.ts";
import { NLA_HEADER_SIZE } from "../../netlink/attribute.ts";
import type { BadLine } from "../../proc/net_table.ts";
import type { ProcTable } from "../family.ts";
import * as uapi from "./uapi.ts";

/** The kernel prints times in ticks of USER_HZ, which is 100 on every Linux. */
const MS_PER_TICK = 10;
/** Kernel: `icsk_pending` of ICSK_TIME_RETRANS, as both sources number it. */
const TIMER_RETRANSMIT = 1;
/** More than any kernel prints after the inode. */
const TAIL_MAX = 256;
const TAIL_AT = uapi.INET_DIAG_MSG_SIZE;
const MESSAGE_SIZE = TAIL_AT + NLA_HEADER_SIZE + TAIL_MAX;

/** A table, with facts of its lines for which inet_diag_msg has no field. */
interface InetProcTable extends ProcTable {
  /**
   * As {@linkcode ProcTable.parse}. With `bad`, a line that is not of a socket is given to it, and reading goes on behind the
   * line.
   */
  parse(
    text: Uint8Array,
    emit: (view: DataView, start: number, end: number) => void,
    bad?: BadLine,
  ): void;
  /**
   * Retransmits of the last emitted line. The message has one field for them and for {@linkcode probes}, and the timer
   * decides which it is. Kernel: `icsk_retransmits`, for SYN-RECV `num_timeout`.
   */
  readonly retransmits: number;
  /** Unanswered probes of the last emitted line. Kernel: `icsk_probes_out`; 0 except for TCP. */
  readonly probes: number;
}

/** The table `file` under /proc/net, whose addresses are of `family`. */
export function inetProcTable(file: string, family: number): InetProcTable {
  return {
    file,
    retransmits: 0,
    probes: 0,
    parse(bytes, emit, bad) {
      const extra = this as { retransmits: number; probes: number };
      const message = new DataView(new ArrayBuffer(MESSAGE_SIZE));
      message.setUint8(uapi.MSG_FAMILY, family === AF_INET6 ? AF_INET6 : AF_INET);
      message.setUint32(uapi.MSG_COOKIE, uapi.INET_DIAG_NOCOOKIE, true);
      message.setUint32(uapi.MSG_COOKIE + 4, uapi.INET_DIAG_NOCOOKIE, true);
      const words = family === AF_INET6 ? 4 : 1;
      const start = bytes.indexOf(NEWLINE) + 1;
      // Every such file has at least a header line.
      if (start === 0) {
        const error = new DecodeError(`/proc/net/${file}`, 0, "the header line is missing");
        if (bad === undefined) throw error;
        return bad(error);
      }
      const line = new LineReader(bytes, start, `/proc/net/${file}`);
      while (line.start()) {
        line.skipWord();
        let end: number;
        try {
          end = readLine(line, words, message, extra);
        } catch (error) {
          if (bad === undefined || !(error instanceof DecodeError)) throw error;
          bad(error);
          continue;
        }
        emit(message, 0, end);
      }
    },
  };
}

// Returns the length of the message.
function readLine(
  line: LineReader,
  words: number,
  message: DataView,
  extra: { retransmits: number; probes: number },
): number {
  line.blanks();
  for (let i = 0; i < words; i++) {
    message.setUint32(uapi.MSG_SRC + 4 * i, line.word("local address"), true);
  }
  line.colon("local address");
  message.setUint16(uapi.MSG_SPORT, line.hex("local port"), false);
  line.blanks();
  for (let i = 0; i < words; i++) {
    message.setUint32(uapi.MSG_DST + 4 * i, line.word("remote address"), true);
  }
  line.colon("remote address");
  message.setUint16(uapi.MSG_DPORT, line.hex("remote port"), false);
  line.blanks();
  message.setUint8(uapi.MSG_STATE, line.hex("state"));
  line.blanks();
  message.setUint32(uapi.MSG_WQUEUE, line.hex("send queue"), true);
  line.colon("queues");
  message.setUint32(uapi.MSG_RQUEUE, line.hex("receive queue"), true);
  line.blanks();
  const timer = line.hex("timer");
  message.setUint8(uapi.MSG_TIMER, timer);
  line.colon("timer");
  message.setUint32(uapi.MSG_EXPIRES, line.hex("timer") * MS_PER_TICK, true);
  line.blanks();
  extra.retransmits = line.hex("retransmits");
  line.blanks();
  message.setUint32(uapi.MSG_UID, line.decimal("uid"), true);
  line.blanks();
  extra.probes = line.decimal("probes");
  // The kernel's message has one counter: probes, unless the timer is that of retransmission.
  message.setUint8(
    uapi.MSG_RETRANS,
    timer === TIMER_RETRANSMIT ? extra.retransmits : extra.probes,
  );
  line.blanks();
  message.setUint32(uapi.MSG_INODE, line.decimal("inode"), true);
  const length = NLA_HEADER_SIZE + line.rest(message, TAIL_AT + NLA_HEADER_SIZE, TAIL_MAX);
  message.setUint16(TAIL_AT, length, true);
  message.setUint16(TAIL_AT + 2, uapi.PROC_TAIL, true);
  return TAIL_AT + length;
}

const NEWLINE = 0x0a;
const BLANK = 0x20;
const COLON = 0x3a;
/** Digits of a 64-bit number in hexadecimal; in decimal more would not be exact. */
const HEX_DIGITS = 16;
const DECIMAL_DIGITS = 15;

/** Value of a hexadecimal digit; -1 for any other byte. */
function digit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

/** Reads the fields of lines in place: there may be a hundred thousand lines, so none is made into a string. */
class LineReader {
  readonly #bytes: Uint8Array;
  readonly #what: string;
  #line: number;
  #at = 0;
  #end = 0;

  /** `line`: where the first line begins. `what`: the file, for errors. */
  constructor(bytes: Uint8Array, line: number, what: string) {
    this.#bytes = bytes;
    this.#line = line;
    this.#end = line - 1;
    this.#what = what;
  }

  /** Moves to the next line that is not blank. Returns false at the end. */
  start(): boolean {
    const bytes = this.#bytes;
    for (;;) {
      this.#line = this.#end + 1;
      if (this.#line >= bytes.length) return false;
      const newline = bytes.indexOf(NEWLINE, this.#line);
      this.#end = newline < 0 ? bytes.length : newline;
      this.#at = this.#line;
      this.blanks();
      if (this.#at < this.#end) return true;
    }
  }

  /** Skips blanks. */
  blanks(): void {
    const bytes = this.#bytes;
    while (this.#at < this.#end && bytes[this.#at]! <= BLANK) this.#at++;
  }

  /** Skips what is not blank. */
  skipWord(): void {
    const bytes = this.#bytes;
    while (this.#at < this.#end && bytes[this.#at]! > BLANK) this.#at++;
  }

  /** Skips the colon that must be here. */
  colon(name: string): void {
    if (this.#at >= this.#end || this.#bytes[this.#at] !== COLON) this.#fail(name, "has no colon");
    this.#at++;
  }

  /** Eight hexadecimal digits: a word of an address. */
  word(name: string): number {
    const bytes = this.#bytes;
    const end = this.#at + 8;
    let value = 0;
    for (; this.#at < end; this.#at++) {
      const nibble = this.#at < this.#end ? digit(bytes[this.#at]!) : -1;
      if (nibble < 0) this.#fail(name, "is not an address");
      value = value << 4 | nibble;
    }
    return value >>> 0;
  }

  /** A hexadecimal number. */
  hex(name: string): number {
    const bytes = this.#bytes;
    const start = this.#at;
    let value = 0;
    for (; this.#at < this.#end; this.#at++) {
      const nibble = digit(bytes[this.#at]!);
      if (nibble < 0) break;
      value = 16 * value + nibble;
    }
    this.#check(name, start, HEX_DIGITS);
    return value;
  }

  /** A decimal number. */
  decimal(name: string): number {
    const bytes = this.#bytes;
    const start = this.#at;
    let value = 0;
    for (; this.#at < this.#end; this.#at++) {
      const byte = bytes[this.#at]!;
      if (byte < 0x30 || byte > 0x39) break;
      value = 10 * value + byte - 0x30;
    }
    this.#check(name, start, DECIMAL_DIGITS);
    return value;
  }

  /** Copies the remaining fields, with one blank between them, to `at` of a message. Returns the length, `limit` at most. */
  rest(message: DataView, at: number, limit: number): number {
    const bytes = this.#bytes;
    let length = 0;
    for (this.blanks(); this.#at < this.#end && length < limit; this.blanks()) {
      if (length > 0) message.setUint8(at + length++, BLANK);
      while (this.#at < this.#end && bytes[this.#at]! > BLANK && length < limit) {
        message.setUint8(at + length++, bytes[this.#at++]!);
      }
    }
    return length;
  }

  // A number must end at a blank, a colon or the end of the line.
  #check(name: string, start: number, digits: number): void {
    const next = this.#at < this.#end ? this.#bytes[this.#at]! : BLANK;
    const count = this.#at - start;
    if (count < 1 || count > digits || next > BLANK && next !== COLON) {
      this.#fail(name, "is not a number");
    }
  }

  #fail(name: string, problem: string): never {
    throw new DecodeError(
      this.#what,
      this.#line,
      `${name} at character ${this.#at - this.#line} ${problem}`,
    );
  }
}
