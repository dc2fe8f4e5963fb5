/**
 * Address families: the kernel's numbers, and their names in the JSON.
 *
 * Source: include/linux/socket.h.
 *
 * @module
 */
import type { FamilyName } from "./socket.ts";

export const AF_UNSPEC = 0;
export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_INET6 = 10;
export const AF_NETLINK = 16;
export const AF_PACKET = 17;
export const AF_TIPC = 30;
export const AF_VSOCK = 40;
export const AF_XDP = 44;

/** By number: the name in the JSON. */
export const FAMILY_OF_NUMBER: Readonly<Record<number, FamilyName>> = {
  [AF_INET]: "inet",
  [AF_INET6]: "inet6",
  [AF_UNIX]: "unix",
  [AF_PACKET]: "packet",
  [AF_NETLINK]: "netlink",
  [AF_VSOCK]: "vsock",
  [AF_XDP]: "xdp",
  [AF_TIPC]: "tipc",
};
