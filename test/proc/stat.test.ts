import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseStat } from "../../src/proc/stat.ts";
import { statFile } from "../support/proc_tree.ts";

const parse = (text: string) =>
  parseStat(new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>);

describe("parseStat()", () => {
  test("tells where code, stack and heap begin, where the kernel does", () => {
    const fields = Array.from({ length: 50 }, (_, i) => String(i + 3));
    const layout = () => parse(`7 (a) ${fields.join(" ")}`)!.layout;
    fields[0] = "S";
    expect(layout()).toBe("26 28 47");
    // What only who may trace the process is told, is 0 for the others.
    fields[25] = "0";
    expect(layout()).toBeNull();
  });

  test.each([
    "nginx",
    "a b c",
    ") R 1 (",
    "((()))",
    "new\nline",
    "",
    "\x1b]52;c;x\x07",
  ])("takes the name %p as it is", (comm) => {
    const stat = parse(statFile(42, comm, { ppid: 7, state: "Z" }))!;
    expect(new TextDecoder().decode(stat.comm)).toBe(comm);
    expect([stat.pid, stat.ppid, stat.state, stat.startTicks]).toEqual([42, 7, "Z", 5000]);
  });

  test("keeps a name that is not UTF-8 byte for byte", () => {
    const bytes = new TextEncoder().encode(statFile(1, "XX"));
    bytes.set([0xff, 0xfe], bytes.indexOf(0x58));
    expect([...parseStat(bytes as Uint8Array<ArrayBuffer>)!.comm]).toEqual([0xff, 0xfe]);
  });

  test("tells kernel threads by their flag", () => {
    expect(parse(statFile(2, "kthreadd", { flags: 0x00208040 }))!.kernelThread).toBe(true);
    expect(parse(statFile(2, "init"))!.kernelThread).toBe(false);
  });

  test("gives null for what is cut or is not a stat file", () => {
    expect(parse("")).toBeNull();
    expect(parse("12 (sh")).toBeNull();
    expect(parse("12 (sh) S 1")).toBeNull();
  });

  test("gives a value or null for any bytes", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      parseStat(bytes as Uint8Array<ArrayBuffer>);
    }));
  });
});
