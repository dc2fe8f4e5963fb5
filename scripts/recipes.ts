/**
 * Writes docs/recipes.md anew, with the screens that its commands show now. Look at what has changed before it is kept.
 *
 * @module
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { recipesIn, screensOf, withScreens } from "../test/support/recipes.ts";

const path = fileURLToPath(new URL("../docs/recipes.md", import.meta.url));
const text = readFileSync(path, "utf8");
writeFileSync(
  path,
  withScreens(text, await screensOf(recipesIn(text).map(({ command }) => command))),
);
