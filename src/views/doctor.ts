/**
 * The checkup as text and as JSON.
 *
 * @module
 */
import type { AbilityCheck, Checkup, TableCheck } from "../model/checkup.ts";
import { paint, type Role } from "../text/color.ts";
import { flow, type Span } from "../text/flow.ts";
import { sanitize } from "../text/sanitize.ts";
import { pad } from "../text/width.ts";
import type { Writer } from "../text/writer.ts";
import { featureLines } from "./doctor_features.ts";
import { jsonText } from "../text/json_text.ts";
import { plural } from "../text/plural.ts";

/** Name and version of the format. */
const CHECKUP_SCHEMA = "sockeye.checkup/1";

/** How to lay it out. */
interface CheckupFormat {
  /** Width of the terminal in cells; `null` for a pipe. */
  readonly width: number | null;
  readonly color: boolean;
}

/** The column where values start. */
const INDENT = 14;

/** Writes the checkup as text. Throws what the writer throws. */
export function writeCheckup(checkup: Checkup, writer: Writer, format: CheckupFormat): void {
  const { width, color } = format;
  const line = (label: string, spans: readonly Span[]) => {
    const room = width === null ? null : width - INDENT;
    for (const [i, text] of flow(spans, room, color).entries()) {
      const head = paint(pad(i === 0 ? label : "", INDENT, "left"), "header", color);
      writer.write(`${head}${text}`.trimEnd() + "\n");
    }
  };
  const { user, processes } = checkup;
  const missing = whatIsMissing(checkup);
  line(
    "Summary",
    missing.length === 0
      ? [["Sockeye can see every socket of this host and every process that has one", "good"]]
      : ["Sockeye cannot see everything here: ", [missing.join("; "), "warning"]],
  );
  line("Host", [`${sanitize(checkup.host)}, Linux ${sanitize(checkup.kernel)}`]);
  line("User", [sanitize(user.name ?? "?"), [` (uid ${user.uid})`, "dim"]]);
  let label = "Capabilities";
  for (const { name, held, use } of checkup.capabilities) {
    const [word, role]: [string, Role] = held === null
      ? ["unknown", "dim"]
      : held
      ? ["yes", "good"]
      : ["no", "warning"];
    line(label, [[word.padEnd(8), role], name.padEnd(22), [use, "dim"]]);
    label = "";
  }
  line("Processes", [
    `${processes.seen} seen`,
    ...(processes.denied > 0
      ? [[`, ${processes.denied} of them cannot be read`, "warning"] as const]
      : [[", all of them can be read", "good"] as const]),
    ...(checkup.hidepid === null ? [] : [
      [
        `, hidepid=${sanitize(checkup.hidepid)}${
          user.uid === 0 ? "" : ": those of others are hidden"
        }`,
        "warning",
      ] as const,
    ]),
    ...(checkup.pidNamespace === true
      ? [[", inside a PID namespace: those outside are hidden", "notice"] as const]
      : []),
  ]);
  line("BTF", ability(checkup.btf));
  line("BPF", ability(checkup.bpf));
  line("Watch", ability(checkup.watch));
  line("cgroup", [checkup.cgroup ?? "not mounted"]);
  line("Addresses", ability(checkup.addresses));
  label = "Sockets";
  for (const [labels, table] of grouped(checkup.tables)) {
    line(label, [
      [table.source.padEnd(8), SOURCE_ROLE[table.source]],
      labels.join(", "),
      ...(table.reason === null ? [] : [[`: ${sanitize(table.reason)}`, "dim"] as const]),
    ]);
    label = "";
  }
  for (const [label, spans] of featureLines(checkup.features)) line(label, spans);
  const closed = checkup.namespaces.filter(({ enterable }) => !enterable).length;
  line("Namespaces", [
    plural(checkup.namespaces.length, "network namespace"),
    ...(closed > 0
      ? [[`, ${closed} cannot be entered`, "warning"] as const]
      : [", all can be entered"]),
    ...(checkup.namespacesUnread > 0
      ? [
        [
          `; those of ${
            plural(checkup.namespacesUnread, "process", "processes")
          } could not be read`,
          "warning",
        ] as const,
      ]
      : []),
  ]);
  for (const { netns, own, enterable } of checkup.namespaces.slice(0, 20)) {
    line("", [
      [String(netns.inode), "dim"],
      ...(netns.name === null ? [] : [`  ${sanitize(netns.name)}`]),
      ...(own ? [["  ours", "good"] as const] : []),
      ...(enterable ? [] : [["  cannot be entered", "warning"] as const]),
    ]);
  }
  if (checkup.namespaces.length > 20) {
    line("", [[`and ${checkup.namespaces.length - 20} more`, "dim"]]);
  }
  label = "Not read";
  for (const what of checkup.unread) {
    line(label, [[sanitize(what), "warning"]]);
    label = "";
  }
  label = "To see more";
  for (const sentence of checkup.advice) {
    line(label, [sentence]);
    label = "";
  }
  if (checkup.advice.length === 0 && checkup.unread.length === 0) {
    line("To see more", [["nothing: everything can be seen", "good"]]);
  }
}

