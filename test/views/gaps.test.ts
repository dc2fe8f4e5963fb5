import { expect, test } from "bun:test";
import type { Gap } from "../../src/model/gap.ts";
import { tellDiagnostics, tellGaps } from "../../src/views/gaps.ts";
import { textWriter } from "../support/text_writer.ts";

const GAP: Gap = {
  kind: "processes",
  reason: "2 processes could not be read",
  detail: { denied: 2 },
  items: ["process 80 (nginx\x1b[2J): Permission denied"],
};
const NOTES = ["owners: by /proc", "a name: \x1b[2J"];

function told(verbose: boolean, of?: string): string {
  const { writer, text } = textWriter();
  tellDiagnostics({ gaps: [GAP], notes: NOTES }, writer, {
    verbose,
    ...of === undefined ? {} : { of },
  });
  return text();
}

test("a gap is one line, and its names and the notes are told only with verbose", () => {
  expect(told(false)).toBe("sockeye: 2 processes could not be read\n");
  const lines = told(true).split("\n");
  expect(lines[0]).toBe("sockeye: 2 processes could not be read");
  expect(lines[1]).toContain("process 80 (nginx\\x1b[2J): Permission denied");
  expect(lines.slice(2)).toEqual([
    "sockeye: owners: by /proc",
    "sockeye: a name: \\x1b[2J",
    "",
  ]);
});

test("where there are several answers, a gap says which it belongs to", () => {
  expect(told(false, "a\x1b.json")).toBe(
    "sockeye: a\\x1b.json: 2 processes could not be read\n",
  );
});

test("colour is for the name of the program alone", () => {
  const { writer, text } = textWriter();
  tellGaps([GAP], writer, { color: true });
  expect(text()).toMatch(/^\x1b\[\d+msockeye:\x1b\[0?m 2 processes/);
});

test("no gap is no output", () => {
  const { writer, text } = textWriter();
  tellDiagnostics({ gaps: [], notes: NOTES }, writer);
  expect(text()).toBe("");
});
