/**
 * The core in both gears, for tests that compare them.
 *
 * @module
 */
import { join } from "node:path";
import { keptCore } from "../../scripts/release/core.ts";
import { CELLS } from "../../src/core/arena.ts";
import { LENGTH_SIZE } from "../../src/core/cells.ts";
import { Core, theCore } from "../../src/core/gears.ts";

/** The second gear in base64, compiled where it was not before. */
export const SECOND_GEAR: string = await keptCore(join(import.meta.dir, "../.."));

const second = new Core(2, SECOND_GEAR);

/** Both gears by name. Sources that run without a build have the first only, so the core of this process is in it. */
export function bothGears(): readonly (readonly [name: string, core: Core])[] {
  // What tests write by hand needs the whole arena.
  theCore().enlarge(CELLS + LENGTH_SIZE);
  return [["first", theCore()], ["second", second]];
}

/** What `work` returns in each gear, which has to be the same. */
export function inBothGears<T>(work: (core: Core) => T): T {
  const [first, other] = bothGears().map(([, core]) => work(core));
  if (!Bun.deepEquals(first, other)) {
    throw new Error(`The gears differ:\n${JSON.stringify(first)}\n${JSON.stringify(other)}`);
  }
  return first!;
}
