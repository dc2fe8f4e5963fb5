/**
 * Compares two binaries of sockeye over a namespace that has sockets of every kind. scripts/compare makes the namespaces and
 * starts this in them: compare.ts FOLDER OLD NEW [--only TEXT] [--every N] [--minutes N].
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
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type Made, makeSocket } from "../test/support/factory.ts";
import { Namespace } from "../test/support/netns.ts";
import { type ArgumentList, argumentLists, commandLine } from "./compare_lists.ts";
import { ALWAYS, MEANT, type Output, RULES, type Side } from "./compare_rules.ts";

/** How often each binary runs before its output counts as different. */
const TRIES = 4;
/** One run longer than this is a failure of its own. */
const RUN_TIMEOUT_MS = 20_000;
/** TIME-WAIT lasts a minute, and connections that cannot be made time out: those factories are started again this often. */
const REFRESH_MS = 30_000;
/** Process ID that every run is given, far above those of the scene. */
const PID = 20_000;

/** Factories whose sockets stay, with their options. Fixed ports are those that the argument lists name. */
const LASTING: readonly (readonly [string, Readonly<Record<string, string | number>>])[] = [
  ["tcp_listen", { port: 8080 }],
  ["tcp_listen", { address: "0.0.0.0", port: 22 }],
  ["tcp_listen", { address: "10.9.0.1", port: 5432 }],
  ["tcp_listen6_v6only", { port: 8443 }],
  ["tcp_listen_dual", { port: 80 }],
  ["tcp_pair", {}],
  ["tcp6_pair", {}],
  ["tcp_mapped_pair", {}],
  ["unaccepted", {}],
  ["fin_wait_close_wait", {}],
  ["fin_wait_1", {}],
  ["last_ack", {}],
  ["closing", {}],
  ["bound_inactive", { port: 7000 }],
  ["reuseport", { port: 9100 }],
  ["bound_to_device", {}],
  ["mptcp", {}],
  ["queues", {}],
  ["forked_listener", { port: 8081 }],
  ["many_owners", { owners: 20 }],
  ["inherited_listener", { port: 8082 }],
  ["inherited_listener", { close: 1 }],
  ["socket_activation", { port: 8083 }],
  ["zombie_leader", {}],
  ["private_table_thread", {}],
  ["scm_rights", {}],
  ["passed_to_other_process", {}],
  ["passed_to_other_process", { keep: 1, other_netns: 1 }],
  ["socket_in_other_netns", {}],
  ["named_comm", {}],
  ["deleted_exe", {}],
  ["deleted_log", {}],
  ["udp_bound", { port: 5353 }],
  ["udp_bound", { address: "0.0.0.0", port: 53 }],
  ["udp6_bound", {}],
  ["udp_connected", {}],
  ["udp_multicast", {}],
  ["udplite", {}],
  ["raw", {}],
  ["raw6", {}],
  ["ping", {}],
  ["link_local", {}],
  ["packet_raw", {}],
  ["packet_dgram", {}],
  ["packet_ring", {}],
  ["filtered_packet", {}],
  ["netlink_route", {}],
  ["vsock", {}],
  ["with_options", {}],
  ["in_cgroup", {}],
  ["unix_stream", {}],
  ["unix_abstract", {}],
  ["unix_dgram", {}],
  ["unix_seqpacket", {}],
  ["unix_socketpair", {}],
  ["unix_odd_names", {}],
];
/** Factories whose sockets the kernel drops after a while. */
const FLEETING = ["time_wait", "half_closed", "orphan", "syn_sent", "syn_recv"];

