import { describe, expect, test } from "bun:test";
import { type Gap, GAP_KINDS, gapLines } from "../../src/model/gap.ts";
import {
  absence,
  ABSENCES,
  becauseText,
  decide,
  decideAny,
  EVERYWHERE,
  type Places,
} from "../../src/model/verdict.ts";

const gap = (kind: Gap["kind"], detail: Gap["detail"] = {}, reason = `${kind} closed`): Gap => ({
  kind,
  reason,
  detail,
});

describe("decide()", () => {
  test("what was found is certain, whatever is missing", () => {
    expect(decide(true, EVERYWHERE, [gap("netns")])).toEqual({ answer: "yes" });
  });

  test("without a gap, nothing found means that there is none", () => {
    expect(decide(false, EVERYWHERE, [])).toEqual({ answer: "no" });
  });

  test("every kind of gap leaves a question about everything undecided", () => {
    for (const kind of GAP_KINDS) {
      expect(decide(false, EVERYWHERE, [gap(kind)])).toEqual({
        answer: "undecided",
        because: [`${kind} closed`],
      });
    }
  });

  test("a gap counts only where a counterexample could be", () => {
    const unix: Places = { tables: (label) => label.startsWith("unix") };
    expect(decide(false, unix, [gap("table", { table: "tcp over IPv4" }), gap("netns")]).answer)
      .toBe("no");
    expect(decide(false, unix, [gap("interrupted", { table: "unix" })]).answer).toBe("undecided");
    // Without a label it may be any table.
    expect(decide(false, unix, [gap("table")]).answer).toBe("undecided");
    const some: Places = { processes: (found) => found.hidepid !== undefined };
    expect(decide(false, some, [gap("processes", { denied: 3 })]).answer).toBe("no");
    expect(decide(false, some, [gap("processes", { hidepid: 2 })]).answer).toBe("undecided");
  });

  test("a gap from a file counts like one of this host, and one of an unknown kind may hide anything", () => {
    const flat = { kind: "table", reason: "closed", table: "unix" };
    expect(decide(false, { tables: (label) => label === "unix" }, [flat]).answer).toBe("undecided");
    expect(decide(false, { tables: (label) => label === "xdp" }, [flat]).answer).toBe("no");
    expect(decide(false, {}, [{ kind: "future", reason: "closed" }]).answer).toBe("undecided");
  });

  test("several questions together", () => {
    const open = decide(false, EVERYWHERE, [gap("netns"), gap("netns"), gap("marks")]);
    const no = decide(false, EVERYWHERE, []);
    expect(decideAny([no, no])).toEqual({ answer: "no" });
    expect(decideAny([no, open])).toEqual(open);
    expect(decideAny([no, open, { answer: "yes" }])).toEqual({ answer: "yes" });
    expect(becauseText(open)).toBe("netns closed; marks closed");
    expect(becauseText(open, 1)).toBe("netns closed; and 1 more");
    expect(becauseText(no)).toBe("");
  });
});

test("the sentence for an absence is given out for a verdict only", () => {
  const open = decide(false, EVERYWHERE, [gap("netns")]);
  for (const name of Object.keys(ABSENCES) as (keyof typeof ABSENCES)[]) {
    expect(absence(name, { answer: "no" })).toBe(ABSENCES[name].no);
    expect(absence(name, open)).toBe(ABSENCES[name].undecided);
    expect(() => absence(name, { answer: "yes" })).toThrow("something was found");
  }
});

describe("gapLines()", () => {
  const many = "# network namespaces could not be entered";
  const spaces = [1, 2, 3].map((netns): Gap => ({
    ...gap("netns", { netns }, `network namespace ${netns} could not be entered`),
    many,
  }));

  test("gaps of one sort are one line with their number", () => {
    expect(gapLines(spaces, false)).toEqual(["3 network namespaces could not be entered"]);
    expect(gapLines(spaces.slice(0, 1), false)).toEqual([
      "network namespace 1 could not be entered",
    ]);
    expect(gapLines([gap("table"), gap("table"), gap("marks")], false)).toEqual([
      "table closed",
      "marks closed",
    ]);
  });

  test("--verbose names each", () => {
    expect(gapLines(spaces, true)).toEqual([
      "3 network namespaces could not be entered",
      "  network namespace 1 could not be entered",
      "  network namespace 2 could not be entered",
      "  network namespace 3 could not be entered",
    ]);
    const items = ["process 7 (a): EACCES", "process 8 (b): EACCES"];
    expect(gapLines([{ ...gap("processes"), items }], true)).toEqual([
      "processes closed",
      ...items.map((item) => `  ${item}`),
    ]);
  });
});
