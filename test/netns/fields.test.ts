/** Columns, order, counts and formats, of sockets that are known. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { makeSocket, pythonReason } from "../support/factory.ts";
import { Namespace, namespaceReason } from "../support/netns.ts";
import { firstReason, testIf } from "../support/skip.ts";
import { sockeye } from "../support/sockeye.ts";

const reason = firstReason(namespaceReason(), pythonReason());

describe("of three services", () => {
  let netns: Namespace;
  const made: AsyncDisposable[] = [];
  beforeAll(async () => {
    if (reason !== null) return;
    netns = await Namespace.create();
    made.push(await makeSocket("tcp_listen", { port: 8080 }, { netns }));
    made.push(await makeSocket("tcp_listen", { port: 8081 }, { netns }));
    made.push(await makeSocket("udp_bound", { port: 5353 }, { netns }));
  });
  afterAll(async () => {
    if (reason !== null) return;
    for (const one of made) await one[Symbol.asyncDispose]();
    await netns.stop();
  });

  const lines = (...args: string[]) => {
    const ran = sockeye(args, { netns });
    expect(ran.status).toBe(0);
    return ran.stdout.trimEnd().split("\n").map((line) => line.trim().replaceAll(/ +/g, " "));
  };

  testIf(reason, "columns, their order, and that of the rows", () => {
    expect(lines("-o", "port,proto,process", "--sort", "proto,-port")).toEqual([
      "PORT PROTO PROCESS",
      "8081 tcp python3",
      "8080 tcp python3",
      "5353 udp python3",
    ]);
    expect(lines("-H", "--format", "tsv", "-o", "local.port,state", "--sort=local.port"))
      .toEqual(["5353\tunconn", "8080\tlisten", "8081\tlisten"]);
    expect(lines("--format=csv", "-t", "--sort=port")[0]).toStartWith("netns,proto,state,");
    expect(lines("--format=wide", "--sort=-port")[1]).toContain(" python3(pid=");
    // The order is that of every format.
    expect(lines("-H", "--sort=port").map((line) => line.split(" ")[0]))
      .toEqual(["udp", "tcp", "tcp"]);
  });

  testIf(reason, "counts", () => {
    expect(lines("--count")).toEqual(["3"]);
    expect(lines("--count", "--port", "1")).toEqual(["0"]);
    expect(lines("--group-by", "proto,state")).toEqual([
      "COUNT PROTO STATE",
      "2 tcp listen",
      "1 udp unconn",
      "3 total -",
    ]);
    const { stdout } = sockeye(["--group-by", "proto", "--json"], { netns });
    expect(JSON.parse(stdout)).toMatchObject({
      schema: "sockeye.count/1",
      total: 3,
      groups: [{ count: 2, values: { proto: "tcp" } }, { count: 1, values: { proto: "udp" } }],
    });
    expect(JSON.parse(sockeye(["--count", "--json"], { netns }).stdout))
      .toMatchObject({ total: 3, groups: [{ count: 3, values: {} }] });
  });
});

test.each([
  [["-o", "prot"], "--columns prot: there is no such column: did you mean proto?"],
  [["--sort", "-nonsense"], "--sort nonsense: there is no such column; --columns help lists them"],
  [["--group-by", "proces"], "--group-by proces: there is no such column: did you mean process?"],
  [
    ["-o", "port", "--json"],
    "--columns has no meaning with json, which has everything: leave one of them out",
  ],
  [["-o", "port", "--count"], "--columns and a count contradict each other: give one of them"],
  [["--format", "xml"], "--format xml: expected one of text, wide, csv, tsv, json, ndjson"],
  [["--format=csv", "--json"], "csv and json were both asked for: choose one"],
])("%p is refused in one line", (args, message) => {
  expect(sockeye(args)).toEqual({ stdout: "", stderr: `sockeye: ${message}\n`, status: 2 });
});

test("--columns help fits 80 columns", () => {
  const { stdout, status } = sockeye(["--columns", "help"]);
  expect(status).toBe(0);
  for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  expect(stdout).toContain("local.port");
});
