import { expect, test } from "bun:test";
import { FAMILIES, FAMILY_NAMES, familyOf } from "../../src/families/mod.ts";

test("the registry has every family of the model, in its order, and each loads", () => {
  expect(FAMILIES.flatMap(({ names }) => names)).toEqual([...FAMILY_NAMES]);
  for (const name of FAMILY_NAMES) expect(familyOf(name).requests).toBeFunction();
});
