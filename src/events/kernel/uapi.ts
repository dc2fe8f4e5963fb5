/**
 * What the kernel's interface has numbers for: where programs are attached, and what they find there.
 *
 * Source: include/uapi/linux/bpf.h, include/linux/socket.h.
 *
 * @module
 */

/** Kernel: `enum bpf_attach_type`, of control groups. */
export const ATTACH = {
  inetEgress: 1,
  inetSockCreate: 2,
  inet4Connect: 10,
  inet6Connect: 11,
  inet4PostBind: 12,
  inet6PostBind: 13,
  udp4Sendmsg: 14,
  udp6Sendmsg: 15,
  inet4Getpeername: 29,
  inet6Getpeername: 30,
  inetSockRelease: 34,
  unixConnect: 49,
  unixSendmsg: 50,
} as const;

/** `struct bpf_sock_addr`. The address of the other family may not be read. Ports are in network order. */
export const SOCK_ADDR = {
  ip4: 4,
  ip6: 8,
  port: 24,
  family: 28,
  type: 32,
  protocol: 36,
  socket: 64,
} as const;

/** `struct bpf_sock`. The source port is in the machine's order, the other in network order. */
export const SOCK = {
  family: 4,
  type: 8,
  protocol: 12,
  sourceIp4: 24,
  sourceIp6: 28,
  sourcePort: 44,
  destinationPort: 48,
} as const;

/** `struct __sk_buff`. */
export const SK_BUFF = { socket: 168 } as const;

export const MSG_PEEK = 2;
