import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ENOENT, SyscallError } from "../../ffi/errno.ts";
import { LazyFile } from "../../ffi/lazy_file.ts";

test("a lazy file reads the blocks that are asked for, and no others", () => {
  const folder = mkdtempSync(join(tmpdir(), "sockeye-lazy-"));
  try {
    const path = join(folder, "file");
    const content = Uint8Array.from({ length: 200_000 }, (_, i) => i % 251 + 1);
    writeFileSync(path, content);
    const file = LazyFile.tryOpen(path);
    if (typeof file === "number") throw new Error(`errno ${-file}`);
    expect(file.bytes.length).toBe(200_000);
    file.ensure(140_000, 140_010);
    expect(file.bytes.subarray(140_000, 140_010)).toEqual(content.subarray(140_000, 140_010));
    expect(file.bytes.subarray(0, 65_536).every((byte) => byte === 0)).toBe(true);
    file.ensure(0, 1e9);
    expect(file.bytes).toEqual(content);
    file.close();
    // Everything is there; only what is not would have to be read.
    file.ensure(0, 200_000);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a lazy file that is closed says so when more is wanted, and one that is missing when it is opened", () => {
  expect(LazyFile.tryOpen("/nonexistent")).toBe(-ENOENT);
  const file = LazyFile.tryOpen("/proc/self/exe");
  if (typeof file === "number") throw new Error(`errno ${-file}`);
  file.close();
  expect(() => file.ensure(0, 1)).toThrow(SyscallError);
});

test("a mapped file is all there until it is closed, and nothing then", () => {
  const file = LazyFile.tryOpen("/proc/self/exe", true);
  if (typeof file === "number") throw new Error(`errno ${-file}`);
  const { bytes } = file;
  file.ensure(0, bytes.length);
  // An ELF file.
  expect([...bytes.subarray(0, 4)]).toEqual([0x7f, 0x45, 0x4c, 0x46]);
  expect(bytes.at(-1)).toBe(readFileSync("/proc/self/exe").at(-1));
  file.close();
  file.close();
  expect(bytes.length).toBe(0);
  expect(bytes[0]).toBeUndefined();
});

test("what cannot be mapped is read", () => {
  // Files of /proc have no size and no memory behind them.
  const file = LazyFile.tryOpen("/proc/self/status", true);
  if (typeof file === "number") throw new Error(`errno ${-file}`);
  expect(file.bytes.length).toBe(0);
  file.close();
});
