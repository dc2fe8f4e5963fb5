/**
 * Mutation: snapshots, policies, recordings and trees of /proc are changed at random, and commands read them.
 *
 * What is changed anyhow must not crash, hang or blow up the program, reach a terminal or make JSON that is none. What is changed
 * into an error, such as a table of a recording that could not be read, must be told as an error of the kernel is.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { FAULTY, judge, type Outcome, type Ran } from "./faults_answer.ts";
import type { Command } from "./faults_commands.ts";
import { Place } from "./faults_inject.ts";
import { randomOf } from "./faults_random.ts";

const sockeye = join(import.meta.dir, "../dist/sockeye");
/** Of waiting, on a machine that may be busy with other things; of computing it is given less. */
const PATIENCE_MS = 600_000;
const MOST_CPU_SECONDS = 30;
/** Bytes of memory that no answer to a file of some kilobytes needs. */
const MOST_MEMORY = 600e6;

/** What came of an input. */
const VERDICTS = ["answered", "refused", "told", "wrong"] as const;
type Verdict = typeof VERDICTS[number];

/** What came of all. */
export interface MutationResult {
  readonly counts: ReadonlyMap<string, ReadonlyMap<Verdict, number>>;
  readonly problems: readonly string[];
}

interface Finished extends Ran {
  readonly memory: number;
}

/** One sort of input: makes a file or a tree, and says how it is read. */
interface Sort {
  readonly name: string;
  /** Writes an input below `folder` and returns the arguments and the environment of the run. */
  make(folder: string, random: Random): { args: string[]; env?: Record<string, string> };
  /** Compares with the answer to what was not changed. */
  readonly judge?: (ran: Finished) => Outcome;
}

type Random = () => number;
const pick = <T>(random: Random, list: readonly T[]): T =>
  list[Math.floor(random() * list.length)]!;

/** Leads into the namespaces of the fixture, which has few sockets however many the host has. */
let inside: readonly string[] = [];

/** Runs a command to its end. */
function run(args: readonly string[], env: Record<string, string> = {}): Finished {
  const limited = ["prlimit", `--cpu=${MOST_CPU_SECONDS}`, sockeye, ...args];
  const ran = Bun.spawnSync([...inside, ...limited], {
    stdin: "ignore",
    timeout: PATIENCE_MS,
    killSignal: "SIGKILL",
    env: { ...process.env, ...env },
  });
  return {
    status: ran.exitedDueToTimeout ? -1 : ran.exitCode ?? 200,
    out: ran.stdout.toString(),
    err: ran.stderr.toString(),
    memory: ran.resourceUsage?.maxRSS ?? 0,
  };
}

/** Changes for `seconds`, or `count` inputs of each sort. */
export async function mutate(
  seconds: number,
  seed: number,
  most = Infinity,
): Promise<MutationResult> {
  const folder = mkdtempSync(join(tmpdir(), "sockeye-mutation-"));
  const counts = new Map<string, Map<Verdict, number>>();
  const problems: string[] = [];
  const place = await Place.make(join(folder, "place"));
  inside = place.inside;
  try {
    const sorts = sortsFrom(folder);
    const random = randomOf(seed);
    const end = performance.now() + seconds * 1000;
    for (let round = 0; round < most && performance.now() < end; round++) {
      for (const sort of sorts) {
        const { args, env } = sort.make(folder, random);
        const ran = run(args, env);
        const fault = faultOf(ran, args);
        const outcome = sort.judge?.(ran);
        const verdict: Verdict = fault !== null || outcome !== undefined && FAULTY.has(outcome)
          ? "wrong"
          : outcome === "told" || outcome === "gone"
          ? "told"
          : ran.status === 2 || ran.status === 1 && ran.err !== "" && ran.out === ""
          ? "refused"
          : "answered";
        const row = counts.get(sort.name) ?? new Map<Verdict, number>();
        counts.set(sort.name, row);
        row.set(verdict, (row.get(verdict) ?? 0) + 1);
        if (verdict !== "wrong") continue;
        const kept = `${folder}-${problems.length}`;
        Bun.spawnSync(["cp", "-a", folder, kept]);
        problems.push(
          `${sort.name}, round ${round} of seed ${seed}: ${
            fault ?? outcome
          }; the input is kept in ${kept}: ${args.join(" ")}\n    ${ran.err.slice(0, 300)}`,
        );
        if (problems.length >= 20) return { counts, problems };
      }
    }
  } finally {
    await place.end();
    rmSync(folder, { recursive: true });
  }
  return { counts, problems };
}

