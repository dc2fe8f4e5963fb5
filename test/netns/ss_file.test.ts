/**
 * ss mode on dumps in files: what needs no kernel.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { unpackFixture } from "../conformance/fixture.ts";
import { be16, message, u32, zeros } from "../support/bytes.ts";
import { pythonReason } from "../support/factory.ts";
import { testIf } from "../support/skip.ts";
import { SOCKEYE, sockeye } from "../support/sockeye.ts";

const folder = mkdtempSync(join(tmpdir(), "sockeye-ss-"));
afterAll(() => rmSync(folder, { recursive: true }));

const ESTABLISHED = 1;
const LISTEN = 10;
type Ipv4 = readonly [number, number, number, number];

/** An inet_diag_msg for TCP over IPv4, as a whole netlink message. */
function tcp(
  state: number,
  queues: readonly [number, number],
  local: readonly [Ipv4, number],
  peer: readonly [Ipv4, number],
): number[] {
  const address = (ip: Ipv4) => [...ip, ...zeros(12)];
  const id = [
    ...be16(local[1]),
    ...be16(peer[1]),
    ...address(local[0]),
    ...address(peer[0]),
    ...u32(0),
    ...u32(1),
    ...u32(0),
  ];
  const tail = [0, ...queues, 0, 0].flatMap((value) => u32(value));
  return message(20, 2, 1, 1, [2, state, 0, 0, ...id, ...tail]);
}
const DONE = message(3, 2, 1, 1, u32(0));

function dumpFile(name: string, ...messages: number[][]): Record<string, string> {
  const path = join(folder, name);
  writeFileSync(path, new Uint8Array(messages.flat()));
  return { TCPDIAG_FILE: path, LC_ALL: "C" };
}

describe("the filters of iproute2's own tests", () => {
  const one: Ipv4 = [10, 0, 0, 1];
  const env = dumpFile(
    "ss1.dump",
    tcp(LISTEN, [0, 128], [[0, 0, 0, 0], 22], [[0, 0, 0, 0], 0]),
    tcp(ESTABLISHED, [0, 0], [one, 22], [one, 36266]),
    tcp(ESTABLISHED, [0, 0], [one, 36266], [one, 22]),
    tcp(ESTABLISHED, [0, 0], [one, 22], [[10, 0, 0, 2], 50312]),
    DONE,
  );
  const listener = "LISTEN 0      128    0.0.0.0:22 0.0.0.0:*\n";
  const mirror = "ESTAB 0      0      10.0.0.1:36266 10.0.0.1:22\n";
  const remote = "ESTAB 0      0      10.0.0.1:22 10.0.0.2:50312\n";
  test.each([
    [["dport", "=", "22"], mirror],
    [["dport", "22"], mirror],
    [["(", "dport", "=", "22", ")"], mirror],
    [["src", "=", "0.0.0.0"], listener],
    [["src", "0.0.0.0"], listener],
    [["src", "0.0.0.0", "sport", "=", "22"], listener],
    [["src", "0.0.0.0", "and", "sport", "=", "22"], listener],
    ["src 10.0.0.1 and sport = 22 and dport = 50312".split(" "), remote],
    ["( src 10.0.0.1 and sport = 22 ) and dport = 50312".split(" "), remote],
    ["src 10.0.0.1 and ( sport = 22 and dport = 50312 )".split(" "), remote],
    ["( ( src 10.0.0.1 ) and ( sport = 22 ) ) and ( dport = 50312 )".split(" "), remote],
    ["( src 0.0.0.0 or src 10.0.0.1 ) and dst 10.0.0.2".split(" "), remote],
  ])("%p", (filter, stdout) => {
    expect(sockeye(["ss", "-Htna", ...filter], { env })).toEqual({
      stdout,
      stderr: "",
      status: 0,
    });
  });

  test("a filter may come from a file or from standard input", () => {
    const path = join(folder, "filter");
    writeFileSync(path, "# ours\ndport\n0 is passed over as well\n= 22\n");
    expect(sockeye(["ss", "-Htna", "-F", path], { env }).stdout).toBe(mirror);
    expect(sockeye(["ss", "-HtnaF-"], { env, stdin: "src 0.0.0.0\n" }).stdout).toBe(listener);
    expect(sockeye(["ss", "-F", join(folder, "none")], { env }).status).toBe(255);
  });

  test("a link named ss is enough", () => {
    const link = join(folder, "ss");
    symlinkSync(SOCKEYE, link);
    const run = Bun.spawnSync([link, "-Htna", "dport", "22"], { env });
    expect(run.stdout.toString()).toBe(mirror);
  });
});

