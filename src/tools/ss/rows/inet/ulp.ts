/**
 * What stands on top of a TCP connection in ss mode: MD5 keys, TLS, MPTCP.
 *
 * @module
 */
import { AF_INET6 } from "../../../../../ffi/socket.ts";
import { AttributeCursor } from "../../../../netlink/attribute.ts";
import type { SsTable } from "../../layout/table.ts";
import { writeIpv6Bare } from "./address.ts";
import { formatAddress } from "../../../../model/endpoint.ts";
import type { HostNames } from "../../names/hosts.ts";
import type { InetMessage } from "../../../../families/inet/message.ts";
import { writeSubflow } from "./mptcp.ts";
import { INET_DIAG_MD5SIG, INET_DIAG_ULP_INFO } from "../../../../families/inet/uapi.ts";

/** sizeof(struct tcp_diag_md5sig): family u8 0, prefixlen u8 1, keylen u16 2, addr be32[4] 4, key 20. */
const MD5SIG_SIZE = 100;
const MD5_KEY_MAX = 80;

/**
 * Writes the MD5 keys, which the kernel tells to CAP_NET_ADMIN alone. ss prints them in clear. With `hosts`, the addresses
 * are shown by their names.
 */
export function writeMd5Keys(
  cells: SsTable,
  message: InetMessage,
  hosts: Pick<HostNames, "name"> | null,
): void {
  const start = message.attributeOffset(INET_DIAG_MD5SIG);
  const end = start + message.attributeLength(INET_DIAG_MD5SIG);
  const { view } = message;
  let first = true;
  for (let at = start; at >= 0 && at + MD5SIG_SIZE <= end; at += MD5SIG_SIZE) {
    cells.text(first ? " md5keys:" : ",");
    first = false;
    const six = view.getUint8(at) === AF_INET6;
    const name = hosts?.name(addressAt(view, at + 4, six)) ?? null;
    if (name !== null) cells.utf8(name);
    else if (six) writeIpv6Bare(cells, view, at + 4);
    else cells.ipv4(view.getUint32(at + 4, false));
    cells.text(`/${view.getUint8(at + 1)}=`);
    const length = Math.min(view.getUint16(at + 2, true), MD5_KEY_MAX);
    for (let i = 0; i < length; i++) writeEscaped(cells, view.getUint8(at + 20 + i));
  }
}

function addressAt(view: DataView, at: number, six: boolean): string {
  return formatAddress(
    new Uint8Array(view.buffer, view.byteOffset + at, six ? 16 : 4),
  );
}

/** A byte of a key: what would be taken for the end of the list is escaped, as is what cannot be printed. */
function writeEscaped(cells: SsTable, byte: number): void {
  const printable = byte >= 0x20 && byte < 0x7f && byte !== 0x5c && byte !== 0x20 && byte !== 0x2c;
  if (printable) cells.byte(byte);
  else cells.text(`\\${byte.toString(8).padStart(3, "0")}`);
}

// INET_ULP_INFO_*
const ULP_NAME = 1;
const ULP_TLS = 2;
const ULP_MPTCP = 3;

/** Writes the upper layer protocol of a connection. */
export function writeUlp(cells: SsTable, message: InetMessage): void {
  const at = message.attributeOffset(INET_DIAG_ULP_INFO);
  if (at < 0) return;
  const nest = new AttributeCursor(
    message.view,
    at,
    at + message.attributeLength(INET_DIAG_ULP_INFO),
  );
  while (nest.next()) {
    if (nest.type === ULP_NAME) cells.text(` tcp-ulp-${nest.string()}`);
    else if (nest.type === ULP_TLS) writeTls(cells, nest.nested());
    else if (nest.type === ULP_MPTCP) writeSubflow(cells, nest.nested());
  }
}

// TLS_INFO_* (include/uapi/linux/tls.h), and the order of output.
const TLS_VERSION = 1;
const TLS_CIPHER = 2;
const TLS_TXCONF = 3;
const TLS_RXCONF = 4;
const TLS_ZC_RO_TX = 5;
const TLS_RX_NO_PAD = 6;

const VERSIONS: Readonly<Record<number, string>> = { 0x0303: "1.2", 0x0304: "1.3" };
const CIPHERS: Readonly<Record<number, string>> = { 51: "aes-gcm-128", 52: "aes-gcm-256" };
const CONFIGURATIONS: Readonly<Record<number, string>> = {
  1: "none",
  2: "sw",
  3: "hw",
  4: "hw-record",
};

function writeTls(cells: SsTable, nest: AttributeCursor): void {
  const values = new Map<number, number>();
  while (nest.next()) values.set(nest.type, nest.length >= 2 ? nest.u16() : 1);
  const write = (label: string, type: number, names: Readonly<Record<number, string>>) => {
    const value = values.get(type);
    if (value !== undefined) cells.text(` ${label}: ${names[value] ?? `unknown(${value})`}`);
  };
  write("version", TLS_VERSION, VERSIONS);
  // Ciphers that ss has no name for are left out there too.
  const cipher = CIPHERS[values.get(TLS_CIPHER) ?? 0];
  if (cipher !== undefined) cells.text(` cipher: ${cipher}`);
  write("rxconf", TLS_RXCONF, CONFIGURATIONS);
  write("txconf", TLS_TXCONF, CONFIGURATIONS);
  if (values.has(TLS_ZC_RO_TX)) cells.text(" zc_ro_tx");
  if (values.has(TLS_RX_NO_PAD)) cells.text(" no_pad_rx");
}
