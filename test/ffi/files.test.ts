import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EBADF, ENOENT } from "../../ffi/errno.ts";
import {
  AT_FDCWD,
  close,
  DirectoryReader,
  LinkReader,
  O_DIRECTORY,
  open,
  readFile,
  tryReadFileAt,
  tryReadLink,
  tryWrite,
} from "../../ffi/files.ts";
import { cString } from "../../ffi/memory.ts";

let folder: string;
const names = ["0", "7", "42", "4294967296123456", "a", "12x", "sp ace", "öl", "-1"];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sockeye-files-"));
  for (const name of names) symlinkSync(`target of ${name}`, join(folder, name));
  writeFileSync(join(folder, "large"), "x".repeat(200_000));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("DirectoryReader", () => {
  test("gives every name, and the numbers among them", () => {
    const reader = new DirectoryReader(512);
    const fd = open(folder, O_DIRECTORY);
    const found = new Map<string, number>();
    reader.start(fd);
    while (reader.next()) found.set(new TextDecoder().decode(reader.name), reader.number);
    close(fd);
    expect([...found.keys()].sort()).toEqual([".", "..", "large", ...names].sort());
    expect(found.get("0")).toBe(0);
    expect(found.get("42")).toBe(42);
    for (const name of ["a", "12x", "-1", ".", "4294967296123456"]) {
      expect(found.get(name)).toBe(-1);
    }
  });

  test("gives names that other calls take as they are", () => {
    const reader = new DirectoryReader();
    const link = new LinkReader();
    const fd = open(folder, O_DIRECTORY);
    reader.start(fd);
    let checked = 0;
    while (reader.next()) {
      const name = new TextDecoder().decode(reader.name);
      const length = link.read(fd, reader.nameAddress);
      if (!names.includes(name)) continue;
      expect(new TextDecoder().decode(link.bytes.subarray(0, length))).toBe(`target of ${name}`);
      checked++;
    }
    close(fd);
    expect(checked).toBe(names.length);
  });

  test("throws for what is not a directory any more", () => {
    const reader = new DirectoryReader();
    reader.start(9999);
    expect(() => reader.next()).toThrow("EBADF");
  });
});

describe("reading", () => {
  test("takes a file whole, however large", () => {
    expect(readFile(join(folder, "large")).length).toBe(200_000);
  });

  test("stops at a limit", () => {
    expect(readFile(join(folder, "large"), 10).length).toBe(10);
  });

  test("reports a missing file as a number and not by throwing", () => {
    expect(tryReadFileAt(AT_FDCWD, cString(join(folder, "none")))).toBe(-ENOENT);
    expect(tryReadLink(AT_FDCWD, cString(join(folder, "none")))).toBe(-ENOENT);
  });
});

test("a file of /proc/sys is read after one of many megabytes, whose buffer it would refuse", () => {
  const path = join(folder, "huge");
  writeFileSync(path, new Uint8Array(9_000_000));
  expect((tryReadFileAt(AT_FDCWD, cString(path)) as Uint8Array).length).toBe(9_000_000);
  rmSync(path);
  const range = tryReadFileAt(AT_FDCWD, cString("/proc/sys/net/ipv4/ip_local_port_range"));
  expect(new TextDecoder().decode(range as Uint8Array)).toMatch(/^\d+\s+\d+\n$/);
});

test("tryWrite() reports a closed descriptor", () => {
  expect(tryWrite(9999, new Uint8Array([1]))).toBe(-EBADF);
});
