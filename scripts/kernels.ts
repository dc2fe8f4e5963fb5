/**
 * The table of what kernels offer, from the results that scripts/kernels brought back: kernels.ts RESULT...
 * Exits 1 when a tool and ours differ somewhere, the two ways to owners do, or something is told that is not so.
 */
import { readFileSync } from "node:fs";

interface Comparison {
  readonly list: string;
  readonly rows: number;
  readonly equal: boolean;
  readonly missing?: readonly string[];
  readonly extra?: readonly string[];
}

/** A scene that could not be played to its end. */
interface Broken {
  readonly broken: string;
}

interface WatchScene {
  readonly rung: string | null;
  readonly unseen: readonly string[];
  readonly reasons: readonly string[];
  /** Events of which the process was told that did it. */
  readonly named: readonly string[];
}

interface Unmade {
  /** Why it could not be made; `null` if it was. */
  readonly made: string | null;
}

interface FirewallScene extends Unmade {
  readonly status?: number;
  readonly forwards?: readonly { readonly address?: string; readonly port?: number }[];
}

interface SmcScene extends Unmade {
  /** Transport, ownership and owners of what is listed. */
  readonly rows?: readonly (readonly [string, string, readonly number[]])[];
}

interface HidepidScene {
  readonly failed?: string;
  readonly status?: number;
  readonly complete?: boolean;
  readonly ownership?: readonly string[];
}

interface GroupScene {
  readonly made?: string;
  readonly told?: string | null;
  readonly watch?: WatchScene | Broken;
}

/** What scripts/lab/guest.py writes. */
interface Result {
  readonly kernel: string;
  readonly doctor: {
    readonly btf: { readonly usable: boolean };
    readonly bpf: { readonly usable: boolean; readonly reason: string | null };
    readonly cgroup: string;
    readonly tables: readonly { readonly label: string; readonly source: string }[];
    readonly features?: readonly {
      readonly group: string;
      readonly name: string;
      readonly usable: boolean;
    }[];
  };
  readonly missing: Readonly<Record<string, string>>;
  readonly calls: Readonly<Record<string, boolean>>;
  readonly owners: {
    readonly bpf: number | null;
    readonly proc: number | null;
    readonly agree: boolean;
  };
  readonly comparisons: readonly Comparison[];
  readonly tools?: Readonly<Record<string, readonly Comparison[]>>;
  readonly watch?: Readonly<Record<string, WatchScene | Broken>>;
  readonly firewall?: Readonly<Record<string, FirewallScene>> | Broken;
  readonly ipvs?: FirewallScene | Broken;
  readonly smc?: SmcScene | Broken;
  /** Kinds of sockets that were to be made. */
  readonly kinds?: readonly string[];
  /** Seconds of the whole, and of each part. */
  readonly seconds?: number;
  readonly steps?: Readonly<Record<string, number>>;
  readonly hidepid?: Readonly<Record<string, HidepidScene>> | Broken;
  readonly control_groups?: Readonly<Record<string, GroupScene>> | Unmade | Broken;
}

/** What docs/kernels.md and docs/watch.md say of versions. `null`: nothing. Rows that a guest did not play are left out. */
const EXPECTED: readonly {
  readonly row: string;
  /** The first kernel of `cell`; those `before` have the other. */
  readonly since: string;
  readonly before: RegExp | null;
  readonly cell: RegExp;
}[] = [
  { row: "owners by BPF", since: "5.11", before: /^no$/, cell: /^yes$/ },
  {
    row: "watch by all",
    since: "5.12",
    before: /^cgroup: connect, refused, send$/,
    cell: /^all: /,
  },
  {
    row: "watch by all",
    since: "6.3",
    before: null,
    cell: /accept, connect, connected, listen, r/,
  },
  {
    row: "watch by tracepoints",
    since: "5.12",
    before: null,
    cell: /^tracepoints: accept, connect/,
  },
  { row: "watch by cgroup", since: "5.10", before: null, cell: /^cgroup: connect, refused, send$/ },
  { row: "watch by perf", since: "5.10", before: null, cell: /^perf: connect, listen, refused/ },
  { row: "watch by perf", since: "6.3", before: null, cell: /send/ },
  { row: "openat2() from memory alone", since: "5.12", before: null, cell: /^yes$/ },
  { row: "cookie of a network namespace", since: "5.14", before: /^no$/, cell: /^yes$/ },
  ...["openat2()", "statx()", "pidfd_open()", "pidfd_getfd()", "memfd_create()"].map((row) => ({
    row,
    since: "5.6",
    before: null,
    cell: /^yes$/,
  })),
  ...["tcp over IPv4", "tcp over IPv6", "udp over IPv4", "unix", "packet", "netlink"].map((
    row,
  ) => ({
    row,
    since: "4.2",
    before: null,
    cell: /^netlink$/,
  })),
];

