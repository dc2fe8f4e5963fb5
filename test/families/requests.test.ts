/**
 * A request is as long as the kernel's structure: a shorter one is refused, and what follows it would be read as attributes.
 */
import { expect, test } from "bun:test";
import { AF_INET6 } from "../../ffi/socket.ts";
import * as inet from "../../src/families/inet/request.ts";
import { INET_DIAG_REQ_V2_SIZE, IPPROTO_TCP } from "../../src/families/inet/uapi.ts";
import * as netlink from "../../src/families/netlink.ts";
import { NETLINK_DIAG_REQ_SIZE } from "../../src/families/netlink.ts";
import * as packet from "../../src/families/packet.ts";
import { PACKET_DIAG_REQ_SIZE } from "../../src/families/packet.ts";
import * as tipc from "../../src/families/tipc.ts";
import { TIPC_DIAG_REQ_SIZE } from "../../src/families/tipc.ts";
import * as unix from "../../src/families/unix/request.ts";
import { UNIX_DIAG_REQ_SIZE } from "../../src/families/unix/uapi.ts";
import * as vsock from "../../src/families/vsock.ts";
import { VSOCK_DIAG_REQ_SIZE } from "../../src/families/vsock.ts";
import * as xdp from "../../src/families/xdp.ts";
import { XDP_DIAG_REQ_SIZE } from "../../src/families/xdp.ts";
import { ALL_STATES } from "../../src/model/state.ts";
import { NLMSG_HEADER_SIZE } from "../../src/netlink/header.ts";

test.each([
  [
    "inet",
    inet.dumpRequest({ family: AF_INET6, protocol: IPPROTO_TCP, states: ALL_STATES }),
    INET_DIAG_REQ_V2_SIZE,
  ],
  ["unix", unix.dumpRequest(ALL_STATES, 0xff), UNIX_DIAG_REQ_SIZE],
  ["packet", packet.dumpRequest(0xff), PACKET_DIAG_REQ_SIZE],
  ["netlink", netlink.dumpRequest(0xff), NETLINK_DIAG_REQ_SIZE],
  ["vsock", vsock.dumpRequest(ALL_STATES), VSOCK_DIAG_REQ_SIZE],
  ["xdp", xdp.dumpRequest(0xff), XDP_DIAG_REQ_SIZE],
  ["tipc", tipc.dumpRequest(ALL_STATES), TIPC_DIAG_REQ_SIZE],
])("%s", (_family, request, size) => {
  expect(request).toHaveLength(NLMSG_HEADER_SIZE + size);
  // The length is the message's own, too.
  expect(new DataView(request.buffer).getUint32(0, true)).toBe(request.length);
});
