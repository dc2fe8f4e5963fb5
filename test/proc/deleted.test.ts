/**
 * The kernel's mark behind a path.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { textWithoutDeletedMark, withoutDeletedMark } from "../../src/proc/deleted.ts";

const PATHS: readonly (readonly [marked: string, path: string, deleted: boolean])[] = [
  ["/bin/a (deleted)", "/bin/a", true],
  ["/bin/a (deleted) (deleted)", "/bin/a (deleted)", true],
  ["/bin/a(deleted)", "/bin/a(deleted)", false],
  ["/bin/a (deleted)x", "/bin/a (deleted)x", false],
  [" (deleted)", " (deleted)", false],
  ["deleted)", "deleted)", false],
  ["", "", false],
];

test("the mark is taken off at the end, once, and never the whole path, in bytes and in text alike", () => {
  for (const [marked, path, deleted] of PATHS) {
    expect(textWithoutDeletedMark(marked)).toEqual({ path, deleted });
    const bytes = withoutDeletedMark(new TextEncoder().encode(marked));
    expect({ ...bytes, path: new TextDecoder().decode(bytes.path) }).toEqual({ path, deleted });
  }
});
