/**
 * Cells that the table and the fields of lsof mode share: names, states, offsets, flags.
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

/** Writes the cells of one run. */
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

  /** The login name of a user; `null` when the number is to be shown. */
  login(uid: number): string | null {
    return this.#names.user(uid);
  }

  /** Text made printable. */
  safe(text: string): string {
    return safe(text, this.#unicode);
  }

  /** Writes the NAME column without the state. Returns false when that is empty. */
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

  /** The NAME column without the state, as text. */
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

  /** False for `-T` alone, which shows nothing of the state. */
  get showsState(): boolean {
    return this.#format.stateParts.any;
  }

  /** The state of a socket in the table: `LISTEN QR=0 QS=0`, or the part of it that `-T` chose. */
  stateText({ stateName, receiveQueue, sendQueue }: SocketState): string {
    const { state, queues } = this.#format.stateParts;
    let text = state && stateName !== null ? stateName : "";
    if (queues && receiveQueue !== null) text += `${text === "" ? "" : " "}QR=${receiveQueue}`;
    if (queues && sendQueue !== null) text += `${text === "" ? "" : " "}QS=${sendQueue}`;
    return text;
  }

  /** The state of a socket as fields: `ST=LISTEN`, `QR=0`, `QS=0`, or those of them that `-T` chose. */
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

  /** An offset: decimal behind `0t`, or hexadecimal when it has more digits than `-o N` allows. */
  offset(value: number): string {
    // Every socket has this one, so it is made without building text.
    if (value === 0) return "0t0";
    const text = `0t${value}`;
    const { offsetDigits } = this.#format;
    return offsetDigits > 0 && text.length > offsetDigits + 2 ? hex(value) : text;
  }

  /** The flags of open(2), as names or in hexadecimal; empty when they were not read. */
  flags(row: FileRow, asHex: boolean): string {
    if (row.flags === null) return "";
    if (asHex) return `${row.flags === 0 ? "0x0" : hex(row.flags)};0x0`;
    return flagNames(row.flags);
  }
}

function hex(value: number): string {
  return value === 0 ? "0" : `0x${value.toString(16)}`;
}

/** lsof's abbreviations of open flags, in the order that it writes them in. */
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
