import { describe, expect, test } from "bun:test";
import type { Owner } from "../../src/model/owner.ts";
import type { Socket } from "../../src/model/socket.ts";
import { writeTable } from "../../src/views/table.ts";
import { cellWidth } from "../../src/text/width.ts";
import type { Writer } from "../../src/text/writer.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

function owner(pid: number, comm: string): Owner {
  return { pid, fds: [3, 4], tid: null, process: { comm: bytes(comm) } } as unknown as Owner;
}

/** A unix listener, whose path may be anything. */
function listener(path: string, ...owners: Owner[]): Socket {
  return {
    netns: null,
    family: "unix",
    transport: "stream",
    type: "stream",
    protocol: null,
    state: "listen",
    local: { path: bytes(path), name: null, inode: 1, file: null },
    peer: null,
    peerInode: null,
    v6only: null,
    uid: null,
    inode: 1,
    cookie: 1,
    recvQueue: null,
    sendQueue: null,
    acceptQueue: { length: 0, limit: 128 },
    timer: null,
    ownership: owners.length > 0 ? "owned" : "kernel",
    owners,
    peerOwners: [],
    reach: { scope: "host", reasons: [] },
  };
}

function lines(
  sockets: readonly Socket[],
  width: number | null,
  { color = false, header = true } = {},
): string[] {
  let text = "";
  const decoder = new TextDecoder();
  const out = { writeBytes: (some: Uint8Array) => text += decoder.decode(some) };
  writeTable(sockets, out as unknown as Writer, { width, color, header });
  return text.split("\n").slice(0, -1);
}

describe("writeTable()", () => {
  test("aligns columns by the cells that text takes, not by its bytes", () => {
    const [header, ...rows] = lines([
      listener("/run/日本語", owner(1, "a")),
      listener("/run/é", owner(2, "ü")),
      listener("/run/plain.sock", owner(3, "c")),
    ], null);
    const at = header!.indexOf("REACH");
    for (const row of rows) {
      expect(cellWidth(row.slice(0, row.indexOf("host")))).toBe(at);
    }
    expect(rows[1]).toEndWith("host   ü(pid=2,fd=3,fd=4)");
  });

  test("with owners below, no line is longer than the terminal for blanks that nobody sees", () => {
    const sockets = [listener("/run/a.sock", owner(1, "a")), listener("/run/b", owner(2, "b"))];
    for (const color of [false, true]) {
      // deno-lint-ignore no-control-regex
      const all = lines(sockets, 40, { color }).map((line) => line.replace(/\x1b\[[0-9;]*m/g, ""));
      expect(all.join("\n")).toContain("    a(1)");
      for (const line of all) expect(cellWidth(line)).toBeLessThanOrEqual(40);
    }
  });

  test("a column is given up only where that makes room", () => {
    const titles = (path: string, width: number) =>
      lines([listener(path, owner(1, "a"))], width)[0]!.trim().split(/ +/);
    expect(titles("/run/a", 100)).toEqual([
      "PROTO",
      "STATE",
      "RECV-Q",
      "SEND-Q",
      "LOCAL",
      "REACH",
      "OWNERS",
    ]);
    // Owners go below, where nothing would keep them beside.
    expect(titles(`/run/${"a".repeat(46)}`, 80)).toEqual([
      "PROTO",
      "STATE",
      "LOCAL",
      "REACH",
    ]);
    expect(titles(`/run/${"a".repeat(200)}`, 80)).toEqual(["PROTO", "STATE", "LOCAL"]);
  });

  test("aligns numbers on the right", () => {
    const [header, row] = lines([listener("/a", owner(1, "a"))], null);
    expect(row!.indexOf("128") + 3).toBe(header!.indexOf("SEND-Q") + "SEND-Q".length);
  });

  test("wraps owners under each other on a terminal, as wide as it is", () => {
    const many = Array.from({ length: 9 }, (_, i) => owner(100 + i, `日本-${i}`));
    for (const width of [80, 100, 120]) {
      const [header, ...rows] = lines([listener("/run/x", ...many)], width);
      const at = header!.indexOf("OWNERS");
      expect(rows.length).toBeGreaterThan(1);
      for (const row of rows) {
        expect(cellWidth(row)).toBeLessThanOrEqual(width);
        expect(row.slice(at)).toStartWith("日本-");
      }
      expect<string[] | null>(rows.join(" ").match(/日本-\d\(\d+\)/g)).toEqual(
        many.map(({ pid }, i) => `日本-${i}(${pid})`),
      );
    }
  });

  test("puts owners under the socket where there is no room beside it, with nothing lost", () => {
    const rows = lines([listener(`/run/${"x".repeat(60)}`, owner(1, "a"), owner(2, "b"))], 40);
    expect(rows[0]).toBe(rows[0]!.trimEnd());
    expect(rows[1]).toContain("x".repeat(60));
    expect(rows[1]).toBe(rows[1]!.trimEnd());
    expect(rows[2]).toBe("    a(1) b(2)");
  });

  test("colours change nothing but the colour", () => {
    const many = Array.from({ length: 9 }, (_, i) => owner(100 + i, `n-${i}`));
    const sockets = [listener("/run/é", ...many), listener("/b")];
    for (const width of [null, 90, 30]) {
      const colored = lines(sockets, width, { color: true });
      expect(colored.join("\n")).toContain("\x1b[");
      // deno-lint-ignore no-control-regex
      expect(colored.map((line) => line.replace(/\x1b\[\d*m/g, "").trimEnd())).toEqual(
        lines(sockets, width).map((line) => line.trimEnd()),
      );
    }
  });

  test("writes very long cells whole", () => {
    const path = `/${"é".repeat(100_000)}`;
    expect(lines([listener(path), listener("/b")], null, { header: false })[0]).toContain(path);
  });
});
