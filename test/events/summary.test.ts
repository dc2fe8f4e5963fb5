import { expect, test } from "bun:test";
import { newEvent } from "../../src/events/socket_event.ts";
import { Summary } from "../../src/events/summary.ts";
import type { SocketEvent } from "../../src/model/event.ts";
import { latin1Bytes } from "../../src/text/encoding.ts";

function tcp(event: SocketEvent["event"], details: Partial<SocketEvent> = {}): SocketEvent {
  return newEvent({
    event,
    atNs: 0n,
    family: "inet",
    transport: "tcp",
    type: "stream",
    cookie: 1,
    local: { address: "10.0.0.1", port: 40_000, interface: null },
    peer: { address: "10.0.0.2", port: 443, interface: null },
    process: {
      pid: 7,
      tid: null,
      ppid: 1,
      comm: latin1Bytes("curl"),
      exe: null,
      cmdline: null,
      uid: 0,
      user: "root",
      unit: null,
      container: null,
    },
    ...details,
  });
}

const bytes = (summary: Summary) =>
  summary.list().map(({ connections, open, bytesSent, bytesReceived }) => [
    connections,
    open,
    bytesSent,
    bytesReceived,
  ]);

test("a connection that is still open counts with what it has moved", () => {
  const summary = new Summary();
  summary.add(tcp("connect", { outcome: "established" }));
  summary.add(tcp("connect", { outcome: "established", cookie: 2 }));
  summary.add(tcp("close", { cookie: 2, bytesSent: 10, bytesReceived: 20 }));
  expect([...summary.open]).toEqual([1]);
  summary.stillOpen(1, { sent: 5, received: 6 });
  expect(bytes(summary)).toEqual([[2, 1, 15, 26]]);
});

test("what a connection has moved before the watch is not of the watch", () => {
  const summary = new Summary();
  for (const cookie of [1, 2, 3]) {
    summary.existing(
      tcp("connect", { cookie, existing: true }),
      { sent: 100, received: 50 },
      false,
    );
  }
  summary.add(tcp("close", { cookie: 1, bytesSent: 130, bytesReceived: 50 }));
  summary.stillOpen(2, { sent: 101, received: 52 });
  // Nothing happened to it.
  summary.stillOpen(3, { sent: 100, received: 50 });
  expect(bytes(summary)).toEqual([[2, 1, 31, 2]]);
});

test("what was there already is no event, and a connection that came in has no port", () => {
  const summary = new Summary();
  summary.add(tcp("connect", { existing: true }));
  expect(summary.list()).toEqual([]);
  summary.add(tcp("accept"));
  expect(summary.list()).toMatchObject([{ incoming: true, peer: "10.0.0.2" }]);
});

test("forgets the oldest of more open connections than it keeps", () => {
  const summary = new Summary();
  for (let cookie = 1; cookie <= 65_540; cookie++) {
    summary.add(tcp("connect", { cookie, outcome: "established" }));
  }
  expect(summary.open.size).toBe(65_536);
  expect(summary.open.has(1)).toBe(false);
});
