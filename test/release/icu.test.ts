/** What of ICU's data stays in the runtime, and that nothing else of it is needed. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { emptyIcu, icuItems, KEPT } from "../../scripts/release/icu.ts";
import { Elf } from "../../scripts/release/elf.ts";
import { SOCKEYE } from "../support/sockeye.ts";

/** A runtime with data of ICU in it: the header of a common data file, its table, and items. */
function runtimeWith(items: Record<string, string>): Buffer {
  const names = Object.keys(items).map((name) => `icudt78l/${name}\0`).join("");
  const table = Buffer.alloc(4 + 8 * Object.keys(items).length);
  table.writeUInt32LE(Object.keys(items).length);
  let [name, data] = [table.length, table.length + names.length];
  for (const [index, [key, content]] of Object.entries(items).entries()) {
    table.writeUInt32LE(name, 4 + 8 * index);
    table.writeUInt32LE(data, 8 + 8 * index);
    name += `icudt78l/${key}\0`.length;
    data += content.length;
  }
  const header = Buffer.alloc(32);
  header.writeUInt16LE(32);
  header.set([0xda, 0x27], 2);
  header.write("CmnD", 12);
  return Buffer.concat([
    Buffer.from("before CmnD"),
    header,
    table,
    Buffer.from(names),
    Buffer.from(Object.values(items).join("")),
    Buffer.from("after"),
  ]);
}

describe("data of ICU", () => {
  test("is zeroed item by item, except for time zones and the last, whose end is not known", () => {
    const runtime = runtimeWith({
      "de.res": "German",
      "root.res": "root",
      "zoneinfo64.res": "zones",
      "zu.res": "Zulu",
    });
    expect(icuItems(runtime).map(({ name }) => name)).toEqual([
      "de.res",
      "root.res",
      "zoneinfo64.res",
      "zu.res",
    ]);
    expect(emptyIcu(runtime)).toBe(10);
    expect(runtime.toString("latin1").endsWith(`${"\0".repeat(10)}zonesZuluafter`)).toBe(true);
  });

  test("that is not there, or lacks what is kept, fails the build", () => {
    expect(() => emptyIcu(Buffer.from("a runtime with CmnD in it"))).toThrow(
      "the runtime has no data of ICU",
    );
    expect(() => emptyIcu(runtimeWith({ "de.res": "German", "zu.res": "Zulu" }))).toThrow(
      "ICU's data has no zoneinfo64.res",
    );
  });

  test("is zeroed in the program, but for what is kept", () => {
    const program = readFileSync(SOCKEYE);
    const items = icuItems(program);
    expect(items.length).toBeGreaterThan(3000);
    const left = items.slice(0, -1).filter(({ begin, end }) =>
      program.subarray(begin, end).some((byte) => byte !== 0)
    );
    expect(left.map(({ name }) => name)).toEqual([...KEPT]);
  });

  test("would be needed by what nothing in the program uses", () => {
    const elf = new Elf(readFileSync(SOCKEYE), SOCKEYE);
    const { sh_addr, sh_size } = elf.sections.find((section) =>
      elf.sectionName(section) === ".bun"
    )!;
    const sources = Buffer.from(elf.at(sh_addr, sh_size)).toString("latin1");
    expect(sources.includes("getTimezoneOffset")).toBe(true);
    const users =
      /\bIntl\.|\.toLocale[A-Z]\w*\(|\.localeCompare\(|\.normalize\("|\bTemporal\.|new TextDecoder\("(?!utf-8"|latin1")/g;
    expect(sources.match(users)).toBeNull();
  });
});

describe("local time, which needs the time zones,", () => {
  test.each([
    ["Europe/Berlin", /^\+0[12]00$/],
    ["America/New_York", /^-0[45]00$/],
    ["Asia/Kolkata", /^\+0530$/],
    ["Australia/Lord_Howe", /^\+1(030|100)$/],
    ["UTC", /^\+0000$/],
  ])("is that of TZ=%s", (zone, offset) => {
    const run = Bun.spawnSync([
      SOCKEYE,
      "lsof",
      "-r",
      "1c1m=%z=%H:%M=",
      "-a",
      "-p",
      String(process.pid),
      "-d",
      "cwd",
    ], { env: { PATH: process.env.PATH ?? "", TZ: zone }, stdin: "ignore" });
    const [, found, time] = run.stdout.toString().match(/=([-+]\d{4})=(\d\d:\d\d)=/) ?? [];
    expect(found).toMatch(offset);
    const minutes = (Number(found!.slice(0, 3)) * 60 + Number(found![0] + found!.slice(3))) * 60e3;
    const wanted = [0, 60_000].map((late) =>
      new Date(Date.now() + minutes - late).toISOString().slice(11, 16)
    );
    expect(wanted).toContain(time!);
  });
});