const results: readonly Result[] = process.argv.slice(2)
  .map((file) => JSON.parse(readFileSync(file, "utf8")));

/** How a table was read, in the words of docs/kernels.md. */
const SOURCES: Readonly<Record<string, string>> = {
  netlink: "netlink",
  proc: "/proc",
  absent: "no such sockets",
  none: "not readable",
};

const labels = [
  ...new Set(results.flatMap(({ doctor }) => doctor.tables.map(({ label }) => label))),
];
const rows: string[][] = [
  ["", ...results.map(({ kernel }) => kernel)],
  ...labels.map((label) => [
    label,
    ...results.map(({ doctor }) => {
      const source = doctor.tables.find((table) => table.label === label)?.source ?? "none";
      return SOURCES[source] ?? source;
    }),
  ]),
  ["BTF of the kernel", ...results.map(({ doctor }) => doctor.btf.usable ? "yes" : "no")],
  // What was done, not what was promised.
  ["owners by BPF", ...results.map(({ owners }) => owners.bpf === null ? "no" : "yes")],
  [
    "owners by BPF and by /proc",
    ...results.map(({ owners }) =>
      owners.bpf === null ? "/proc alone" : owners.agree ? "the same" : "DIFFERENT"
    ),
  ],
  ...rowsOf("", ({ calls, doctor: { features = [] } }) => {
    const told = new Map(
      features.filter(({ group }) => group === "calls" || group === "firewall")
        .map(({ name, usable }) => [name, usable ? "yes" : "no"]),
    );
    const tried = Object.entries(calls).map(([name, there]) => {
      const [cell, doctor] = [there ? "yes" : "no", told.get(`${name}()`)];
      return [
        `${name}()`,
        doctor === undefined || doctor === cell
          ? cell
          : `DIFFERENT: ${cell}, doctor says ${doctor}`,
      ];
    });
    return { ...Object.fromEntries(told), ...Object.fromEntries(tried) };
  }),
  ...rowsOf(
    "sockets: ",
    ({ kinds = [], missing }) =>
      Object.fromEntries(
        kinds.map((
          kind,
        ) => [kind.replaceAll("_", " "), kind in missing ? "cannot be made" : "made"]),
      ),
  ),
  ...rowsOf("watch by ", ({ watch = {} }) => mapped(watch, watchCell)),
  ...rowsOf("forward by ", ({ firewall = {}, ipvs }) => ({
    ...mapped(firewall, firewallCell),
    ...ipvs === undefined ? {} : mapped({ IPVS: ipvs }, firewallCell),
  })),
  ...rowsOf("", ({ smc }) => smc === undefined ? {} : mapped({ "listener of SMC": smc }, smcCell)),
  ...rowsOf("hidepid=", ({ hidepid = {} }) => mapped(hidepid, hidepidCell)),
  ...rowsOf("cgroup ", ({ control_groups = {} }) => mapped(control_groups, groupCell)),
  ...rowsOf("", ({ comparisons }) => comparisonCells("ss", comparisons)),
  ...rowsOf("", ({ tools = {} }) => comparisonCells("netstat", tools["netstat"] ?? [])),
  ...rowsOf("", ({ tools = {} }) => comparisonCells("lsof", tools["lsof"] ?? [])),
];

/** Rows of what some of the results have, by name. `-`: not tried there. */
function rowsOf(
  prefix: string,
  cells: (result: Result) => Readonly<Record<string, string>>,
): string[][] {
  const all = results.map(cells);
  return [...new Set(all.flatMap(Object.keys))].map((name) => [
    `${prefix}${name}`,
    ...all.map((of) => of[name] ?? "-"),
  ]);
}

function mapped<T extends object>(
  scenes: Readonly<Record<string, T | Broken>> | Unmade | Broken,
  cell: (scene: T) => string,
): Record<string, string> {
  if ("broken" in scenes || "made" in scenes) return {};
  return Object.fromEntries(
    Object.entries(scenes).map(([name, scene]) => [
      name,
      "broken" in scene ? "BROKEN" : cell(scene),
    ]),
  );
}

function watchCell({ rung, named }: WatchScene): string {
  return rung === null ? "nothing" : `${rung}: ${named.length === 0 ? "none" : named.join(", ")}`;
}