describe("a dump that is not one", () => {
  test.each([
    ["cut", [tcp(LISTEN, [0, 1], [[1, 2, 3, 4], 5], [[0, 0, 0, 0], 0])]],
    ["refused", [message(2, 0, 1, 1, u32(-22 >>> 0))]],
    ["empty", []],
    ["nonsense", [[1, 2, 3, 4, 5, 6, 7]]],
  ])("%s: what there is is shown, a message says so, and the status is 0", (name, messages) => {
    const { stdout, stderr, status } = sockeye(["ss", "-Htna"], {
      env: dumpFile(name, ...messages),
    });
    expect(stdout).toBe(name === "cut" ? "LISTEN 0      1      1.2.3.4:5 0.0.0.0:*\n" : "");
    expect(stderr).not.toBe("");
    expect(status).toBe(0);
  });
});

describe("on a terminal", () => {
  let fixture: ReturnType<typeof unpackFixture>;
  beforeAll(() => {
    fixture = unpackFixture();
  });
  afterAll(() => fixture[Symbol.dispose]());

  const helper = fileURLToPath(new URL("../support/on_terminal.py", import.meta.url));
  for (const columns of [40, 80, 132, 200]) {
    for (const words of ["-tan", "-tanpe", "-a", "-taneimo"]) {
      testIf(pythonReason(), `${words} of ${columns} columns is as with COLUMNS`, () => {
        const env = {
          PATH: process.env.PATH ?? "",
          LC_ALL: "C",
          PROC_ROOT: join(fixture.path, "proc"),
          TCPDIAG_FILE: join(fixture.path, "tcp.dump"),
        };
        const shown = Bun.spawnSync(["python3", helper, String(columns), SOCKEYE, "ss", words], {
          env: { ...env, COLUMNS: "17" },
        });
        const piped = sockeye(["ss", words], { env: { ...env, COLUMNS: String(columns) } });
        expect(shown.stdout.toString()).toBe(piped.stdout);
        expect(shown.exitCode).toBe(0);
      });
    }
  }
});

test("of more than 5 MiB nothing is lost, and widths grow when what is wider comes", () => {
  const short: Ipv4 = [1, 1, 1, 1];
  const long: Ipv4 = [200, 200, 200, 200];
  const row = (i: number) =>
    tcp(ESTABLISHED, [0, 0], [i < 90_000 ? short : long, 1000 + i % 9000], [short, 22]);
  const path = join(folder, "long");
  const bytes = new Uint8Array(100_000 * 88 + DONE.length);
  for (let i = 0; i < 100_000; i++) bytes.set(row(i), i * 88);
  bytes.set(DONE, 100_000 * 88);
  writeFileSync(path, bytes);
  const lines = sockeye(["ss", "-Htna"], { env: { TCPDIAG_FILE: path } }).stdout.split("\n");
  expect(lines).toHaveLength(100_001);
  const rows = lines.slice(0, -1).map((line, i) => {
    const [state, received, sent, local, peer] = line.split(/ +/);
    const address = i < 90_000 ? "1.1.1.1" : "200.200.200.200";
    expect([state, received, sent, local, peer]).toEqual([
      "ESTAB",
      "0",
      "0",
      `${address}:${1000 + i % 9000}`,
      "1.1.1.1:22",
    ]);
    return line.lastIndexOf("1.1.1.1:22");
  });
  // Rows that were printed before the wide ones came are narrow.
  const places = new Set(rows);
  expect(places.size).toBe(2);
  const first = rows.findIndex((place) => place !== rows[0]);
  // The cells of a row are 5, 6, 6, 8, 4, 8, 2 and 0 bytes; with two bytes of length each and at even places that is 56.
  expect(Math.abs(first - 4 * 1024 * 1024 / 56)).toBeLessThan(3);
}, 400_000);

describe("what cannot be decoded is told", () => {
  const path = join(folder, "damaged");
  writeFileSync(path, "header\ngarbage\n");
  test.each(["tcp", "udp", "unix", "raw", "packet", "netlink"])("%s", (table) => {
    const env = { [`PROC_NET_${table.toUpperCase()}`]: path, LC_ALL: "C" };
    const run = sockeye(["ss", "-aH", "-A", table], { env });
    expect(run.stdout).toBe("");
    expect(run.stderr).toMatch(
      /^ss: some sockets may be missing: Cannot decode .*at byte 7: .*\n$/,
    );
    expect(run.status).toBe(1);
  });
});
