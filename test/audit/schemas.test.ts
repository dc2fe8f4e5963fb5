/**
 * What audits, differences and reports print as JSON is what their published schemas say.
 *
 * @module
 */
import Ajv2020 from "ajv/dist/2020.js";
import { expect, test } from "bun:test";
import auditSchema from "../../schema/audit-1.json";
import diffSchema from "../../schema/diff-1.json";
import reportSchema from "../../schema/report-1.json";
import snapshotSchema from "../../schema/snapshot-1.json";
import { advise } from "../../src/audit/advice/mod.ts";
import { compare, diffJson } from "../../src/audit/diff.ts";
import { evaluate } from "../../src/audit/evaluate.ts";
import { fleetJson, joinFleet } from "../../src/audit/fleet.ts";
import { jsonReport } from "../../src/audit/formats/json.ts";
import { readPolicy } from "../../src/audit/read_policy.ts";
import { owner, PROCESSES_GAP, snapshot, socket } from "./documents.ts";

const ajv = new Ajv2020({
  allErrors: true,
  strictTypes: false,
  formats: { "date-time": /^\d{4}-\d\d-\d\dT[\d:.]+Z$/ },
});
function expectValid(schema: object, document: unknown): void {
  const validate = ajv.compile(schema);
  validate(document);
  expect(validate.errors).toBeNull();
}

const before = snapshot([socket("0.0.0.0", 22), socket("::", 80), socket("0.0.0.0", 6379)], [
  PROCESSES_GAP,
]);
const after = snapshot([
  socket("::", 80, { owners: [owner({ exe: "/bin/x", exe_deleted: true })] }),
  socket("0.0.0.0", 23),
  socket("0.0.0.0", 6379, { ownership: "hidden", owners: [] }),
  socket("0.0.0.0", 40001, { transport: "udp" }),
]);
const policy = readPolicy(
  "schema: sockeye.policy/1\nlisteners:\n  - { port: 80, exe: /bin/x }\n  - { port: 22, expect: required }\n  - { port: 6379, user: redis }\n  - { port: 1 }\n",
  "p.yaml",
);

test("audits", () => {
  expectValid(auditSchema, JSON.parse(jsonReport(evaluate(after, policy))));
  expectValid(auditSchema, JSON.parse(jsonReport(evaluate(before, policy))));
  expectValid(
    auditSchema,
    JSON.parse(
      jsonReport(
        advise(after, {
          discrepancies: [{ kind: "only_proc_net", endpoint: "tcp x", inode: 1, detail: "" }],
          gaps: [],
        }, "low"),
      ),
    ),
  );
});

test("differences", () => {
  const comparison = compare(before, after);
  const kinds = new Set(comparison.differences.map(({ kind }) => kind));
  expect([...kinds].sort()).toEqual(["appeared", "changed", "undecided", "vanished"]);
  expectValid(diffSchema, JSON.parse(JSON.stringify(diffJson(before, after, comparison))));
});

test("reports", () => {
  expectValid(
    reportSchema,
    JSON.parse(
      fleetJson(joinFleet(
        [before, after, { ...after, host: { ...after.host, name: "other" } }],
        Date.parse("2030-01-01"),
      )),
    ),
  );
});

test("the schemas know each other's names", () => {
  const ids = [auditSchema, diffSchema, reportSchema, snapshotSchema].map(({ $id }) => $id);
  expect(ids).toEqual([
    "sockeye.audit/1",
    "sockeye.diff/1",
    "sockeye.report/1",
    "sockeye.snapshot/1",
  ]);
});