/** What is wrong with how a run ended, whatever it was given; `null`: nothing. */
function faultOf({ status, out, err, memory }: Finished, args: readonly string[]): string | null {
  if (status === -1) return "hung";
  // ss ends so where it does not understand what it is given.
  const most = args[0] === "ss" && status === 255 ? status : 3;
  if (status > most) return `ended with status ${status}`;
  if (/this is a bug|panic|^ {4}at /m.test(err)) return "crashed";
  if (memory > MOST_MEMORY) return `took ${Math.round(memory / 1e6)} MB`;
  for (const text of [out, err]) {
    // deno-lint-ignore no-control-regex
    const steering = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/.exec(
      text,
    );
    if (steering !== null) {
      return `wrote ${
        JSON.stringify(text.slice(Math.max(0, steering.index - 20), steering.index + 20))
      }`;
    }
  }
  if (!args.includes("--json") || status === 2) return null;
  try {
    JSON.parse(out);
    return null;
  } catch {
    return "wrote JSON that is none";
  }
}

/** Every sort of input, made from what this host gives now. */
function sortsFrom(folder: string): Sort[] {
  const made = (...args: string[]) => {
    const { status, out, err } = run(args);
    if (status !== 0 || out === "") throw new Error(`${args.join(" ")}: status ${status} ${err}`);
    return out;
  };
  const snapshot = made("snapshot", "-a");
  const policy = made("audit", "--init", "--unix");
  const record = (name: string, ...args: string[]) => {
    const file = join(folder, name);
    run([...args, "--record", file]);
    return readFileSync(file, "utf8");
  };
  const LISTING = ["-a", "--json", "--family", "inet,inet6,unix,packet,netlink", "--owners=proc"];
  const recording = record("original", ...LISTING);
  const original = join(folder, "original");
  const plain = run(["--replay", original, ...LISTING]);
  const listing: Command = { language: "sockeye", decides: false, args: () => [] };
  const tree = procTree();
  const file = (name: string, content: string | Uint8Array) => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  };
  const bytes = new TextEncoder();
  const source = file("source.json", snapshot);
  return [
    {
      name: "snapshot, bytes",
      make: (_, random) => ({
        args: ["diff", source, file("a.json", changed(bytes.encode(snapshot), random))],
      }),
    },
    {
      name: "snapshot, values: diff",
      make: (_, random) => ({
        args: ["diff", "--json", source, file("a.json", changedJson(snapshot, random))],
      }),
    },
    {
      name: "snapshot, values: audit",
      make: (_, random) => ({
        args: [
          "audit",
          "--policy",
          file("p.yaml", policy),
          "--snapshot",
          file("a.json", changedJson(snapshot, random)),
          "--format",
          pick(random, ["text", "json", "sarif", "junit", "tap", "prometheus", "osquery"]),
        ],
      }),
    },
    {
      name: "snapshot, values: report",
      make: (_, random) => ({
        args: [
          "report",
          "--format",
          pick(random, ["text", "json", "html"]),
          source,
          file("a.json", changedJson(snapshot, random)),
        ],
      }),
    },
    {
      name: "policy, bytes",
      make: (_, random) => ({
        args: [
          "audit",
          "--policy",
          file("p.yaml", changed(bytes.encode(policy), random)),
          "--snapshot",
          source,
        ],
      }),
    },
    {
      name: "recording, bytes",
      make: (_, random) => ({
        args: ["--replay", file("r", changed(bytes.encode(recording), random)), ...LISTING],
      }),
    },
    {
      name: "recording, what the kernel said",
      make: (_, random) => ({
        args: ["--replay", file("r", changedRecording(recording, random)), ...LISTING],
      }),
    },
    {
      name: "recording, errors of the kernel",
      make: (_, random) => ({
        args: ["--replay", file("r", failedRecording(recording, random)), ...LISTING],
      }),
      judge: (ran) => judge(listing, plain, ran),
    },
    {
      name: "/proc, for ss",
      make: (_, random) => ({
        args: ["ss", pick(random, ["-tuanp", "-xap", "-wanp0", "-tanpT", "-s"])],
        env: { PROC_ROOT: writeTree(join(folder, "proc"), tree, random) },
      }),
    },
    {
      name: "filter file, for ss",
      make: (_, random) => ({
        args: [
          "ss",
          "-tan",
          "-F",
          file(
            "filter",
            changed(
              bytes.encode("( sport = :22 or dport >= :1024 ) and not src 10.0.0.0/8\n"),
              random,
            ),
          ),
        ],
      }),
    },
  ];
}

