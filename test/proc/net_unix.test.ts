import { describe, expect, test } from "bun:test";
import {
  parseUnixTable,
  SO_ACCEPTCON,
  SS_CONNECTING,
  SS_UNCONNECTED,
} from "../../src/proc/net_unix.ts";

const HEAD = "Num       RefCount Protocol Flags    Type St Inode Path\n";

describe("parseUnixTable()", () => {
  test("reads every field of a listener", () => {
    const [row] = parseUnixTable(
      `${HEAD}00000000ae957045: 00000002 00000000 00010000 0001 01 15707252 /run/app/app.sock\n`,
    );
    expect(row).toEqual({
      address: "00000000ae957045",
      references: 2,
      protocol: 0,
      flags: SO_ACCEPTCON,
      type: 1,
      state: SS_UNCONNECTED,
      inode: 15707252,
      path: "/run/app/app.sock",
    });
  });

  test("takes a connection that waits, with its padded inode 0", () => {
    const [row] = parseUnixTable(
      `${HEAD}00000000476a9d4b: 00000003 00000000 00000000 0001 02     0 /run/app/app.sock\n`,
    );
    expect(row).toMatchObject({ inode: 0, state: SS_CONNECTING });
  });

  test("keeps blanks and newlines of a path, and knows no path from an empty one", () => {
    const rows = parseUnixTable(
      `${HEAD}0: 2 0 0 0002 01 7 /a b\nc d\n0: 2 0 0 0002 01 8\n0: 2 0 0 0002 01 9 \n`,
    );
    expect(rows.map(({ inode, path }) => [inode, path])).toEqual([
      [7, "/a b\nc d"],
      [8, null],
      [9, null],
    ]);
  });

  test("passes over what is not a row", () => {
    expect(parseUnixTable("")).toEqual([]);
    expect(parseUnixTable(`${HEAD}junk\n\nmore\n`)).toEqual([]);
  });
});
