/**
 * Every format of an audit, against files that people have looked at, and against what the format's own tools say.
 * UPDATE_GOLDEN=1 writes the files anew.
 *
 * @module
 */
import sarifSchema from "@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json";
import Ajv from "ajv";
import { describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { advise } from "../../src/audit/advice/mod.ts";
import type { SnapshotDocument } from "../../src/snapshot/document.ts";
import { evaluate } from "../../src/audit/evaluate.ts";
import { AUDIT_FORMATS, type AuditFormat, formatReport } from "../../src/audit/formats/mod.ts";
import { nagiosState } from "../../src/audit/formats/nagios.ts";
import { readPolicy } from "../../src/audit/read_policy.ts";
import type { AuditReport } from "../../src/audit/report.ts";
import { testIf } from "../support/skip.ts";
import { owner, PROCESSES_GAP, snapshot, socket } from "./documents.ts";

const container = { id: "c".repeat(64), runtime: "docker", name: "app" };
const HOST = snapshot([
  socket("0.0.0.0", 22, {
    owners: [owner({ exe: "/usr/sbin/sshd", comm: "sshd", unit: "ssh.service" })],
  }),
  socket("::", 80, {
    owners: [owner(), owner({ pid: 101, ppid: 100 })],
    accept_queue: { length: 200, limit: 128 },
  }),
  socket("0.0.0.0", 6379, {
    owners: [
      owner({ exe: "/usr/bin/redis-server", comm: "redis-server", unit: null, exe_deleted: true }),
    ],
  }),
  socket("127.0.0.1", 9000, { ownership: "hidden", owners: [] }),
  socket("0.0.0.0", 8080, {
    netns: { inode: 2000, name: null },
    owners: [owner({ container, unit: null })],
  }),
  socket("0.0.0.0", 40001, { transport: "udp", accept_queue: null }),
  socket("0.0.0.0", 1, { transport: "raw", protocol: 1, accept_queue: null }),
  socket("10.0.0.1", 5432, { ownership: "kernel", owners: [] }),
], [PROCESSES_GAP]);
const POLICY = `schema: sockeye.policy/1
listeners:
  - { name: ssh, transport: tcp, port: 22, expect: required }
  - { name: web, transport: tcp, port: 80, reach: private }
  - { name: redis, transport: tcp, port: 6379, user: redis }
  - { name: fpm, transport: tcp, port: 9000, user: www-data }
  - { name: old, transport: tcp, port: 5432, expires: 2026-01-31 }
  - { name: dns, transport: udp, port: 53, expect: required }
  - { name: unused, transport: tcp, port: 1 }
`;
const hostile = "\u001b]0;x\u0007 <&>\"'|#\\ \u202e\ud800\uffff\n]]>";
const HOSTILE = snapshot(
  [
    socket("0.0.0.0", 6379, {
      owners: [
        owner({
          comm: hostile,
          exe: hostile,
          user: hostile,
          unit: hostile,
          exe_deleted: true,
          cmdline: [hostile],
        }),
      ],
    }),
  ],
  [{ kind: "netns", reason: hostile }],
  {
    host: { ...snapshot([]).host, name: hostile },
  },
);

const byPolicy = (document: SnapshotDocument, policy = POLICY) =>
  evaluate(document, readPolicy(policy, "etc/my policy.yaml"));
const byAdvice = (document: SnapshotDocument) => advise(document, null, "medium");
const format = (report: AuditReport, document: SnapshotDocument, name: AuditFormat) =>
  formatReport(report, document, name, { color: false, all: true });

const REPORTS: readonly (readonly [string, AuditReport, SnapshotDocument])[] = [
  ["policy", byPolicy(HOST), HOST],
  ["advice", byAdvice(HOST), HOST],
];
const ODD: readonly (readonly [AuditReport, SnapshotDocument])[] = [
  [byPolicy(HOSTILE), HOSTILE],
  [byAdvice(HOSTILE), HOSTILE],
  [byPolicy(snapshot([]), "schema: sockeye.policy/1\nlisteners: []\n"), snapshot([])],
  [byAdvice(snapshot([])), snapshot([])],
];
const ALL = [...REPORTS.map(([, report, document]) => [report, document] as const), ...ODD];

/** Compares with a file, or writes it. */
function golden(name: string, actual: string): void {
  const path = fileURLToPath(new URL(`../golden/audit/${name}`, import.meta.url));
  if (process.env.UPDATE_GOLDEN) {
    writeFileSync(path, actual);
  }
  expect(actual).toBe(readFileSync(path, "utf8"));
}

describe("formats", () => {
  for (const [name, report, document] of REPORTS) {
    for (const one of AUDIT_FORMATS) {
      test(`${name} as ${one} is what was looked at`, async () => {
        const ending = {
          text: "txt",
          junit: "xml",
          tap: "tap",
          nagios: "txt",
          prometheus: "prom",
        }[one as string] ?? "json";
        // The version of the program is not what this is about.
        golden(
          `${name}.${one}.${ending}`,
          (await format(report, document, one)).replace(
            /"version":"0\.\d+\.\d+"/,
            '"version":"0.0.0"',
          ),
        );
      });
    }
  }

  test("JSON formats are JSON, each line that is a record says which host it is of", async () => {
    for (const [report, document] of ALL) {
      JSON.parse(await format(report, document, "json"));
      JSON.parse(await format(report, document, "osquery"));
      for (const one of ["ndjson", "ecs", "otel"] as const) {
        for (
          const line of (await format(report, document, one)).split("\n").filter((line) =>
            line !== ""
          )
        ) {
          const record = JSON.parse(line);
          expect(record.host?.name ?? record["host.name"]).toBe(document.host.name);
          expect(record.host?.boot_id ?? record.host?.boot?.id ?? record["sockeye.boot_id"]).toBe(
            document.host.boot_id,
          );
        }
      }
    }
  });

  test("SARIF is valid by the whole schema of the standard", async () => {
    // Of draft 4 it uses nothing that later drafts read otherwise, but the names of itself.
    const { $schema: _draft, id: _id, ...schema } = sarifSchema;
    const validate = new Ajv({
      strict: false,
      // Its patterns were written without the flag u.
      unicodeRegExp: false,
      formats: {
        uri: /^[a-z]+:[^\s]+$/,
        "uri-reference": /^[^\s<>"{}|\\^`]*$/,
        "date-time": /^\d{4}-\d\d-\d\dT[\d:.]+Z$/,
      },
    }).compile(schema);
    expect(validate({ version: "2.1.0", runs: [{}] })).toBe(false);
    for (const [report, document] of ALL) {
      const log = JSON.parse(await format(report, document, "sarif"));
      validate(log);
      expect(validate.errors).toBeNull();
      const { results, tool } = log.runs[0];
      for (const { ruleId, ruleIndex } of results) {
        expect(tool.driver.rules[ruleIndex].id).toBe(ruleId);
      }
      const prints = results.map((result: { partialFingerprints: object }) =>
        JSON.stringify(result.partialFingerprints)
      );
      expect(new Set(prints).size).toBe(prints.length);
    }
  });

  testIf(
    Bun.which("python3") === null ? "there is no python3 program" : null,
    "JUnit XML is well-formed and counts right",
    async () => {
      const code =
        'import sys,xml.etree.ElementTree as e\nr=e.fromstring(sys.stdin.buffer.read())\ns=r[0]\nc=s.findall("testcase")\nassert int(s.get("tests"))==len(c)>0\nassert int(s.get("failures"))==len(s.findall("testcase/failure"))\nassert int(s.get("errors"))==len(s.findall("testcase/error"))\nfrom datetime import datetime\ndatetime.strptime(s.get("timestamp"),"%Y-%m-%dT%H:%M:%S")\nassert [x.tag for x in s]==["properties"]+["testcase"]*len(c)\nassert all(x.get("name") and x.get("classname") and float(x.get("time"))==0 for x in c) and s.get("hostname")\nassert all(y.get("type") and y.get("message") for x in c for y in x)';
      for (const [report, document] of ALL) {
        const xml = new TextEncoder().encode(await format(report, document, "junit"));
        const ran = Bun.spawnSync(["python3", "-c", code], { stdin: xml, stderr: "pipe" });
        expect(ran.stderr.toString()).toBe("");
      }
    },
  );

  testIf(
    Bun.which("prove") === null ? "there is no prove program (package perl)" : null,
    "prove counts what the TAP says",
    async () => {
      const folder = mkdtempSync(join(tmpdir(), "sockeye-test-"));
      try {
        for (const [i, [report, document]] of ALL.entries()) {
          const text = await format(report, document, "tap");
          const file = join(folder, `${i}.tap`);
          writeFileSync(file, text);
          const ran = Bun.spawnSync(["prove", "--exec", "cat", file], { stderr: "pipe" });
          const said = ran.stdout.toString();
          const failed = text.split("\n").filter((line) => line.startsWith("not ok ")).length;
          const planned = Number(/^1\.\.(\d+)$/m.exec(text)![1]);
          expect(said).not.toContain("Parse errors");
          expect(said).toContain(
            failed === 0 ? "All tests successful." : `Failed ${failed}/${planned} subtests`,
          );
          expect(ran.exitCode === 0).toBe(failed === 0);
        }
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );

  test("TAP has its plan, its numbers in order, and details that are YAML", async () => {
    const { parse } = await import("yaml");
    for (const [report, document] of ALL) {
      const lines = (await format(report, document, "tap")).trimEnd().split("\n");
      expect(lines[0]).toBe("TAP version 13");
      const plan = Number(lines.find((line) => line.startsWith("1.."))!.slice(3));
      const points = lines.filter((line) => /^(not )?ok /.test(line));
      expect(points.map((line) => Number(/ok (\d+) - /.exec(line)![1]))).toEqual(
        Array.from({ length: plan }, (_, i) => i + 1),
      );
      for (const point of points) expect(point).not.toMatch(/(?<!\\)#/);
      for (const block of lines.join("\n").matchAll(/^ {2}---\n([^]*?)^ {2}\.\.\.$/gm)) {
        expect(parse(block[1]!)).toMatchObject({ message: expect.any(String) });
      }
    }
  });

  test("the Nagios line is one line with figures, and its states follow the severity", async () => {
    for (const [report, document] of ALL) {
      const line = await format(report, document, "nagios");
      expect(line).toMatch(
        /^SOCKEYE (OK|WARNING|CRITICAL|UNKNOWN) - [\x20-\x7b\x7d\x7e]+ \| (\w+=\d+ ?)+\n$/,
      );
    }
    const state = (document: SnapshotDocument, entries: string) =>
      nagiosState(byPolicy(document, `schema: sockeye.policy/1\nlisteners: [${entries}]\n`));
    const web = snapshot([socket("0.0.0.0", 80)]);
    expect(state(web, "{ port: 80 }")).toBe("OK");
    expect(state(web, "{ port: 80, expires: 2020-01-01 }")).toBe("WARNING");
    expect(state(web, "")).toBe("CRITICAL");
    expect(
      state(
        snapshot([socket("0.0.0.0", 80, { ownership: "hidden", owners: [] })]),
        "{ port: 80, user: root }",
      ),
    ).toBe("UNKNOWN");
  });

  testIf(
    Bun.which("promtool") === null ? "there is no promtool program (package prometheus)" : null,
    "promtool accepts the metrics",
    async () => {
      for (const [report, document] of ALL) {
        const text = new TextEncoder().encode(await format(report, document, "prometheus"));
        const ran = Bun.spawnSync(["promtool", "check", "metrics"], {
          stdin: text,
          stderr: "pipe",
        });
        expect(ran.stderr.toString() + ran.stdout.toString()).toBe("");
        expect(ran.exitCode).toBe(0);
      }
    },
  );

  test("metrics hold no process ID, and no series twice", async () => {
    for (const [report, document] of ALL) {
      const text = await format(report, document, "prometheus");
      const series = text.split("\n").filter((line) => line !== "" && !line.startsWith("#")).map((
        line,
      ) => line.replace(/ \S+$/, ""));
      expect(new Set(series).size).toBe(series.length);
      expect(text).not.toMatch(/pid|inode/);
    }
  });

  test("nothing that a process is called reaches a terminal as it is", async () => {
    for (const [report, document] of ODD) {
      for (const one of ["text", "tap", "nagios", "junit"] as const) {
        // deno-lint-ignore no-control-regex
        expect(await format(report, document, one)).not.toMatch(
          /[\x00-\x09\x0b-\x1f\x7f\u202e]|\p{Surrogate}/u,
        );
      }
    }
  });
});
