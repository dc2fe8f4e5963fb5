/**
 * Files of /proc that lsof mode reads: locks, maps, fdinfo, tables under net, descriptors.
 */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { closeSync, openSync, statSync, unlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DecodeError } from "../../src/model/decode_error.ts";
import { parseDescriptorInfo } from "../../src/proc/fdinfo.ts";
import { parseLocks } from "../../src/proc/locks.ts";
import { parseMaps } from "../../src/proc/maps.ts";
import { parseMountinfo } from "../../src/proc/mountinfo.ts";
import { eachNetlinkRow } from "../../src/proc/net_netlink.ts";
import { eachPacketRow } from "../../src/proc/net_packet.ts";
import { OpenFileReader } from "../../src/proc/open_files.ts";
import { ProcRoot } from "../../src/proc/root.ts";

describe("parsers of /proc", () => {
  test("locks say how much they cover, and those that wait hold nothing", () => {
    const locks = parseLocks(
      "1: POSIX  ADVISORY  WRITE 21 fe:00:30 0 EOF\n" +
        "1: -> POSIX  ADVISORY  WRITE 22 fe:00:30 0 EOF\n" +
        "2: FLOCK  ADVISORY  READ 23 00:1a:31 0 9\n",
    );
    expect([...locks]).toEqual([["21 254:0:30", "W"], ["23 0:26:31", "r"]]);
  });

  test("maps name each file once, and tell which was deleted", () => {
    const maps = parseMaps(
      "00400000-00401000 r-xp 00000000 fe:00 12    /bin/a b (deleted)\n" +
        "00401000-00402000 r--p 00001000 fe:00 12    /bin/a b (deleted)\n" +
        "7f00-7f10 rw-p 00000000 00:00 0 \n7f20-7f30 rw-p 00000000 00:00 0   [heap]\n",
    );
    expect(maps).toEqual([{
      range: "00400000-00401000",
      major: 254,
      minor: 0,
      inode: 12,
      path: "/bin/a b",
      deleted: true,
    }]);
  });

  test("fdinfo has octal flags and what kinds of files add", () => {
    expect(parseDescriptorInfo("pos:\t5\nflags:\t02000002\ntfd:  3 events: 19\ntfd: 4 events: 1\n"))
      .toEqual({
        position: 5,
        flags: 0o2000002,
        eventfdId: null,
        pid: null,
        ttyIndex: null,
        watched: [3, 4],
      });
    expect(parseDescriptorInfo("eventfd-id: 7\nPid:\t-1\ntty-index:\t2\n"))
      .toMatchObject({ eventfdId: 7, pid: -1, ttyIndex: 2, position: null });
  });

  test("tables under net: a line of another form is an error, or is passed over by who asks for that", () => {
    const netlink = "sk Eth\nno line of it\n0 15 0 00000000 0 0 0 2 0 88 \n";
    const packet = "sk RefCnt\nno line of it\n0 3 3 0003 0 1 0 0 99\n";
    expect(() => eachNetlinkRow(netlink, () => {})).toThrow(DecodeError);
    expect(() => eachPacketRow(packet, () => {})).toThrow(DecodeError);
    const rows: unknown[] = [];
    const places: (number | undefined)[] = [];
    const bad = ({ offset }: DecodeError) => void places.push(offset);
    eachNetlinkRow(netlink, ({ protocol, inode }) => rows.push([protocol, inode]), bad);
    eachPacketRow(packet, ({ type, ethertype, inode }) => rows.push([type, ethertype, inode]), bad);
    expect(rows).toEqual([[15, 88], [3, 3, 99]]);
    expect(places).toEqual([7, 10]);
    expect(() => eachNetlinkRow("", () => {})).toThrow(DecodeError);
    eachNetlinkRow("", () => {}, bad);
    expect(places).toEqual([7, 10, 0]);
  });

  test("a dump of netlink is told by a flag, and on old kernels by a pointer", () => {
    const seen: boolean[] = [];
    for (const dump of ["0", "1", "0000000000000000", "ffff88003b1c2000"]) {
      eachNetlinkRow(
        `sk\n0000000000000000 0 0 00000000 0 0 ${dump} 2 0 88\n`,
        ({ dumping }) => seen.push(dumping),
      );
    }
    expect(seen).toEqual([false, true, false, true]);
  });

  test("any text is taken without an error", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."0f:-> \n\tx/[]") }), (text) => {
        for (
          const parse of [
            parseLocks,
            parseMaps,
            parseDescriptorInfo,
            parseMountinfo,
            (text: string) => eachNetlinkRow(text, () => {}, () => {}),
            (text: string) => eachPacketRow(text, () => {}, () => {}),
          ]
        ) parse(text);
      }),
    );
  });
});

describe("OpenFileReader", () => {
  test("sees our own file: where it is, how it was opened, what it is", () => {
    const path = join(tmpdir(), `sockeye-test-open-${process.pid}`);
    const fd = openSync(path, "w");
    try {
      const reader = new OpenFileReader(new ProcRoot());
      let seen = 0;
      const result = reader.descriptors(String(process.pid), (descriptor) => {
        if (descriptor.number !== fd) return;
        seen++;
        expect(descriptor.target).toBe(path);
        expect(descriptor.access()).toBe("w");
        const status = descriptor.status();
        if (typeof status === "number") throw new Error(`errno ${-status}`);
        expect(status.inode).toBe(statSync(path).ino);
        expect(descriptor.info()!.position).toBe(0);
      });
      expect(result).toBe(0);
      expect(seen).toBe(1);
    } finally {
      closeSync(fd);
      unlinkSync(path);
    }
  });

  test("a process that is not there is a negated errno", () => {
    const reader = new OpenFileReader(new ProcRoot());
    expect(reader.descriptors("999999999", () => {})).toBe(-2);
    expect(reader.numbers("999999999/task")).toEqual([]);
    expect(reader.link("999999999/exe")).toBe(-2);
  });
});
