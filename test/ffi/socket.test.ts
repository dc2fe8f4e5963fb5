/**
 * Sockets as the kernel answers: a datagram that does not fit, descriptors that are not passed on, and calls that a signal
 * interrupts.
 */
import { dlopen, FFIType } from "bun:ffi";
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { close, open } from "../../ffi/files.ts";
import { ReceiveSlots, SendMessage } from "../../ffi/memory.ts";
import {
  AF_NETLINK,
  bindNetlink,
  MSG_TRUNC,
  receiveMany,
  sendMessage,
  SOCK_RAW,
  socket,
} from "../../ffi/socket.ts";
import { connectUdp } from "../../ffi/udp.ts";
import { MessageBuilder, NETLINK_ROUTE, NLM_F_DUMP, NLM_F_REQUEST } from "../../src/netlink/mod.ts";
import { firstReason, testIf } from "../support/skip.ts";

const RTM_GETLINK = 18;

test("a datagram that is longer than its slot says so, and what fitted is there", () => {
  const fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
  try {
    bindNetlink(fd);
    const message = new SendMessage();
    message.set(new MessageBuilder(RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP).zeros(16).finish());
    sendMessage(fd, message);
    const slots = new ReceiveSlots(1, 32);
    expect(receiveMany(fd, slots)).toBe(1);
    expect(slots.flags(0) & MSG_TRUNC).toBe(MSG_TRUNC);
    expect(slots.length(0)).toBe(32);
    expect(slots.senderPortId(0)).toBe(0);
    // The length of the message itself, which is the link's whole description.
    expect(slots.data.getUint32(0, true)).toBeGreaterThan(32);
  } finally {
    close(fd);
  }
});

test("descriptors are closed on exec", () => {
  const O_CLOEXEC = 0o2000000;
  const flags = (fd: number): number =>
    parseInt(/^flags:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "latin1"))![1]!, 8);
  for (const fd of [socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE), open("/proc/self/stat", 0)]) {
    try {
      expect(flags(fd) & O_CLOEXEC).toBe(O_CLOEXEC);
    } finally {
      close(fd);
    }
  }
});

test.each([0, -1, 65536, 1.5, NaN])(
  "a UDP socket refuses port %p instead of another one",
  (port) => {
    expect(() => connectUdp(new Uint8Array([127, 0, 0, 1]), port)).toThrow(RangeError);
  },
);

// dlsym is part of libc itself since glibc 2.34.
function noDlsym(): string | null {
  try {
    dlopen("libc.so.6", { dlsym: { args: [FFIType.ptr, FFIType.ptr], returns: FFIType.ptr } });
    return null;
  } catch {
    return "libc.so.6 has no dlsym, to make a signal handler of";
  }
}

// A handler that is a C function and does not restart calls, and a timer that goes off every 10 ms: what ends no process and
// interrupts every call that waits. A child does it, so that nobody else's calls are interrupted.
const CHILD = `
import { dlopen, FFIType, ptr } from "bun:ffi";
const { i32, ptr: pointer } = FFIType;
const c = dlopen("libc.so.6", {
  dlsym: { args: [pointer, pointer], returns: pointer },
  signal: { args: [i32, pointer], returns: pointer },
  siginterrupt: { args: [i32, i32], returns: i32 },
  setitimer: { args: [i32, pointer, pointer], returns: i32 },
}).symbols;
const text = (word) => new TextEncoder().encode(word + "\\0");
const { AF_INET, SOCK_DGRAM, receiveMany, socket } = await import("@ffi/socket.ts");
const { ReceiveSlots } = await import("@ffi/memory.ts");
const { connectUdp } = await import("@ffi/udp.ts");
const { tryRead, tryWrite } = await import("@ffi/files.ts");
const { POLLIN, waitFor } = await import("@ffi/poll.ts");
const [what, port] = process.argv.slice(-2);
const fd = connectUdp(new Uint8Array([127, 0, 0, 1]), Number(port));
const slots = new ReceiveSlots(1, 64);
const SIGALRM = 14;
const handler = c.dlsym(null, text("getppid"));
c.signal(SIGALRM, handler);
c.siginterrupt(SIGALRM, 1);
const every = new BigInt64Array(new BigInt64Array([0n, 10_000n, 0n, 10_000n]).buffer);
c.setitimer(0, every, null);
tryWrite(fd, text("here"));
const bytes = new Uint8Array(new ArrayBuffer(64));
let got;
if (what === "recvmmsg") got = receiveMany(fd, slots);
else if (what === "read") got = tryRead(fd, bytes) > 0 ? 1 : 0;
else got = waitFor(fd, POLLIN) ? 1 : 0;
c.setitimer(0, new BigInt64Array(4), null);
tryWrite(1, text("got " + got));
`;

describe("a call that a signal interrupts is made again", () => {
  for (const what of ["recvmmsg", "read", "poll"]) {
    testIf(firstReason(noDlsym()), what, async () => {
      const server = await Bun.udpSocket({
        hostname: "127.0.0.1",
        socket: {
          // Late enough for the timer to go off many times before.
          data: (from, _data, port, address) =>
            void setTimeout(() => from.send("answer", port, address), 150),
        },
      });
      try {
        const source = CHILD.replaceAll("@ffi", join(import.meta.dir, "../../ffi"));
        const child = Bun.spawn([process.execPath, "-e", source, what, String(server.port)], {
          stdout: "pipe",
          stderr: "pipe",
        });
        const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
        expect({ stdout, stderr, status: await child.exited })
          .toEqual({ stdout: "got 1\0", stderr: "", status: 0 });
      } finally {
        server.close();
      }
    });
  }
});