/** Bytes that parsers stumble over. */
const AWKWARD = [
  "\0",
  "\n",
  "\x1b]52;c;aGk=\x07",
  "\u202e",
  "\xff\xfe",
  "[".repeat(2000),
  "9".repeat(400),
  "-1",
  "1e999",
  "{}",
  '"',
  "&a [*a,*a]",
  "\\u0000",
  "%s%n",
].map((text) => Buffer.from(text, "latin1"));

/** Some bytes changed: bits, runs that are lost, doubled or put elsewhere, and awkward ones put in. */
function changed(bytes: Uint8Array, random: Random): Buffer {
  let now = Buffer.from(bytes);
  const at = () => Math.floor(random() * (now.length + 1));
  for (let changes = 1 + Math.floor(random() * 4); changes > 0; changes--) {
    const start = at();
    const end = Math.min(now.length, start + 1 + Math.floor(random() ** 3 * now.length));
    switch (Math.floor(random() * 6)) {
      case 0:
        if (start < now.length) now[start]! ^= 1 << Math.floor(random() * 8);
        break;
      case 1:
        now = Buffer.concat([now.subarray(0, start), now.subarray(end)]);
        break;
      case 2:
        now = Buffer.concat([now.subarray(0, end), now.subarray(start)]);
        break;
      case 3:
        now = now.subarray(0, start);
        break;
      case 4: {
        const to = at();
        now = Buffer.concat([now.subarray(0, to), now.subarray(start, end), now.subarray(to)]);
        break;
      }
      default:
        now = Buffer.concat([now.subarray(0, start), pick(random, AWKWARD), now.subarray(start)]);
    }
  }
  return now;
}

/** Values that a program may not have thought of. */
const VALUES: readonly unknown[] = [
  null,
  true,
  -1,
  0,
  65536,
  2 ** 53,
  1e308,
  "",
  "\u001b]52;c;aGk=\u0007",
  "\u202egpj.exe",
  "../../etc/passwd",
  "__proto__",
  "a".repeat(10_000),
  [],
  [[[[]]]],
  {},
  "::ffff:1.2.3.4",
  "2099-01-01T00:00:00Z",
];

/** A JSON text with some values replaced, lost, doubled or swapped. */
function changedJson(text: string, random: Random): string {
  const document = JSON.parse(text);
  for (let changes = 1 + Math.floor(random() * 3); changes > 0; changes--) {
    let node: Record<string, unknown> | unknown[] = document;
    for (;;) {
      const keys = Object.keys(node);
      if (keys.length === 0) break;
      const key = pick(random, keys) as never;
      const below = node[key] as unknown;
      if (below !== null && typeof below === "object" && random() < 0.8) {
        node = below as typeof node;
        continue;
      }
      const what = random();
      if (what < 0.6) node[key] = pick(random, VALUES) as never;
      else if (what < 0.8) {
        if (Array.isArray(node)) node.splice(Number(key), 1);
        else delete node[key];
      } else if (Array.isArray(node)) node.push(below);
      else node[pick(random, keys) as never] = below as never;
      break;
    }
  }
  return JSON.stringify(document);
}

/** A recording in which the bytes of some answers are others. */
function changedRecording(text: string, random: Random): string {
  const lines = text.split("\n");
  for (let changes = 1 + Math.floor(random() * 3); changes > 0; changes--) {
    const at = Math.floor(random() * lines.length);
    const entry = lines[at] === "" ? null : JSON.parse(lines[at]!);
    const other = (data: string) => changed(Buffer.from(data, "base64"), random).toString("base64");
    if (typeof entry?.data === "string") entry.data = other(entry.data);
    else if (Array.isArray(entry?.data) && entry.data.length > 0) {
      const i = Math.floor(random() * entry.data.length);
      entry.data[i] = other(entry.data[i]);
    } else continue;
    lines[at] = JSON.stringify(entry);
  }
  return lines.join("\n");
}

