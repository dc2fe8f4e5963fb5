/**
 * Names of the types of sockets, SOCK_* (include/linux/net.h). The numbers are in ffi/socket.ts.
 *
 * @module
 */

/** Type of a socket, as in the JSON. */
export type SocketType = "stream" | "dgram" | "raw" | "rdm" | "seqpacket" | "dccp";

/** By the kernel's number: the name in the JSON, and the kernel's without `SOCK_`. */
const TYPES: readonly (readonly [json: SocketType | null, kernel: string] | null)[] = [
  null,
  ["stream", "STREAM"],
  ["dgram", "DGRAM"],
  ["raw", "RAW"],
  ["rdm", "RDM"],
  ["seqpacket", "SEQPACKET"],
  ["dccp", "DCCP"],
  null,
  null,
  null,
  [null, "PACKET"],
];

/** The name in the JSON; `null` for a number that has none. */
export function socketType(type: number): SocketType | null {
  return TYPES[type]?.[0] ?? null;
}

/** The kernel's name without `SOCK_`, which netstat and lsof show; `null` for a number that has none. */
export function kernelSocketType(type: number): string | null {
  return TYPES[type]?.[1] ?? null;
}
