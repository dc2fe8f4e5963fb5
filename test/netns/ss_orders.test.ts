/**
 * Options of ss that choose families, tables and states, in every order: what is shown depends on it. `ss_orders.gz` holds
 * what ss showed of the sixteen kinds of sockets below, a bit each, for every list of one to three of the options.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { firstLine } from "../support/lines.ts";
import { Namespace, namespaceReason } from "../support/netns.ts";
import { pythonReason } from "../support/factory.ts";
import { describeIf, firstReason } from "../support/skip.ts";
import { SOCKEYE } from "../support/sockeye.ts";
import { COMPARED, lists, SCENE, selected, shownIn } from "../support/ss_orders.ts";

/** Every list of one to three options, with what ss showed, as it was recorded. */
function* recorded(): Generator<readonly [line: string, shown: number]> {
  const file = new URL("../conformance/ss_orders.gz", import.meta.url);
  const bytes = Bun.gunzipSync(new Uint8Array(readFileSync(file)));
  const shown = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
  let next = 0;
  for (let length = 1; length <= 3; length++) {
    for (const list of lists(length)) yield [list, shown[next++]! & COMPARED];
  }
  expect(next).toBe(shown.length);
}

test("every order of one to three options selects what ss shows", () => {
  const wrong = [...recorded()].filter(([line, shown]) => selected(line) !== shown);
  expect(wrong).toEqual([]);
});

describeIf(firstReason(namespaceReason(), pythonReason()), "on real sockets", () => {
  let netns: Namespace;
  let scene: Bun.Subprocess<"pipe", "pipe", "inherit">;

  beforeAll(async () => {
    netns = await Namespace.create();
    scene = Bun.spawn(netns.command(["python3", "-c", SCENE]), { stdin: "pipe", stdout: "pipe" });
    await firstLine(scene.stdout);
  });

  afterAll(async () => {
    scene.stdin.end();
    await scene.exited;
    await netns.stop();
  });

  test("every order of two options for families shows what ss shows", async () => {
    const families = ["-4", "-6", "-x", "-f inet6"];
    const left = [...recorded()].filter(([line]) => {
      const options = line.split(/ (?=-)/);
      return options.length <= 2 && options.every((option) => families.includes(option));
    });
    const wrong: unknown[] = [];
    const worker = async () => {
      for (let list = left.pop(); list !== undefined; list = left.pop()) {
        const [line, shown] = list;
        const child = Bun.spawn(netns.command([SOCKEYE, "ss", "-Hn", ...line.split(" ")]), {
          stdin: "ignore",
          stdout: "pipe",
          stderr: "inherit",
        });
        const found = shownIn(await child.stdout.text());
        if (found !== shown) wrong.push({ line, found, shown });
      }
    };
    await Promise.all([worker(), worker()]);
    expect(wrong).toEqual([]);
  });
});
