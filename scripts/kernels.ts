/**
 * The table of what kernels offer, from the results that scripts/kernels brought back: kernels.ts RESULT...
 * Exits 1 when ss and ours differ somewhere, or the two ways to owners do.
 */
import { readFileSync } from "node:fs";

interface Comparison {
  readonly list: string;
  readonly rows: number;
  readonly equal: boolean;
  readonly missing?: readonly string[];
  readonly extra?: readonly string[];
}

/** What scripts/lab/guest.py writes. */
interface Result {
  readonly kernel: string;
  readonly doctor: {
    readonly btf: { readonly usable: boolean };
    readonly bpf: { readonly usable: boolean; readonly reason: string | null };
    readonly cgroup: string;
    readonly tables: readonly { readonly label: string; readonly source: string }[];
  };
  readonly missing: Readonly<Record<string, string>>;
  readonly calls: Readonly<Record<string, boolean>>;
  readonly owners: {
    readonly bpf: number | null;
    readonly proc: number | null;
    readonly agree: boolean;
  };
  readonly comparisons: readonly Comparison[];
}

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
  ["owners by BPF", ...results.map(({ doctor }) => doctor.bpf.usable ? "yes" : "no")],
  [
    "owners by BPF and by /proc",
    ...results.map(({ owners }) =>
      owners.bpf === null ? "/proc alone" : owners.agree ? "the same" : "DIFFERENT"
    ),
  ],
  ...Object.keys(results[0]!.calls).map((
    name,
  ) => [`${name}()`, ...results.map(({ calls }) => calls[name] ? "yes" : "no")]),
  ...results[0]!.comparisons.map(({ list }, at) => [
    `\`ss ${list}\``,
    ...results.map(({ comparisons }) => {
      const { equal, rows } = comparisons[at]!;
      return equal ? rows === 0 ? "both empty" : `${rows} rows, equal` : "DIFFERENT";
    }),
  ]),
];
const widths = rows[0]!.map((_, column) => Math.max(3, ...rows.map((row) => row[column]!.length)));
const line = (row: readonly string[]) =>
  `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`;
console.log(line(rows[0]!));
console.log(`| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`);
for (const row of rows.slice(1)) console.log(line(row));

let failed = false;
for (const { kernel, missing, comparisons, owners, doctor } of results) {
  for (const [kind, reason] of Object.entries(missing)) {
    console.log(`${kernel}: not made: ${kind}: ${reason}`);
  }
  if (doctor.bpf.reason !== null) console.log(`${kernel}: BPF: ${doctor.bpf.reason}`);
  failed ||= !owners.agree;
  for (const comparison of comparisons.filter(({ equal }) => !equal)) {
    failed = true;
    console.log(`${kernel}: ss ${comparison.list}`);
    for (const row of comparison.missing ?? []) console.log(`  - ${row}`);
    for (const row of comparison.extra ?? []) console.log(`  + ${row}`);
  }
}
process.exit(failed ? 1 : 0);
