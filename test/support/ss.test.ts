/** @module */
import { describe, expect, test } from "bun:test";
import { parseSs } from "./ss.ts";

const LISTEN =
  'tcp   LISTEN 0      128          0.0.0.0:22        0.0.0.0:*    users:(("sshd",pid=812,' +
  'fd=3),("systemd",pid=1,fd=60),("systemd",pid=1,fd=51)) ino:15001 sk:1f cgroup:/system.slice <->\n';

describe("parseSs()", () => {
  test("reads a listener with all its owners in order", () => {
    expect(parseSs(LISTEN)).toEqual([{
      transport: "tcp",
      state: "listen",
      recvQueue: 0,
      sendQueue: 128,
      local: { address: "0.0.0.0", port: 22, interface: null },
      peer: { address: "0.0.0.0", port: 0, interface: null },
      inode: 15001,
      cookie: 31,
      owners: [{ pid: 1, fds: [51, 60] }, { pid: 812, fds: [3] }],
    }]);
  });

  test("reads wildcards, brackets, devices and mapped addresses", () => {
    const rows = parseSs(
      "tcp LISTEN 0 1 *:80 *:* ino:1 sk:1 v6only:0 <->\n" +
        "tcp LISTEN 0 1 [::]:81 [::]:* ino:2 sk:2 v6only:1 <->\n" +
        "udp UNCONN 0 0 [fe80::1]%eth0:546 *:* ino:3 sk:3\n" +
        "udp UNCONN 0 0 127.0.0.53%lo:53 0.0.0.0:* ino:4 sk:4\n" +
        "tcp ESTAB 5 6 [::ffff:127.0.0.1]:1 [::ffff:127.0.0.1]:2\n",
    );
    expect(rows.map(({ local }) => local)).toEqual([
      { address: "::", port: 80, interface: null },
      { address: "::", port: 81, interface: null },
      { address: "fe80::1", port: 546, interface: "eth0" },
      { address: "127.0.0.53", port: 53, interface: "lo" },
      { address: "::ffff:127.0.0.1", port: 1, interface: null },
    ]);
    expect(rows[2]!.state).toBe("close");
    expect(rows[4]).toMatchObject({ recvQueue: 5, sendQueue: 6, inode: null, cookie: null });
    expect(rows[4]!.owners).toEqual([]);
  });

  test("inode 0 means that there is none", () => {
    expect(parseSs("tcp TIME-WAIT 0 0 1.2.3.4:1 1.2.3.4:2 timer:(timewait,59sec,0) ino:0 sk:5\n"))
      .toMatchObject([{ state: "time_wait", inode: null, cookie: 5 }]);
  });

  for (
    const name of [
      'x",pid=1,fd=3',
      "\ntcp LISTEN 0",
      "two words",
      '"',
      "",
      ',("a',
      "\u001b]52;c;\u0007",
      "(((",
      "ino:7 sk:8",
    ]
  ) {
    test(`is not misled by a process called ${JSON.stringify(name)}`, () => {
      const text = LISTEN.replace('"sshd"', () => `"${name}"`);
      expect(parseSs(text + LISTEN)).toEqual([...parseSs(LISTEN), ...parseSs(LISTEN)]);
    });
  }

  test("refuses what is not a row, and an owner that it cannot read", () => {
    expect(() => parseSs("Error: no\n")).toThrow("No row of ss");
    expect(() => parseSs('tcp LISTEN 0 1 *:80 *:* users:(("x"))\n')).toThrow("No owner of ss");
  });
});
