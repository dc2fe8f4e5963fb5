/**
 * Every sentence that tells an absence, and a gap for each that keeps it from being told.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { FlatGap } from "../../src/model/gap.ts";
import { absence, ABSENCES, decide, EVERYWHERE } from "../../src/model/verdict.ts";
import { advise } from "../../src/audit/advice/mod.ts";
import { compare } from "../../src/audit/diff.ts";
import { writeDiff } from "../../src/audit/diff_text.ts";
import { evaluate } from "../../src/audit/evaluate.ts";
import { nagiosReport } from "../../src/audit/formats/nagios.ts";
import { tapReport } from "../../src/audit/formats/tap.ts";
import { textReport } from "../../src/audit/formats/text.ts";
import { readPolicy } from "../../src/audit/read_policy.ts";
import type { Writer } from "../../src/text/writer.ts";
import { snapshot, socket } from "../audit/documents.ts";

const SOURCE = fileURLToPath(new URL("../../src", import.meta.url));
const sources = readdirSync(SOURCE, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => [name, readFileSync(join(SOURCE, name), "utf8")] as const);

type Name = keyof typeof ABSENCES;
const NAMES = Object.keys(ABSENCES) as Name[];

const table: FlatGap = { kind: "table", reason: "tcp could not be read", table: "tcp over IPv4" };
const netns: FlatGap = { kind: "netns", reason: "a namespace could not be entered" };
const processes: FlatGap = { kind: "processes", reason: "3 processes could not be read" };

/** A gap that may hide what each sentence denies. */
const GAPS: Readonly<Record<Name, FlatGap>> = {
  nothing_on_port: table,
  nothing_on_address: table,
  nothing_on_path: netns,
  nothing_named: netns,
  no_such_inode: netns,
  no_socket: table,
  no_socket_here: table,
  no_such_process_id: { ...processes, hidepid: 2 },
  no_such_process_name: { ...processes, hidepid: 2 },
  no_process_of_unit: { ...processes, hidepid: 2 },
  no_process_of_container: { ...processes, hidepid: 2 },
  no_listener: table,
  listens_no_more: table,
  held_no_more: netns,
  holds_no_socket: { ...processes, pid: 80 },
  holds_no_socket_here: { ...processes, pid: 80 },
  zombie_holds_nothing: { ...processes, pid: 80 },
  left_over: netns,
  not_published: netns,
  no_connection: table,
  no_log: processes,
  no_owner: processes,
  nothing_to_report: table,
  never: table,
  no_service: table,
  required_missing: table,
  unused_entry: table,
  no_differences: netns,
  nothing_matches: table,
  no_service_matches: table,
  nothing_to_close: table,
};

describe("sentences that tell an absence", () => {
  test("each has a gap that turns it into one that does not", () => {
    for (const name of NAMES) {
      const told = absence(name, decide(false, EVERYWHERE, []));
      const open = absence(name, decide(false, EVERYWHERE, [GAPS[name]]));
      expect([told, open]).toEqual([ABSENCES[name].no, ABSENCES[name].undecided]);
      expect(open).not.toContain(told);
    }
  });

  test("each is used, and no other file has one of its own", () => {
    const all = sources.map(([, text]) => text).join("\n");
    for (const name of NAMES) {
      expect(all).toContain(`"${name}"`);
      const { no } = ABSENCES[name];
      // One word is no sentence of its own.
      if (!no.includes(" ") || name === "no_log") continue;
      const others = sources.filter(([file, text]) =>
        file !== "model/verdict.ts" && new RegExp(`["\`] ?${no}`).test(text)
      );
      expect(others.map(([file]) => file)).toEqual([]);
    }
  });
});

describe("audit and diff print them by their verdict", () => {
  const policy = readPolicy(
    "schema: sockeye.policy/1\nlisteners:\n  - { port: 22, expect: required }\n  - { port: 81 }\n",
    "p.yaml",
  );
  const accepting = readPolicy(
    "schema: sockeye.policy/1\nsettings: { unseen_parts: accept }\nlisteners: []\n",
    "p.yaml",
  );
  const texts = (gaps: readonly FlatGap[]) => {
    const document = snapshot([], [...gaps]);
    const advice = advise(document, null, "medium");
    const report = evaluate(document, policy);
    let diff = "";
    const comparison = compare(
      snapshot([socket("127.0.0.1", 80)], [...gaps]),
      snapshot([socket("127.0.0.1", 80)]),
    );
    writeDiff(comparison, { write: (part: string) => diff += part } as unknown as Writer, false);
    return {
      nothing_to_report: `${textReport(advice, false, false)}${nagiosReport(advice)}`,
      never: tapReport(advice),
      no_service: tapReport(evaluate(document, accepting)),
      required_missing: textReport(report, false, false),
      unused_entry: textReport(report, false, false),
      no_differences: diff,
      outcomes: [advice.outcome, report.outcome, comparison.verdict.answer],
    };
  };

  test("without a gap the absence is told, with one it is not", () => {
    const { outcomes, ...whole } = texts([]);
    const { outcomes: open, ...parts } = texts([table, netns]);
    for (const name of Object.keys(whole) as (keyof typeof whole)[]) {
      expect(whole[name]).toContain(ABSENCES[name].no);
      expect(whole[name]).not.toContain(ABSENCES[name].undecided);
      expect(parts[name]).toContain(ABSENCES[name].undecided);
    }
    expect(outcomes).toEqual(["compliant", "violation", "no"]);
    expect(open).toEqual(["undecidable", "undecidable", "undecided"]);
  });
});
