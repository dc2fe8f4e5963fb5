import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { descriptorLimit, usableProcessors } from "../../ffi/process.ts";

test("processors are those that this process may run on, as nproc(1) counts them", () => {
  const { stdout } = Bun.spawnSync(["nproc"], { env: { PATH: process.env.PATH ?? "" } });
  expect(usableProcessors()).toBe(Number(stdout.toString()));
});

test("the limit of descriptors is the one in force", () => {
  const [, soft] = /^Max open files +(\S+)/m.exec(readFileSync("/proc/self/limits", "latin1"))!;
  expect(descriptorLimit()).toBe(soft === "unlimited" ? 2 ** 64 : Number(soft));
});
