/** The laboratory of scripts/differences: its lists, its judgement, and the table of what differs on purpose. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { DOCUMENTED, excuse, type Found, type Tool } from "../../scripts/lab/documented.ts";
import { missingRules, sentence } from "../../scripts/lab/grammar.ts";
import { judge } from "../../scripts/lab/judge.ts";
import { listsOf, type World } from "../../scripts/lab/lists.ts";
import { LSOF } from "../../scripts/lab/lsof_grammar.ts";
import { NETSTAT } from "../../scripts/lab/netstat_grammar.ts";
import { withoutOwnRows } from "../../scripts/lab/own_rows.ts";
import { Random } from "../../scripts/lab/random.ts";
import type { Ran } from "../../scripts/lab/runner.ts";
import { SS } from "../../scripts/lab/ss_grammar.ts";

const WORLD: World = {
  "known-port": ["80", "8080"],
  group: ["/sys/fs/cgroup/test"],
  process: ["12"],
  namespace: ["other"],
  folder: ["/tmp/folder"],
  "filter-file": ["/tmp/folder/filter"],
  dump: ["/tmp/folder/tcp.dump"],
  tree: ["/tmp/folder/tree"],
};
const TOOLS: readonly Tool[] = ["ss", "netstat", "lsof"];

const ran = (stdout: string, status: number | string = 0, stderr = ""): Ran => ({
  pid: 20_000,
  status,
  stdout,
  stderr,
});

const found = (tool: Tool, line: string, original: Ran, ours: Ran, onTerminal = false): Found => ({
  tool,
  args: line.split(" "),
  env: {},
  onTerminal,
  original,
  ours,
});

test("a seed and a number give the same list again, other numbers give others", () => {
  for (const tool of TOOLS) {
    const lines = (seed: number) => {
      const lists = listsOf(tool, seed, WORLD);
      return Array.from({ length: 200 }, (_, index) => JSON.stringify(lists.at(index)));
    };
    expect(lines(7)).toEqual(lines(7));
    expect(listsOf(tool, 7, WORLD).at(150)).toEqual(JSON.parse(lines(7)[150]!));
    expect(new Set(lines(7)).size).toBeGreaterThan(100);
    expect(lines(8)).not.toEqual(lines(7));
  }
});

test("every rule that a grammar mentions is there", () => {
  for (const grammar of [SS, NETSTAT, LSOF]) {
    expect(missingRules({ ...grammar, ...WORLD })).toEqual([]);
  }
  expect(missingRules({ line: ["<there> <missing?>"], there: ["x"] })).toEqual(["missing"]);
});

test("weights, optional parts and depth of a grammar", () => {
  const random = new Random(1, 1);
  const grammar = { line: ["2 * a", "<line><line>"], many: ["<x*>"], x: ["x"], maybe: ["<x?>"] };
  const of = (start: string) =>
    new Set(Array.from({ length: 200 }, () => sentence(grammar, start, random)));
  for (const line of of("line")) expect(line).toMatch(/^a+$/);
  expect(of("many")).toEqual(new Set(["", "x", "x x", "x x x"]));
  expect(of("maybe")).toEqual(new Set(["", "x"]));
});

test("no list closes sockets, waits or writes files", () => {
  const lists = listsOf("ss", 3, WORLD);
  for (let index = 0; index < 3000; index++) {
    const { args } = lists.at(index);
    // Spoilt lists have words in capitals, but no options of that kind.
    expect(
      args.filter((word) => /^-\w*[KED]|^--(ki|ev|di)/.test(word) && !/^-[A-Z]{2,}$/.test(word)),
    )
      .toEqual([]);
  }
});

test("answers that are the same, that moved, and that differ", () => {
  const verdict = (before: string, ours: string, after: string) =>
    judge(["ss", "-ti"], ran(before), ran(ours), ran(after));
  expect(verdict("a 1\n", "a 1\n", "a 2\n")).toBe("equal");
  expect(verdict("a 1\n", "a 3\n", "a 5\n")).toBe("moved");
  expect(verdict("a 1\n", "a 9\n", "a 5\n")).toBe("different");
  // Nothing moved in the original, so nothing may differ in ours.
  expect(verdict("a 1\n", "a 2\n", "a 1\n")).toBe("different");
  expect(verdict("a 1\n", "b 3\n", "a 5\n")).toBe("different");
  expect(
    verdict(
      "ESTAB timer:(on,1.2sec,0)\n",
      "ESTAB timer:(on,980ms,0)\n",
      "ESTAB timer:(on,700ms,0)\n",
    ),
  )
    .toBe("moved");
  // A row went away in between.
  expect(verdict("a\nb\n", "a\nb\n", "a\n")).toBe("equal");
  expect(verdict("a 1\nb\nc\n", "a 1\nc\n", "a 1\nc\nd\ne\n")).toBe("moved");
  expect(verdict("a\nb\nc\n", "c\n", "a\nc\n")).toBe("different");
  expect(judge(["ss"], ran("", 0), ran("", 1), ran("", 0))).toBe("different");
  expect(judge(["ss"], ran("", 1, "no\n"), ran("", 1, "never\n"), ran("", 1, "no\n"))).toBe(
    "equal",
  );
  expect(judge(["ss"], ran("", 1, "no\n"), ran("", 1), ran("", 1, "no\n"))).toBe("different");
});

test("lsof's rows about itself are left out, as rows and as fields", () => {
  const rows =
    "COMMAND   PID USER\nlsof    20000 root\nlsof    20001 root\nbun         7 root\npython3    12 root\n";
  expect(withoutOwnRows(rows, 20_000, 7)).toBe("COMMAND PID USER\npython3 12 root\n");
  expect(withoutOwnRows("12\n20000\n7\n", 20_000, 7)).toBe("12\n");
  expect(withoutOwnRows("COMMAND   PID USER\nlsof    20000 root\n", 20_000, 7)).toBe("");
  expect(withoutOwnRows("p12\nf3\np20000\nf1\np7\nf4\np20100\nf2\n", 20_000, 7))
    .toBe("p12\nf3\np20100\nf2");
});

test("only what is documented is excused", async () => {
  const [row, other] = [
    "tcp LISTEN 0 16 127.0.0.1:8080 0.0.0.0:*\n",
    "tcp LISTEN 0 16 127.0.0.1:22\n",
  ];
  let again = ran("");
  const asked: string[] = [];
  const name = async (...args: Parameters<typeof found>) => {
    const difference = found(...args);
    const documented = await excuse(difference, difference.original, (words) => {
      asked.push(words.join(" "));
      return Promise.resolve([again, difference.ours, again]);
    });
    return documented?.name ?? null;
  };
  expect(await name("ss", "-t -a -n", ran(row), ran(other))).toBeNull();
  expect(await name("ss", "-t -e -o", ran(row), ran(""))).toBeNull();
  const unknown = ran("", 255, "ss: invalid option -- 'd'\n");
  expect(await name("ss", "-d -a", unknown, ran(row))).toBe("DCCP");
  expect(await name("ss", "-d -a", ran("", 255, "ss: nonsense\n"), ran(row))).toBeNull();
  expect(await name("ss", "-ta dev = lo", ran(row), ran(other))).toBeNull();
  expect(await name("ss", "-ta sport = :8080", ran(row), ran(other))).toBeNull();
  // The original has to give our answer when it is asked for the number.
  expect(await name("ss", "-ta sport = :http", ran(row), ran(other))).toBeNull();
  again = ran(other);
  expect(await name("ss", "-ta sport = :http", ran(row), ran(other))).toBe(
    "service of one protocol",
  );
  expect(asked.at(-1)).toBe("-ta sport = :80");
  expect(await name("ss", "-ta sport = :domain", ran(row), ran(other))).toBeNull();
  expect(await name("ss", "-ta cgroup /sys", ran(""), ran(other))).toBeNull();
  const [steers, harmless] = [
    ran("u_str \x1b[31m new\nline 7\n"),
    ran("u_str \\x1b[31m new\\x0aline  7\n"),
  ];
  expect(await name("ss", "-x -a", steers, harmless, true)).toBe("terminal");
  expect(await name("ss", "-x -a", steers, harmless)).toBeNull();
  expect(await name("ss", "-x -a", steers, ran("u_str \\x1b[31m new\\x0aline 8\n"), true))
    .toBeNull();
  const [vsock, otherPort] = ["v_dgr 0 0 2:7 *:*\n", "v_dgr 0 0 2:9 *:*\n"];
  expect(await name("ss", "--vsock -a", ran(vsock), ran(otherPort))).toBe("vsock ports");
  expect(await name("ss", "--vsock -a", ran(vsock), ran("v_dgr 0 0 1:9 *:*\n"))).toBeNull();
  expect(await name("ss", "-a", ran(vsock + row), ran(vsock + other))).toBeNull();
  expect(await name("netstat", "-an", ran(row), ran(other))).toBeNull();
  expect(await name("netstat", "-tv", ran(row), ran(other))).toBeNull();
  expect(await name("netstat", "-h", ran(row), ran(other))).toBe("own texts");
  expect(await name("lsof", "-i", ran(row), ran(other))).toBeNull();
  expect(await name("lsof", "-V -i", ran(row), ran(other))).toBeNull();
  expect(await name("lsof", "+D /tmp", ran(row), ran(other))).toBeNull();
  expect(await name("lsof", "-i -p x", ran(row), ran("", 1, "lsof: illegal process ID: x\n")))
    .toBeNull();
  const refusal = ran("", 1, "lsof: -N is not supported: NFS files is outside\n");
  expect(await name("lsof", "-N", ran(row), refusal)).toBe("refused options");
  // Without the repetition the original gives what ours lists before its marker.
  const marked = ran(`${other}=======\n`, 1);
  expect(await name("lsof", "-r1c1 -i", ran(row, 1), marked)).toBe("-r cM");
  expect(asked.at(-1)).toBe("-i");
  again = ran(row);
  expect(await name("lsof", "-r1c1 -i", ran("", 1), marked)).toBeNull();
  const table = (name: string) => ran(`COMMAND PID USER FD TYPE NAME\nx 7 root 3u ${name}\n`);
  expect(await name("lsof", "-p 7", table("sock protocol: TCP"), table("IPv4 TCP *:80 (LISTEN)")))
    .toBe("other namespaces");
  expect(await name("lsof", "-p 7", table("sock protocol: TCP"), ran(`${row}x 8 root 4u sock a\n`)))
    .toBeNull();
  expect(await name("lsof", "-K", ran("", 1), ran("", 0))).toBe("own threads");
  expect(await name("lsof", "-u 0,7", ran(row), ran(row, 1))).toBe("several users");
  expect(await name("lsof", "-u 7", ran(row), ran(row, 1))).toBeNull();
  expect(await name("lsof", "-u 0,7", ran(row), ran(other, 1))).toBeNull();
});

test("the README documents the table, no more and no less", () => {
  const readme = readFileSync(new URL("../conformance/README.md", import.meta.url), "utf8");
  const parts = readme.split(/\n(?=\S[^\n]* on purpose in:\n)/).slice(1);
  expect(parts.length).toBe(TOOLS.length);
  TOOLS.forEach((tool, at) => {
    const items = parts[at]!.split(/\n\n/)[1]!.split(/^- /m).slice(1)
      .map((item) => item.trim().replaceAll(/\s+/g, " "));
    expect(items).toEqual(
      DOCUMENTED.filter((entry) => entry.tool === tool).map(({ text }) => text),
    );
  });
});
