/** Help: it fits a terminal of 80 columns, begins with examples, and has the exit statuses. */
import { describe, expect, test } from "bun:test";
import { helpText, sectionText } from "../../src/cli/help.ts";
import { filterSection, listHelp } from "../../src/cli/list.ts";
import { LIST_FLAGS } from "../../src/cli/list_flags.ts";
import { commandPages, listPage } from "../../src/cli/pages.ts";
import { FIELDS } from "../../src/filter/fields.ts";
import { COMMANDS } from "../../src/program.ts";

const pages = await commandPages(COMMANDS);

describe("fits 80 columns, with no word broken and none lost:", () => {
  for (const { name, page } of [{ name: "the listing", page: listPage() }, ...pages]) {
    test(name, () => {
      const text = helpText(page);
      for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
      const words = text.split(/\s+/).join(" ");
      for (const { help } of page.flags) expect(words).toContain(help.split(/\s+/).join(" "));
      expect(words).toContain("Exit status: ");
    });
  }

  test("filters", () => {
    const text = sectionText(...filterSection(FIELDS));
    for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
    for (const { name, summary } of FIELDS) {
      expect(text).toContain(`  ${name}`);
      expect(text.split(/\s+/).join(" ")).toContain(summary);
    }
  });
});

test("text goes on below the last column of its line", () => {
  const text = sectionText("Targets", [
    "/run/app.sock  @name                    a unix socket, by its path or by its abstract name",
  ]);
  expect(text.split("\n").slice(2)).toEqual([
    "  /run/app.sock  @name                    a unix socket, by its path or by its",
    "                                          abstract name",
    "",
  ]);
});

test("that of the listing begins with five examples, and leaves out what few people need", () => {
  const text = helpText(listHelp(COMMANDS), true);
  const [usage, blank, heading, ...lines] = text.split("\n");
  expect([usage, blank, heading]).toEqual([
    "Usage: sockeye [FLAGS] [TARGET… | FILTER]",
    "",
    "Examples:",
  ]);
  expect(lines.slice(0, 6).map((line) => line.startsWith("  sockeye")))
    .toEqual([true, true, true, true, true, false]);
  expect(text).toContain("--all");
  for (const { long, rare } of LIST_FLAGS) {
    expect([long, text.includes(` --${long}`)]).toEqual([long, rare !== true]);
  }
  // Every command is named.
  for (const { name } of COMMANDS) expect(text).toContain(`\n  ${name} `);
});
