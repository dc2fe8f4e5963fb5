/** Holders in sentences: alike ones are counted, and none of another name is lost among them. */
import { expect, test } from "bun:test";
import { holders, HolderSentences } from "../../src/audit/holders.ts";
import type { OwnerDocument } from "../../src/snapshot/document.ts";

const owner = (pid: number, comm: string) => ({ pid, comm }) as OwnerDocument;
const workers = (count: number) => Array.from({ length: count }, (_, i) => owner(100 + i, "nginx"));

test("five are named", () => {
  expect(holders(workers(5))).toBe("nginx(100), nginx(101), nginx(102), nginx(103), nginx(104)");
});

test("of more the rest is counted", () => {
  expect(holders(workers(4000)))
    .toBe("nginx(100), nginx(101), nginx(102), nginx(103), nginx(104) and 3995 more");
});

test("one of another name is named first", () => {
  expect(holders([...workers(1000), owner(7, "sh")]))
    .toBe("nginx(100), sh(7), nginx(101), nginx(102), nginx(103) and 996 more");
});

test("twenty are named at the most, whatever they are called", () => {
  const all = Array.from({ length: 500 }, (_, i) => owner(i, `n${i}`));
  expect(holders(all)).toEndWith("n19(19) and 480 more");
});

test("the same sentence is said once, another one by itself", () => {
  const sentences = new HolderSentences();
  for (const worker of workers(3)) sentences.add("held by ", worker, " of www-data");
  sentences.add("held by ", owner(9, "sh"), " of mallory");
  expect(sentences.texts()).toEqual([
    "held by nginx(100), nginx(101), nginx(102) of www-data",
    "held by sh(9) of mallory",
  ]);
});
