/**
 * Names that processes choose, in every format of audit, diff, report and snapshot: a terminal gets nothing that steers it, and
 * whoever reads the format accepts it.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { load } from "js-yaml";
import { advise } from "../../src/audit/advice/mod.ts";
import { compare, diffJson } from "../../src/audit/diff.ts";
import { writeDiff } from "../../src/audit/diff_text.ts";
import { evaluate } from "../../src/audit/evaluate.ts";
import { fleetJson, joinFleet } from "../../src/audit/fleet.ts";
import { fleetPage } from "../../src/audit/fleet_html.ts";
import { fleetTable } from "../../src/audit/fleet_text.ts";
import { AUDIT_FORMATS, formatReport } from "../../src/audit/formats/mod.ts";
import { initialPolicy } from "../../src/audit/init.ts";
import { readPolicy } from "../../src/audit/read_policy.ts";
import type { SnapshotDocument } from "../../src/snapshot/document.ts";
import { jsonText } from "../../src/text/json_text.ts";
import { INVISIBLE } from "../../src/text/sanitize.ts";
import { owner, snapshot, socket } from "./documents.ts";

const HARMFUL = new RegExp(String.raw`[\x00-\x09\x0b-\x1f${INVISIBLE}]|\p{Surrogate}`, "u");

// Between letters, so that no name is the same as another by chance.
const name = fc.array(
  fc.constantFrom(
    ..."abc/.\"'`|#<>&\\:{}[]*!%@,- \n\r\t\0",
    ..."\u001b]52;c;eA==\u0007 \u007f \u009b \u00ad \u061c \u200b \u2028 \u2029 \u202e \u2066 \ufeff \ufffe \uffff \ud800 \udc00 \u{e0041} ]]> \\x1b"
      .split(" "),
  ),
  { minLength: 1, maxLength: 12 },
).map((parts) => parts.join(""));

const documents = fc.record({
  comm: name,
  exe: name,
  user: name,
  unit: name,
  path: name,
  host: name,
  reason: name,
}).map(
  ({ comm, exe, user, unit, path, host, reason }): SnapshotDocument => {
    const owners = [
      owner({ comm, exe: `/${exe}`, user, unit, cmdline: [exe, path], exe_deleted: true }),
    ];
    const plain = socket("0.0.0.0", 6379, { owners });
    const unix = {
      ...socket("", 0, { family: "unix", transport: "stream", owners }),
      local: { path: `/${path}`, name: null, bytes: null },
    } as never;
    return snapshot(
      [plain, socket("::", 80, { owners: [owner({ comm: exe, exe: comm })] }), unix],
      [
        { kind: "netns", reason },
      ],
      { host: { ...snapshot([]).host, name: host } },
    );
  },
);

const POLICY = readPolicy(
  "schema: sockeye.policy/1\nlisteners:\n  - { name: a, transport: tcp, port: 80 }\n",
  "p",
);

function expectHarmless(what: string, text: string): void {
  const found = HARMFUL.exec(text);
  if (found !== null) {
    throw new Error(
      `${what}: ${JSON.stringify(text.slice(Math.max(0, found.index - 40), found.index + 20))}`,
    );
  }
}

const written = (write: (writer: never) => void) => {
  let text = "";
  write({ write: (part: string) => void (text += part) } as never);
  return text;
};

describe("whatever a process is called", () => {
  test.each(AUDIT_FORMATS.map((format) => [format]))("%s", async (format) => {
    await fc.assert(
      fc.asyncProperty(documents, async (document) => {
        for (const report of [evaluate(document, POLICY), advise(document, null, "medium")]) {
          const text = await formatReport(report, document, format, { color: false, all: true });
          expectHarmless(format, text);
          if (format === "prometheus") {
            const series = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
            for (const line of series) {
              expect(line).toMatch(/^\w+(\{(\w+="([^"\\\n]|\\[\\"n])*",?)*\})? \S+$/);
            }
            const labels = series.map((line) => line.replace(/ \S+$/, ""));
            expect(new Set(labels).size).toBe(labels.length);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  test("diff, report and snapshot", () => {
    fc.assert(
      fc.property(documents, documents, (before, after) => {
        const comparison = compare(before, after);
        expectHarmless("diff", written((writer) => writeDiff(comparison, writer, false)));
        const fleet = joinFleet([before, after], Date.now());
        expectHarmless("report", fleetTable(fleet, false));
        expectHarmless("page", fleetPage(fleet));
        expectHarmless("fleet", fleetJson(fleet));
        JSON.parse(fleetJson(fleet));
        for (
          const value of [diffJson(before, after, comparison), before]
        ) {
          const json = jsonText(value);
          expectHarmless("json", json);
          expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(value)));
        }
      }),
      { numRuns: 60 },
    );
  });

  test("a first policy is read again, by us and by others, and allows what it was made from", () => {
    fc.assert(
      fc.property(documents, (document) => {
        const text = initialPolicy(document, true);
        expectHarmless("init", text);
        expect(load(text)).toMatchObject({ schema: "sockeye.policy/1" });
        const report = evaluate(document, readPolicy(text, "p"));
        expect(
          report.results.filter(({ verdict }) =>
            verdict === "surplus" || verdict === "wrong_owner"
          ),
        ).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });
});