if (process.argv[2] === "--list") {
  for (const list of argumentLists("FOLDER", 1)) console.log(commandLine(list));
  process.exit(0);
}
const [folder, oldPath, newPath, ...flags] = process.argv.slice(2);
let only = "";
/** Every how many-th list is run. */
let step = 1;
/** How long the whole comparison may take. Lists that were not reached are reported, and the status is 2. */
let minutes = 15;
for (let i = 0; i < flags.length; i += 2) {
  const value = flags[i + 1] ?? "";
  if (flags[i] === "--only" && value !== "") only = value;
  else if (flags[i] === "--every" && /^[1-9]\d?$/.test(value)) step = Number(value);
  else if (flags[i] === "--minutes" && /^[1-9]\d{0,3}$/.test(value)) minutes = Number(value);
  else {
    console.error("compare: wanted OLD NEW [--only TEXT] [--every N] [--minutes N]");
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

/** The difference of two texts, as diff(1) has it, at most 40 lines. */
function difference(old: string, other: string): string {
  const [a, b] = [join(folder!, "diff-old"), join(folder!, "diff-new")];
  // JSON on one long line is broken up, or the difference could not be seen.
  const broken = (text: string) =>
    text.replace(/.{400,}/g, (line) => line.replaceAll(/,(?=["{])/g, ",\n"));
  writeFileSync(a, broken(old), "latin1");
  writeFileSync(b, broken(other), "latin1");
  const diff = Bun.spawnSync(["diff", "-a", "-U0", "--label", "old", "--label", "new", a, b]);
  const lines = diff.stdout.toString().trimEnd().split("\n").map((line) =>
    line.length > 400 ? `${line.slice(0, 400)} […]` : line
  );
  return lines.slice(0, 40).join("\n") + (lines.length > 40 ? `\n[${lines.length - 40} more]` : "");
}

/** The namespace that we are in; factories that make devices ask for its inode. */
const here = {
  inode: statSync("/proc/self/ns/net").ino,
  command: (inner: readonly string[]) => [...inner],
};

/** Started factories; those that this machine cannot have are named once. */
const standing: Made[] = [];
const missing: string[] = [];
let fleeting: Made[] = [];

async function start(
  name: string,
  options: Readonly<Record<string, string | number>>,
): Promise<Made | null> {
  const made = await makeSocket(name, options, { netns: here, timeoutMs: 30_000 });
  if (made.skip === null) return made;
  const text = `${name}: ${made.skip}`;
  if (!missing.includes(text)) missing.push(text);
  return null;
}

let refreshedAt = 0;

/** Starts the factories of short life again when it is time. */
async function refresh(): Promise<void> {
  if (Date.now() - refreshedAt < REFRESH_MS) return;
  await Promise.all(fleeting.map((made) => made.stop()));
  fleeting = (await Promise.all(FLEETING.map((name) => start(name, {})))).filter((made) =>
    made !== null
  );
  refreshedAt = Date.now();
}

/** Devices with a private and a public address behind which nobody is, and a forwarded port where nft is there. */
function makeNetwork(): void {
  const commands = [
    "ip link add eth0 type veth peer name far0",
    "ip addr add 10.9.0.1/24 dev eth0",
    "ip addr add 198.51.100.7/24 dev eth0",
    "ip addr add 2001:db8::7/64 dev eth0 nodad",
    "ip link set eth0 up",
    "ip link set far0 up",
    ...Bun.which("nft") === null ? [] : [
      "nft add table ip nat",
      "nft add chain ip nat prerouting { type nat hook prerouting priority -100 ; }",
      "nft add rule ip nat prerouting tcp dport 8088 dnat to 10.9.0.1:5432",
    ],
  ];
  for (const command of commands) {
    const ran = Bun.spawnSync(command.split(" "), { stderr: "pipe" });
    if (!ran.success) missing.push(`${command}: ${ran.stderr.toString().trim().split("\n")[0]}`);
  }
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
makeNetwork();
const other = await Namespace.create("sockeye-other");
const counts = { once: 0, again: 0, rules: 0, different: 0 };
const neededRules = new Map<string, number>();
let notRun = 0;
try {
  // One after another: process IDs and inodes then come in the order of this list.
  for (const [name, options] of LASTING) {
    const made = await start(name, options);
    if (made !== null) standing.push(made);
  }
  const elsewhere = await makeSocket("tcp_listen", { port: 8090 }, { netns: other });
  if (elsewhere.skip === null) standing.push(elsewhere);
  await refresh();
  mkdirSync(join(folder!, "folder"));
  makeFiles();
  const listening = standing.flatMap((made) => made.info.sockets)
    .find((socket) => socket.local?.port === 8081);
  const lists = argumentLists(folder!, listening?.inode ?? 1)
    .filter((list, index) => commandLine(list).includes(only) && index % step === 0);
  console.log(`${lists.length} argument lists over ${standing.length + fleeting.length} factories`);
  for (const reason of missing) console.log(`not in the scene: ${reason}`);
  for (const list of lists) {
    if (Date.now() - began > minutes * 60_000) {
      notRun++;
      continue;
    }
    await refresh();
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
      console.log(`stdout:\n${difference(old.stdout, later.stdout)}`);
    }
    if (old.stderr !== later.stderr) {
      console.log(`stderr:\n${difference(old.stderr, later.stderr)}`);
    }
  }
  const seconds = Math.round((Date.now() - began) / 1000);
  const total = lists.length - notRun;
  console.log(
    `\n${total} argument lists in ${seconds} s: ${counts.once} equal at once, ${counts.again} equal when run again, ` +
      `${counts.rules} equal after rules, ${counts.different} different`,
  );
  for (const [name, count] of neededRules) console.log(`rule "${name}": needed by ${count}`);
  if (notRun > 0) {
    console.log(`${notRun} argument lists were not run: ${minutes} minutes are over`);
  }
} finally {
  await Promise.allSettled([...standing, ...fleeting].map((made) => made.stop()));
  await other.stop();
}
process.exit(counts.different > 0 ? 1 : notRun > 0 ? 2 : 0);