function firewallCell({ made, status, forwards = [] }: FirewallScene): string {
  if (made !== null) return "cannot be made";
  const told = forwards.some(({ address, port }) => address === "10.1.0.2" && port === 80);
  // What sets hold is not read, which is said.
  return told ? "told" : status === 3 ? "undecided" : "NOT TOLD";
}

function smcCell({ made, rows = [] }: SmcScene): string {
  if (made !== null) return "cannot be made";
  return rows.map(([transport, ownership]) => `${transport}, ${ownership}`).join("; ") ||
    "NOT TOLD";
}

function hidepidCell({ failed, status, complete, ownership = [] }: HidepidScene): string {
  if (failed !== undefined) return "cannot be made";
  return status === 3 && complete === false ? `status 3, ${ownership.join(", ")}` : "NOT TOLD";
}

function groupCell({ made, told, watch }: GroupScene): string {
  if (made !== undefined) return "cannot be made";
  const seen = watch === undefined || "broken" in watch ? "BROKEN" : watchCell(watch);
  return `${told}; watch ${seen}`;
}

function comparisonCells(tool: string, comparisons: readonly Comparison[]): Record<string, string> {
  return Object.fromEntries(comparisons.map(({ list, equal, rows }) => [
    `\`${tool} ${list}\``,
    equal ? rows === 0 ? "both empty" : `${rows} rows, equal` : "DIFFERENT",
  ]));
}

/** By the first two numbers of a version. */
function isBefore(kernel: string, since: string): boolean {
  const rank = (version: string) => {
    const [major = 0, minor = 0] = version.split(".").map((part) => parseInt(part));
    return major * 1000 + minor;
  };
  return rank(kernel) < rank(since);
}

const widths = rows[0]!.map((_, column) => Math.max(3, ...rows.map((row) => row[column]!.length)));
const line = (row: readonly string[]) =>
  `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`;
console.log(line(rows[0]!));
console.log(`| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`);
for (const row of rows.slice(1)) console.log(line(row));

let failed = false;
for (const result of results) {
  const { kernel, missing, owners, doctor } = result;
  for (const [kind, reason] of Object.entries(missing)) {
    console.log(`${kernel}: not made: ${kind}: ${reason}`);
  }
  if (doctor.bpf.reason !== null) console.log(`${kernel}: BPF: ${doctor.bpf.reason}`);
  failed ||= !owners.agree;
  for (const [tool, all] of Object.entries({ ss: result.comparisons, ...result.tools })) {
    for (const comparison of all.filter(({ equal }) => !equal)) {
      failed = true;
      console.log(`${kernel}: ${tool} ${comparison.list}`);
      for (const row of comparison.missing ?? []) console.log(`  - ${row}`);
      for (const row of comparison.extra ?? []) console.log(`  + ${row}`);
    }
  }
  for (const [rung, scene] of Object.entries(result.watch ?? {})) {
    if ("broken" in scene) console.log(`${kernel}: watch by ${rung}: ${scene.broken}`);
    else {
      for (const reason of scene.reasons) console.log(`${kernel}: watch by ${rung}: ${reason}`);
    }
  }
  for (const scenes of [result.firewall, { ipvs: result.ipvs, smc: result.smc }, result.hidepid]) {
    for (const [name, scene] of Object.entries(scenes ?? {})) {
      const reason = scene?.failed ?? scene?.made ?? scene?.broken;
      if (typeof reason === "string") console.log(`${kernel}: ${name}: ${reason}`);
    }
  }
  const steps = Object.entries(result.steps ?? {}).map(([name, seconds]) => `${name} ${seconds}`);
  if (steps.length > 0) console.log(`${kernel}: ${result.seconds ?? "?"} s: ${steps.join(", ")}`);
}
for (const { row, since, before, cell } of EXPECTED) {
  const cells = rows.find(([name]) => name === row)?.slice(1) ?? [];
  for (const [column, found] of cells.entries()) {
    const kernel = rows[0]![column + 1]!;
    const expected = isBefore(kernel, since) ? before : cell;
    if (found === "-" || expected === null || expected.test(found)) continue;
    failed = true;
    console.log(`${kernel}: ${row}: ${found}, which should be ${expected}`);
  }
}
for (const { kernel, seconds, steps } of results) {
  if (steps !== undefined && seconds === undefined) {
    console.log(`${kernel}: the guest was ended before it was through`);
  }
}
// A cell in capitals is something that should not be.
failed ||= rows.some((row) =>
  row.slice(1).some((cell) => /\b(DIFFERENT|BROKEN|NOT TOLD)\b/.test(cell))
);
process.exit(failed ? 1 : 0);
