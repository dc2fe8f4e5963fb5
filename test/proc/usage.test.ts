/**
 * What a process uses: texts of /proc, and this very process.
 */
import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import {
  countOpenFiles,
  parseCpuMs,
  parseMemory,
  parseOpenFilesLimit,
} from "../../src/proc/usage.ts";
import { ProcRoot } from "../../src/proc/root.ts";

test("CPU time, memory and limit are taken from their lines", () => {
  const stat = "80 (a) R 1 (b) S 1 80 80 0 -1 4194560 1 2 3 4 150 25 7 8 20 0 1 0 5000 1 2";
  expect(parseCpuMs(stat)).toBe(1750);
  expect(parseCpuMs("80 (x) S 1")).toBeNull();
  expect(parseMemory("Name:\tx\nVmRSS:\t    1024 kB\nThreads:\t1\n")).toBe(1024 * 1024);
  expect(parseMemory("Name:\tkthreadd\n")).toBeNull();
  const limits = (soft: string) =>
    `Limit                     Soft Limit           Hard Limit           Units     \nMax open files            ${
      soft.padEnd(20)
    } 524288               files     \n`;
  expect(parseOpenFilesLimit(limits("1024"))).toBe(1024);
  expect(parseOpenFilesLimit(limits("unlimited"))).toBe(Infinity);
  expect(parseOpenFilesLimit("")).toBeNull();
});

test("descriptors are counted, and of a process that is gone nothing is said", () => {
  const counted = countOpenFiles(new ProcRoot(), process.pid)!;
  // Listing them takes one more.
  expect(Math.abs(counted - readdirSync("/proc/self/fd").length)).toBeLessThan(3);
  expect(countOpenFiles(new ProcRoot(), 0x7fff_fffe)).toBeNull();
});
