/** What is told where nothing matches, and names that nothing has. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { makeSocket, pythonReason } from "../support/factory.ts";
import { Namespace, namespaceReason } from "../support/netns.ts";
import { firstReason, testIf } from "../support/skip.ts";
import { sockeye } from "../support/sockeye.ts";

const reason = firstReason(namespaceReason(), pythonReason());

describe("in a namespace with a connection and no service on its port", () => {
  let netns: Namespace;
  const made: AsyncDisposable[] = [];
  let port = 0;
  beforeAll(async () => {
    if (reason !== null) return;
    netns = await Namespace.create();
    const pair = await makeSocket("tcp_pair", {}, { netns });
    made.push(pair);
    port = pair.info!.sockets[0]!.local!.port!;
  });
  afterAll(async () => {
    if (reason !== null) return;
    for (const one of made) await one[Symbol.asyncDispose]();
    await netns.stop();
  });

  /** The line about the listing itself, without those about the host. */
  const told = (...args: string[]) => {
    const { stderr, status } = sockeye(args, { netns });
    expect(status).toBe(0);
    return stderr.split("\n").filter((line) => /matches/.test(line)).join("\n");
  };

  testIf(reason, "an empty answer says so, and what the usual view left out", () => {
    expect(told("--port", "1")).toBe("sockeye: no service matches");
    expect(told("--port", String(port))).toMatch(
      /^sockeye: no service matches; [12] other sockets? do(es)?: add -a$/,
    );
    expect(told("-a", "--port", String(port))).toBe("");
    // An empty document, and a count, say enough.
    expect(told("--port", "1", "--json")).toBe("");
    expect(told("--port", "1", "--count")).toBe("");
  });

  testIf(reason, "a name that nothing has is told, with the nearest", () => {
    expect(told("-a", "--process", "pyhton3")).toMatch(
      /matches.*: no process that can be seen here is called "pyhton3": did you mean python3\?$/,
    );
    expect(told("-a", "--process", "pyht*")).not.toContain("called");
  });
});

test.each([
  ["--pid", "4194304", "--pid 4194304: no process has this ID"],
  [
    "--filter",
    "unit no-such-unit",
    'no process that can be seen here is in a unit called "no-such-unit"',
  ],
  [
    "--filter",
    "container no-such-container",
    'no process that can be seen here is in a container called "no-such-container"',
  ],
])("%s %s is an error, as an unknown user is", (flag, value, message) => {
  const { status, stderr } = sockeye([flag, value]);
  expect([status, stderr.split("\n").filter((line) => line.includes(message)).length]).toEqual([
    2,
    1,
  ]);
});
