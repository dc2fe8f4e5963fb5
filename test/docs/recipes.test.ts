/** The recipes: every command of docs/recipes.md shows what stands below it, on a host like that. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { pythonReason } from "../support/factory.ts";
import { namespaceReason } from "../support/netns.ts";
import { recipesIn, screensOf } from "../support/recipes.ts";
import { firstReason, testIf } from "../support/skip.ts";

const path = fileURLToPath(new URL("../../docs/recipes.md", import.meta.url));
const recipes = recipesIn(readFileSync(path, "utf8"));

/** What differs from run to run: numbers, the order of groups that are counted, and the blanks between columns. */
function lasting(screen: string): string[] {
  return screen.split("\n").map((line) =>
    line.replaceAll(/\b(\d+(us|ms|s|m|h|d))+\b/g, "TIME").replaceAll(/\d+/g, "N")
      .replaceAll(/ +/g, " ").trim()
  ).sort();
}

test("there are twenty questions at least", () => {
  expect(recipes.length).toBeGreaterThanOrEqual(20);
});

testIf(
  firstReason(
    process.getuid?.() === 0 ? null : "only root can make a PID namespace",
    pythonReason(),
    namespaceReason(),
  ),
  "each shows what stands below it",
  async () => {
    const screens = await screensOf(recipes.map(({ command }) => command));
    for (const [i, { command, screen }] of recipes.entries()) {
      expect([command, lasting(screens[i]!)]).toEqual([command, lasting(screen)]);
    }
  },
  300_000,
);
