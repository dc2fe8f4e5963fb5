/**
 * The words that people type out of habit, and what happens then.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { makeSocket, pythonReason } from "../support/factory.ts";
import { Namespace, namespaceReason } from "../support/netns.ts";
import { firstReason, testIf } from "../support/skip.ts";
import { sockeye } from "../support/sockeye.ts";

const reason = firstReason(namespaceReason(), pythonReason());

describe("in a namespace where something listens on TCP 8080 and UDP 5353", () => {
  let netns: Namespace;
  const made: AsyncDisposable[] = [];
  beforeAll(async () => {
    if (reason !== null) return;
    netns = await Namespace.create();
    made.push(await makeSocket("tcp_listen", { port: 8080 }, { netns }));
    made.push(await makeSocket("udp_bound", { port: 5353 }, { netns }));
  });
  afterAll(async () => {
    if (reason !== null) return;
    for (const one of made) await one[Symbol.asyncDispose]();
    await netns.stop();
  });

  /** What is typed, the exit status, and what stands in the answer. */
  const TYPED: readonly (readonly [words: string, status: number, shows: RegExp])[] = [
    ["8080 -v", 0, /^tcp 127\.0\.0\.1:8080 /],
    ["-t 8080", 0, /^tcp 127\.0\.0\.1:8080 /],
    ["-u 8080", 1, /^8080 /],
    ["-tu 5353", 0, /^udp 127\.0\.0\.1:5353 /],
    ["-p 8080", 0, /^tcp 127\.0\.0\.1:8080 /],
    ["-i :8080", 0, /^tcp 127\.0\.0\.1:8080 /],
    ["8080,5353", 0, /^tcp 127\.0\.0\.1:8080 [^]*^udp 127\.0\.0\.1:5353 /m],
    ["5353/udp", 0, /^udp 127\.0\.0\.1:5353 /],
    ["*:8080", 0, /^tcp 127\.0\.0\.1:8080 /],
    ["localhost:8080", 0, /^tcp 127\.0\.0\.1:8080 /],
    ["explain 8080 -v", 0, /^tcp 127\.0\.0\.1:8080 /],
    // Flags that only a listing has make a listing of it.
    ["-a 8080", 0, /^PROTO .*\n.*8080/],
    ["-4 8080", 0, /^PROTO .*\n.*8080/],
    ["--ndjson 8080", 0, /^\{"schema".*\n.*8080/],
    ["-plant", 0, /8080/],
    ["-tulpan", 0, /8080[^]*5353/],
    ["-s", 0, /^COUNT +PROTO +STATE\n(.*\n)* +2 +total/],
    ["-tulpen", 0, /8080[^]*5353/],
    ["help", 0, /^Usage: sockeye \[FLAGS\]/],
    ["help explain", 0, /^Usage: sockeye \[explain\]/],
    ["help lsof", 0, /lsof/],
    ["lsof --help", 0, /lsof/],
    ["version", 0, /^sockeye \d/],
  ];
  for (const [words, status, shows] of TYPED) {
    testIf(reason, `sockeye ${words}`, () => {
      const ran = sockeye(words.split(" "), { netns });
      expect([ran.status, ran.stderr]).toEqual([status, expect.not.stringContaining("no flag")]);
      expect(ran.stdout).toMatch(shows);
    });
  }

  testIf(reason, "--process takes a pattern, as the filter does", () => {
    const { stdout } = sockeye(["--process", "pyth*", "--json"], { netns });
    expect(JSON.parse(stdout).sockets).toHaveLength(2);
    expect(JSON.parse(sockeye(["--process", "nob*", "--json"], { netns }).stdout).sockets)
      .toEqual([]);
  });
});

test.each([
  [["explian", "8080"], 'there is no command "explian": did you mean explain?'],
  [["sprot", "8080"], 'there is no command "sprot": did you mean sport?'],
  [["help", "explian"], "help explian: expected one command: did you mean explain?"],
  [["--zort"], "there is no flag --zort; sockeye --help lists them"],
])("%p is answered with the nearest name, if one is near", (words, message) => {
  expect(sockeye(words)).toEqual({ stdout: "", stderr: `sockeye: ${message}\n`, status: 2 });
});
