import { expect, test } from "bun:test";
import { readReservedPorts } from "../../src/proc/reserved_ports.ts";
import type { ProcRoot } from "../../src/proc/root.ts";

const of = (text: string | null) => readReservedPorts({ text: () => text } as unknown as ProcRoot);

test("reads single ports and ranges as the kernel writes them", () => {
  expect(of("8080,40000-40010\n")).toEqual([
    { first: 8080, last: 8080 },
    { first: 40000, last: 40010 },
  ]);
  expect(of("\n")).toEqual([]);
  expect(of(null)).toEqual([]);
});
