/**
 * What a run of the tests came to: the runner's own report in JUnit's form, and the skips that tests told while they ran.
 *
 * @module
 */
import type { SkippedAtRunTime } from "../test/support/skip.ts";

/** One test of a run. */
export interface TestCase {
  /** The file as the runner was given it, such as `test/filter/glob.test.ts`. */
  readonly file: string;
  /** Its groups and its own name, joined by " > ", as the runner prints them. */
  readonly name: string;
  readonly result: "passed" | "failed" | "skipped";
  /** Why a test that was skipped while it ran could not do its work; `null` for all others. */
  readonly reason: string | null;
}

/** The tests of a report in JUnit's form. The runner takes a test that skips itself for passed; `skips` corrects that. */
export function readTestReport(xml: string, skips: readonly SkippedAtRunTime[]): TestCase[] {
  const reasons = new Map(skips.filter((one) => !one.part).map((one) => [one.name, one.reason]));
  const cases: TestCase[] = [];
  const pattern = /<testcase ([^>]*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g;
  for (const [, attributes, body = ""] of xml.matchAll(pattern)) {
    const own = attribute(attributes!, "name") ?? "?";
    const group = attribute(attributes!, "classname") ?? "";
    const result = body.includes("<skipped")
      ? "skipped"
      : body.includes("<failure") || body.includes("<error")
      ? "failed"
      : "passed";
    const reason = result === "passed" ? reasons.get(own) ?? null : null;
    cases.push({
      file: attribute(attributes!, "file") ?? "?",
      name: group === "" ? own : `${group} > ${own}`,
      result: reason === null ? result : "skipped",
      reason,
    });
  }
  return cases;
}

/** The failed tests of a run, parted by what a second run of their files said. */
export interface SecondRun {
  /** Failed again, or did not run again. */
  readonly failed: TestCase[];
  /** Failed once and passed when their file ran alone. */
  readonly unsteady: TestCase[];
  /** Failed once and found then that they cannot do their work here. */
  readonly skipped: TestCase[];
}

/** Compares the failed tests of a run with a second run of their files. A test that is missing there failed. */
export function judgeSecondRun(
  first: readonly TestCase[],
  second: readonly TestCase[],
): SecondRun {
  const again = new Map(second.map((one) => [key(one), one]));
  const judged: SecondRun = { failed: [], unsteady: [], skipped: [] };
  for (const one of first.filter(({ result }) => result === "failed")) {
    const now = again.get(key(one));
    if (now?.result === "passed") judged.unsteady.push(one);
    else if (now?.result === "skipped") judged.skipped.push(now);
    else judged.failed.push(one);
  }
  return judged;
}

function key(test: TestCase): string {
  return `${test.file}\0${test.name}`;
}

function attribute(attributes: string, name: string): string | undefined {
  const found = new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(attributes)?.[1];
  return found === undefined ? undefined : unescapeXml(found);
}

function unescapeXml(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"')
    .replaceAll("&apos;", "'").replaceAll("&amp;", "&");
}