/** EACCES, EPERM, ENOMEM, EMFILE, ENFILE, EIO, EINVAL, ENOBUFS. */
const ERRNOS = [13, 1, 12, 24, 23, 5, 22, 105];
const NLM_F_DUMP_INTR = 0x10;

/** A recording in which an answer is an error, or a dump one that was disturbed each time. */
function failedRecording(text: string, random: Random): string {
  const lines = text.split("\n");
  for (;;) {
    const at = Math.floor(random() * lines.length);
    if (lines[at] === "") continue;
    const entry = JSON.parse(lines[at]!);
    switch (entry.kind) {
      case "file":
      case "link":
        delete entry.data;
        entry.errno = pick(random, ERRNOS);
        break;
      case "reply":
        if (random() < 0.5) {
          entry.data = [];
          entry.flags = [];
          entry.errno = pick(random, ERRNOS);
        } else entry.data = entry.data.map(disturbed);
        break;
      default:
        continue;
    }
    lines[at] = JSON.stringify(entry);
    return lines.join("\n");
  }
}

function disturbed(data: string): string {
  const bytes = Buffer.from(data, "base64");
  for (let at = 0; at + 16 <= bytes.length;) {
    bytes.writeUInt16LE(bytes.readUInt16LE(at + 6) | NLM_F_DUMP_INTR, at + 6);
    at += Math.max(16, bytes.readUInt32LE(at) + 3 & ~3);
  }
  return bytes.toString("base64");
}

/** A small /proc: path → content of a file, or `→ target` of a link. */
function procTree(): Map<string, string> {
  const tree = new Map<string, string>();
  for (
    const name of [
      "tcp",
      "tcp6",
      "udp",
      "udp6",
      "raw",
      "raw6",
      "unix",
      "packet",
      "netlink",
      "sockstat",
      "sockstat6",
    ]
  ) {
    tree.set(`net/${name}`, readFileSync(`/proc/net/${name}`, "latin1"));
  }
  const inodes = [...tree.get("net/tcp")!.matchAll(/\d+ \d+ (\d+) \d/g)].map(([, inode]) => inode);
  for (const pid of [1, 77, 4321]) {
    tree.set(
      `${pid}/stat`,
      `${pid} (name${pid}) S 1 1 1 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 5000 1 1 1\n`,
    );
    tree.set(`${pid}/status`, `Name:\tname${pid}\nUid:\t0\t0\t0\t0\nNSpid:\t${pid}\n`);
    tree.set(`${pid}/comm`, `name${pid}\n`);
    tree.set(`${pid}/cmdline`, `/usr/bin/name${pid}\0-x\0`);
    for (const fd of [0, 3, 4]) {
      tree.set(`${pid}/fd/${fd}`, `→ socket:[${inodes[fd % Math.max(1, inodes.length)] ?? 4711}]`);
    }
  }
  return tree;
}

/** Writes the tree anew, with some of it changed. */
function writeTree(path: string, tree: ReadonlyMap<string, string>, random: Random): string {
  rmSync(path, { recursive: true, force: true });
  const chosen = new Set([pick(random, [...tree.keys()]), pick(random, [...tree.keys()])]);
  for (const [name, content] of tree) {
    const at = join(path, name);
    mkdirSync(dirname(at), { recursive: true });
    const now = chosen.has(name)
      ? changed(Buffer.from(content, "latin1"), random)
      : Buffer.from(content, "latin1");
    const link = content.startsWith("→ ");
    if (!link) writeFileSync(at, now);
    else if (now.length > 6 && !now.includes(0) && now.length < 4000) {
      symlinkSync(now.toString("latin1").slice(2), at);
    }
  }
  return path;
}

/** The table of what came of it, in Markdown. */
export function mutationTable({ counts }: MutationResult): string {
  const lines = [
    `| input | tried | ${VERDICTS.join(" | ")} |`,
    `| --- | ${["tried", ...VERDICTS].map(() => "---:").join(" | ")} |`,
  ];
  for (const [name, of] of counts) {
    const numbers = VERDICTS.map((verdict) => of.get(verdict) ?? 0);
    lines.push(`| ${name} | ${numbers.reduce((a, b) => a + b, 0)} | ${numbers.join(" | ")} |`);
  }
  return lines.join("\n");
}
