/**
 * Compares two binaries of sockeye over a namespace that has sockets of every kind. scripts/compare makes the namespaces and
 * starts this in them: compare.ts FOLDER OLD NEW [--only TEXT] [--every N] [--from N]
 * [--minutes N].
 *
 * Both binaries run in turn under the same path and, where the kernel allows it, with the same process ID. Output that differs
 * is tried again. What still differs, and also differs between two runs of the same binary, is compared once more after the
 * rules of scripts/compare_rules.ts.
 */
import {
  chmodSync,
  closeSync,
  copyFileSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { argumentLists } from "./compare_lists.ts";
import { Everything } from "./lab/everything.ts";
import { type ArgumentList, commandLine } from "./lab/argument_list.ts";
import { difference } from "./lab/text_difference.ts";
import { ALWAYS, MEANT, NOT_COMPARED, type Output, RULES, type Side } from "./compare_rules.ts";

/** How often each binary runs before its output counts as different. */
const TRIES = 4;
/** One run longer than this is a failure of its own. */
const RUN_TIMEOUT_MS = 20_000;
/** Process ID that every run is given, far above those of the scene. */
const PID = 20_000;

if (process.argv[2] === "--list") {
  for (const list of argumentLists("FOLDER", 1)) console.log(commandLine(list));
  process.exit(0);
}
const [folder, oldPath, newPath, ...flags] = process.argv.slice(2);
let only = "";
/** Every how many-th list is run. */
let step = 1;
/** The number of the first list, as `--list` counts them from 1: to go on where a comparison stopped. */
let from = 1;
/** How long the whole comparison may take. Lists that were not reached are reported, and the status is 2. */
let minutes = 15;
for (let i = 0; i < flags.length; i += 2) {
  const value = flags[i + 1] ?? "";
  if (flags[i] === "--only" && value !== "") only = value;
  else if (flags[i] === "--every" && /^[1-9]\d?$/.test(value)) step = Number(value);
  else if (flags[i] === "--from" && /^[1-9]\d{0,3}$/.test(value)) from = Number(value);
  else if (flags[i] === "--minutes" && /^[1-9]\d{0,3}$/.test(value)) minutes = Number(value);
  else {
    console.error("compare: wanted OLD NEW [--only TEXT] [--every N] [--from N] [--minutes N]");
    process.exit(2);
  }
}
/** Both binaries run by this path, since they may print it. */
const program = join(folder!, "sockeye");

/** Makes the copy of one binary the one at the common path. */
function put(side: Side): void {
  rmSync(program, { force: true });
  linkSync(join(folder!, side), program);
}

const NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"];
const TERMINAL = new URL("../test/support/on_terminal.py", import.meta.url).pathname;

/** Runs one binary. Its output goes to files: pipes of the runtime are unix sockets, which the binary would list. */
function run(side: Side, list: ArgumentList): Output {
  put(side);
  const command = [
    ...list.as === "nobody" ? NOBODY : [],
    ...list.columns === undefined ? [] : ["python3", TERMINAL, String(list.columns)],
    ...list.pipe === true ? ["sh", "-c", '"$@" | cat', "sh"] : [],
    program,
    ...list.args,
  ];
  const [out, err] = [join(folder!, "out"), join(folder!, "err")];
  const files = [openSync(out, "w"), openSync(err, "w")];
  try {
    // The next process gets the ID after this one. Without the right to say so IDs differ, which a rule allows for.
    try {
      writeFileSync("/proc/sys/kernel/ns_last_pid", String(PID - 1));
    } catch { /* see above */ }
    const ran = Bun.spawnSync(command, {
      cwd: folder!,
      stdin: list.stdin === undefined ? "ignore" : new TextEncoder().encode(list.stdin),
      stdout: files[0]!,
      stderr: files[1]!,
      env: { PATH: process.env.PATH ?? "", HOME: "/nonexistent", LANG: "C.UTF-8", ...list.env },
      timeout: RUN_TIMEOUT_MS,
      killSignal: "SIGKILL",
    });
    return {
      pid: ran.pid,
      // As latin1, so that every byte is one character and none is lost.
      stdout: readFileSync(out, "latin1"),
      stderr: readFileSync(err, "latin1"),
      status: ran.exitCode ?? `signal ${ran.signalCode}`,
    };
  } finally {
    for (const file of files) closeSync(file);
  }
}

const same = (a: Output, b: Output) =>
  a.stdout === b.stdout && a.stderr === b.stderr && a.status === b.status;

const meets = (olds: readonly Output[], news: readonly Output[]) =>
  olds.some((old) => news.some((other) => same(old, other)));

/** How the outputs of one list compare. */
interface Comparison {
  /** `once`: equal in the first runs; `again`: in later ones; `rules`: after rules; `different`. */
  readonly result: "once" | "again" | "rules" | "different";
  /** Names of the rules that were needed. */
  readonly rules: readonly string[];
  readonly old: Output;
  readonly new: Output;
}

function compare(list: ArgumentList): Comparison {
  const olds: Output[] = [];
  const news: Output[] = [];
  let rules: string[] = [];
  let [old, other]: [Output, Output] = [{ pid: 0, stdout: "", stderr: "", status: 0 }, {
    pid: 0,
    stdout: "",
    stderr: "",
    status: 0,
  }];
  for (let attempt = 0; attempt < TRIES; attempt++) {
    olds.push(run("old", list));
    news.push(run("new", list));
    if (meets(olds, news)) {
      return {
        result: attempt === 0 ? "once" : "again",
        rules,
        old: olds.at(-1)!,
        new: news.at(-1)!,
      };
    }
    // A rule about what changes by nature is only for output that did change between two runs of one binary.
    const varies = [olds, news].some((runs) => runs.some((one) => !same(one, runs[0]!)));
    rules = [];
    let [left, right] = [olds, news];
    for (const rule of [...ALWAYS, ...MEANT, ...attempt > 0 && varies ? RULES : []]) {
      if (rule.only !== undefined && !rule.only(list.args)) continue;
      const apply = (side: Side) => (output: Output): Output => ({
        ...output,
        stdout: rule.apply(output.stdout, output.pid, side),
        stderr: rule.apply(output.stderr, output.pid, side),
      });
      const [ruledLeft, ruledRight] = [left.map(apply("old")), right.map(apply("new"))];
      if (
        ruledLeft.some((one, index) => !same(one, left[index]!)) ||
        ruledRight.some((one, index) => !same(one, right[index]!))
      ) rules.push(rule.name);
      [left, right] = [ruledLeft, ruledRight];
      if (meets(left, right)) {
        return { result: "rules", rules, old: left.at(-1)!, new: right.at(-1)! };
      }
    }
    [old, other] = [left.at(-1)!, right.at(-1)!];
  }
  return { result: "different", rules, old, new: other };
}

/** Files that argument lists name: recordings of both binaries, snapshots, policies. */
function makeFiles(): void {
  const keep = (name: string, text: string) => writeFileSync(join(folder!, name), text, "latin1");
  const of = (side: Side, ...args: string[]) => run(side, { args }).stdout;
  for (const side of ["old", "new"] as const) {
    of(
      side,
      "-a",
      "-i",
      "--family",
      "inet,inet6,unix,packet,netlink",
      "--record",
      join(folder!, `${side}.rec`),
    );
    of(side, "-t", "--all-netns", "--record", join(folder!, `${side}-netns.rec`));
  }
  keep("snapshot.json", of("old", "snapshot"));
  keep("all.json", of("old", "snapshot", "-a", "--own-netns"));
  keep(
    "other.json",
    of("old", "snapshot").replaceAll('"port": 8080', '"port": 18080').replaceAll("python3", "perl"),
  );
  keep("list.json", of("old", "-a", "--json"));
  keep("policy.yaml", of("old", "audit", "--init"));
  keep("unix.yaml", of("old", "audit", "--init", "--unix"));
  keep(
    "strict.yaml",
    of("old", "audit", "--init").replaceAll("8080", "18080").replaceAll("8443", "18443"),
  );
  keep("bad.yaml", "version: 1\nallow:\n  - prot: 80\n");
  keep("broken.yaml", "a: [1, 2\nb: {");
  keep("empty.json", "{}");
  keep("filter", "sport = :8080 or dport = :8080\n");
  keep("bad.rec", "not a recording\n");
}

const began = Date.now();
for (const [side, path] of [["old", oldPath!], ["new", newPath!]] as const) {
  copyFileSync(path, join(folder!, side));
  chmodSync(join(folder!, side), 0o755);
}
const scene = await Everything.build();
await scene.addOdd();
const counts = { once: 0, again: 0, rules: 0, different: 0, meant: 0 };
const neededRules = new Map<string, number>();
let notRun = 0;
try {
  mkdirSync(join(folder!, "folder"));
  makeFiles();
  const listening = scene.sockets.find((socket) => socket.local?.port === 8081);
  const lists = argumentLists(folder!, listening?.inode ?? 1)
    .filter((list, index) =>
      index + 1 >= from && index % step === 0 && commandLine(list).includes(only)
    );
  console.log(`${lists.length} argument lists over ${scene.factories} factories`);
  for (const reason of scene.missing) console.log(`not in the scene: ${reason}`);
  for (const list of lists) {
    if (Date.now() - began > minutes * 60_000) {
      notRun++;
      continue;
    }
    const meant = NOT_COMPARED.find(([pattern]) => pattern.test(commandLine(list)));
    if (meant !== undefined) {
      console.log(`not compared: ${commandLine(list)}: ${meant[1]}`);
      counts.meant++;
      continue;
    }
    await scene.refresh();
    const { result, rules, old, new: later } = compare(list);
    counts[result]++;
    if (result === "rules") {
      for (const name of rules) neededRules.set(name, (neededRules.get(name) ?? 0) + 1);
    }
    if (result !== "different") continue;
    console.log(`\nDIFFERENT: ${commandLine(list)}`);
    if (rules.length > 0) console.log(`after the rules: ${rules.join(", ")}`);
    if (old.status !== later.status) console.log(`status: old ${old.status}, new ${later.status}`);
    if (old.stdout !== later.stdout) {
      console.log(`stdout:\n${difference(folder!, old.stdout, later.stdout)}`);
    }
    if (old.stderr !== later.stderr) {
      console.log(`stderr:\n${difference(folder!, old.stderr, later.stderr)}`);
    }
  }
  const seconds = Math.round((Date.now() - began) / 1000);
  const total = lists.length - notRun;
  console.log(
    `\n${total} argument lists in ${seconds} s: ${counts.once} equal at once, ${counts.again} equal when run again, ` +
      `${counts.rules} equal after rules, ${counts.meant} not compared, ${counts.different} different`,
  );
  for (const [name, count] of neededRules) console.log(`rule "${name}": needed by ${count}`);
  if (notRun > 0) {
    console.log(`${notRun} argument lists were not run: ${minutes} minutes are over`);
  }
} finally {
  await scene.stop();
}
process.exit(counts.different > 0 ? 1 : notRun > 0 ? 2 : 0);