/** What keeps sockets or their owners out of sight, a clause each. What only costs time is not among it. */
function whatIsMissing(checkup: Checkup): string[] {
  const { processes, tables, addresses, namespaces, namespacesUnread, unread } = checkup;
  const closed = namespaces.filter(({ enterable }) => !enterable).length;
  const unlisted = tables.filter(({ source }) => source === "none").map(({ label }) => label);
  return [
    ...(processes.denied > 0
      ? [`${processes.denied} of ${plural(processes.seen, "process", "processes")} cannot be read`]
      : []),
    ...(checkup.hidepid !== null && checkup.user.uid !== 0
      ? ["other users' processes are hidden"]
      : []),
    ...(checkup.pidNamespace === true ? ["processes outside this PID namespace are hidden"] : []),
    ...(closed > 0
      ? [
        `${closed} of ${plural(namespaces.length, "network namespace")} cannot be entered`,
      ]
      : []),
    ...(namespacesUnread > 0
      ? [
        `the network namespace of ${
          plural(namespacesUnread, "process", "processes")
        } cannot be read`,
      ]
      : []),
    ...(unlisted.length > 0 ? [`no way to list ${unlisted.map(sanitize).join(", ")}`] : []),
    ...(addresses.usable ? [] : ["addresses cannot be read, so reach is unknown"]),
    ...(unread.length > 0 ? [`${plural(unread.length, "thing")} could not be examined`] : []),
  ];
}

const SOURCE_ROLE: Readonly<Record<TableCheck["source"], Role>> = {
  netlink: "good",
  proc: "notice",
  absent: "dim",
  none: "warning",
};

function ability({ usable, reason }: AbilityCheck): Span[] {
  return usable ? [["yes", "good"]] : [["no", "warning"], `: ${sanitize(reason ?? "unknown")}`];
}

// Tables with the same result share a line.
function grouped(tables: readonly TableCheck[]): [labels: string[], table: TableCheck][] {
  const groups = new Map<string, [string[], TableCheck]>();
  for (const table of tables) {
    const key = `${table.source}\0${table.reason}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [[table.label], table]);
    else group[0].push(table.label);
  }
  return [...groups.values()];
}

/** Writes the checkup as one JSON document. Throws what the writer throws. */
export function writeCheckupJson(checkup: Checkup, writer: Writer): void {
  const document = {
    schema: CHECKUP_SCHEMA,
    host: checkup.host,
    kernel: checkup.kernel,
    user: checkup.user,
    capabilities: checkup.capabilities,
    processes: checkup.processes,
    pid_namespace: checkup.pidNamespace,
    hidepid: checkup.hidepid,
    btf: checkup.btf,
    bpf: checkup.bpf,
    watch: checkup.watch,
    cgroup: checkup.cgroup,
    addresses: checkup.addresses,
    tables: checkup.tables,
    features: checkup.features,
    namespaces: checkup.namespaces,
    namespaces_unread: checkup.namespacesUnread,
    unread: checkup.unread,
    advice: checkup.advice,
  };
  writer.write(`${jsonText(document, 2)}\n`);
}
