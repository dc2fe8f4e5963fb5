/**
 * What the table and the fields of lsof mode have in common: names, states, numbers as text.
 *
 * @module
 */
import { O_DIRECT, O_DIRECTORY, O_LARGEFILE, O_NOFOLLOW } from "../../../../ffi/files.ts";
import { utf8Text } from "../../../text/encoding.ts";
import { constant } from "../../../text/repeated.ts";
import { RowBuffer } from "../../../text/row_buffer.ts";
import type { FileRow, InternetEnd, LsofFormat, LsofNames, SocketState } from "../rows/row.ts";
import { safe } from "./safe.ts";

const BLANK = 0x20;
const STAR = 0x2a;
const HYPHEN = 0x2d;
const COLON = 0x3a;
const GREATER = 0x3e;

/** Writes rows of one run. */
export class Cells {
  readonly #format: LsofFormat;
  readonly #names: LsofNames;
  readonly #unicode: boolean;
  readonly #hosts = new Map<string, Uint8Array>();
  readonly #scratch = new RowBuffer();

  constructor(format: LsofFormat, names: LsofNames, unicode: boolean) {
    this.#format = format;
    this.#names = names;
    this.#unicode = unicode;
  }

  /** Login name; `null` where the number is to be shown. */
  login(uid: number): string | null {
    return this.#names.user(uid);
  }

  /** Printable text. */
  safe(text: string): string {
    return safe(text, this.#unicode);
  }

  /** Writes the NAME column without the state. Returns whether there was anything to write. */
  writeName(row: FileRow, out: RowBuffer): boolean {
    const start = out.length;
    if (row.name !== null) out.utf8(this.safe(row.name));
    const { ends, additions } = row;
    if (ends !== null) {
      const { local, peer } = ends;
      if (local !== null) this.#writeEnd(local, row.protocol, out);
      if (peer !== null) {
        out.byte(HYPHEN);
        out.byte(GREATER);
        this.#writeEnd(peer, row.protocol, out);
      }
    }
    for (let i = 0; i < additions.length; i++) {
      if (out.length > start) out.byte(BLANK);
      out.utf8(this.safe(additions[i]!));
    }
    return out.length > start;
  }

  /** The same as text. */
  name(row: FileRow): string {
    this.writeName(row, this.#scratch);
    return utf8Text(this.#scratch.take());
  }

  #writeEnd(
    { address, port, version }: InternetEnd,
    protocol: string | null,
    out: RowBuffer,
  ): void {
    if (address === null) out.byte(STAR);
    else out.bytes(this.#host(address, version));
    out.byte(COLON);
    if (port === 0) return out.byte(STAR);
    const known = protocol === "TCP"
      ? this.#names.service(port, "tcp")
      : protocol === "UDP"
      ? this.#names.service(port, "udp")
      : null;
    if (known === null) out.decimal(port);
    else out.utf8(known);
  }

  #host(address: string, version: 4 | 6): Uint8Array {
    let bytes = this.#hosts.get(address);
    if (bytes === undefined) {
      const name = this.#names.host(address);
      bytes = constant(
        name !== null ? this.safe(name) : version === 6 ? `[${address}]` : address,
      );
      this.#hosts.set(address, bytes);
    }
    return bytes;
  }

  /** True when anything of `-T` is to be shown. */
  get showsState(): boolean {
    return this.#format.stateParts.any;
  }

  /** The same in one text, for the table: `LISTEN QR=0 QS=0`. */
  stateText({ stateName, receiveQueue, sendQueue }: SocketState): string {
    const { state, queues } = this.#format.stateParts;
    let text = state && stateName !== null ? stateName : "";
    if (queues && receiveQueue !== null) text += `${text === "" ? "" : " "}QR=${receiveQueue}`;
    if (queues && sendQueue !== null) text += `${text === "" ? "" : " "}QS=${sendQueue}`;
    return text;
  }

  /** The parts of a socket's state that are asked for: `ST=LISTEN`, `QR=0`, `QS=0`. */
  stateItems(row: FileRow): string[] {
    const { state } = row;
    if (state === null) return [];
    const { stateParts } = this.#format;
    const items: string[] = [];
    if (stateParts.state && state.stateName !== null) items.push(`ST=${state.stateName}`);
    if (stateParts.queues && state.receiveQueue !== null) items.push(`QR=${state.receiveQueue}`);
    if (stateParts.queues && state.sendQueue !== null) items.push(`QS=${state.sendQueue}`);
    return items;
  }

  /** An offset: decimal with `0t`, or hexadecimal when it is longer than asked for. */
  offset(value: number): string {
    // That of every socket.
    if (value === 0) return "0t0";
    const text = `0t${value}`;
    const { offsetDigits } = this.#format;
    return offsetDigits > 0 && text.length > offsetDigits + 2 ? hex(value) : text;
  }

  /** Flags of open(2): names, or hexadecimal; an empty text when none are known. */
  flags(row: FileRow, asHex: boolean): string {
    if (row.flags === null) return "";
    if (asHex) return `${row.flags === 0 ? "0x0" : hex(row.flags)};0x0`;
    return flagNames(row.flags);
  }
}

function hex(value: number): string {
  return value === 0 ? "0" : `0x${value.toString(16)}`;
}

/** Abbreviations of open flags, as `lsof -h` documents them, in the order they are written. */
const FLAG_NAMES: readonly (readonly [value: number, name: string])[] = [
  [0o1, "W"],
  [0o2, "RW"],
  [0o100, "CR"],
  [0o200, "EXCL"],
  [0o400, "NTTY"],
  [0o1000, "TR"],
  [0o2000, "AP"],
  [0o4000, "ND"],
  [0o4010000, "SYN"],
  [0o20000, "ASYN"],
  [O_DIRECT, "DIR"],
  [O_DIRECTORY, "DTY"],
  [O_NOFOLLOW, "NFLK"],
  [0o1000000, "NATM"],
  [0o10000, "DSYN"],
  [O_LARGEFILE, "LG"],
  [0o2000000, "CX"],
  [0o10000000, "PATH"],
  [0o20000000, "TMPF"],
];

function flagNames(flags: number): string {
  const names: string[] = [];
  let rest = flags;
  for (const [value, name] of FLAG_NAMES) {
    if ((rest & value) === 0) continue;
    names.push(name);
    rest &= ~value;
  }
  if (rest !== 0) names.push(hex(rest));
  return names.join(",");
}
