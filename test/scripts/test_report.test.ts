import { describe, expect, test } from "bun:test";
import { judgeSecondRun, readTestReport } from "../../scripts/test_report.ts";

/** As the runner writes it, with a group, an escaped name, a failure and a skip. */
const REPORT = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="bun test" tests="4" failures="1" skipped="1">
  <testsuite name="a.test.ts" file="test/a.test.ts">
    <testsuite name="d &lt;x&gt;" file="test/a.test.ts" line="2">
      <testcase name="well" classname="d &lt;x&gt;" time="0.1" file="test/a.test.ts" line="2" assertions="0" />
      <testcase name="not &amp; &quot;so&quot;" classname="d &lt;x&gt;" file="test/a.test.ts">
        <failure type="AssertionError" message="1">at test/a.test.ts:2</failure>
      </testcase>
      <testcase name="left out" classname="d &lt;x&gt;" file="test/a.test.ts">
        <skipped />
      </testcase>
    </testsuite>
    <testcase name="needs a kernel" file="test/a.test.ts" />
  </testsuite>
</testsuites>`;

const FAILED = {
  file: "test/a.test.ts",
  name: 'd <x> > not & "so"',
  result: "failed",
  reason: null,
} as const;

describe("readTestReport", () => {
  test("reads names, groups, results, and skips told while a test ran", () => {
    const skips = [{ name: "needs a kernel", reason: "there is none", part: false }];
    expect(readTestReport(REPORT, skips)).toEqual([
      { file: "test/a.test.ts", name: "d <x> > well", result: "passed", reason: null },
      FAILED,
      { file: "test/a.test.ts", name: "d <x> > left out", result: "skipped", reason: null },
      {
        file: "test/a.test.ts",
        name: "needs a kernel",
        result: "skipped",
        reason: "there is none",
      },
    ]);
  });

  test("a part of a test that could not run does not make the test skipped", () => {
    const skips = [{ name: "needs a kernel", reason: "there is none", part: true }];
    expect(readTestReport(REPORT, skips).at(-1)!.result).toBe("passed");
  });
});

describe("judgeSecondRun", () => {
  test("what fails again failed, and what passes then is unsteady", () => {
    expect(judgeSecondRun([FAILED], [FAILED]).failed).toEqual([FAILED]);
    const passed = { ...FAILED, result: "passed" } as const;
    expect(judgeSecondRun([FAILED], [passed])).toEqual({
      failed: [],
      unsteady: [FAILED],
      skipped: [],
    });
  });

  test("a test that is missing in the second run failed", () => {
    expect(judgeSecondRun([FAILED], []).failed).toEqual([FAILED]);
  });

  test("the same name in another file is another test", () => {
    const elsewhere = { ...FAILED, file: "test/b.test.ts", result: "passed" } as const;
    expect(judgeSecondRun([FAILED], [elsewhere]).failed).toEqual([FAILED]);
  });
});
