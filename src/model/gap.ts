/**
 * Gap: something that could not be read, and is therefore missing from the answer.
 *
 * @module
 */

/** Kinds of gap. */
export const GAP_KINDS = [
  /** Processes whose descriptors could not be listed. */
  "processes",
  /** A family, or a table of one, that could not be read at all. */
  "table",
  /** A table that changed during every attempt to read it. */
  "interrupted",
  /** A network namespace that could not be entered, or was not looked into. */
  "netns",
  /** Firewall marks, which the query asks for but the kernel does not show to this user. */
  "marks",
  /** The interfaces of a network namespace: without them, a wildcard address has no known reach. */
  "interfaces",
  /** Sockets that a process holds and that no table shows. */
  "unlisted",
  /** A bind(2) that could not be tried. */
  "bind",
  /** Names and images of containers: a file of their runtime that was there and could not be read. */
  "containers",
  /** System calls that failed without saying anything of what they were asked about. */
  "reads",
] as const;
type GapKind = typeof GAP_KINDS[number];

/** One gap. */
export interface Gap {
  readonly kind: GapKind;
  /** One sentence: what is missing, why, and what would help. */
  readonly reason: string;
  /** The same as data: counts, names, an error code. Keys are in snake case, because they are JSON keys too. */
  readonly detail: Readonly<Record<string, string | number>>;
  /**
   * The sentence for many gaps of this sort, with `#` for their number: `# network namespaces could not be entered`. Gaps with
   * the same one are told as one line. Absent: only gaps with the same reason are.
   */
  readonly many?: string;
  /**
   * The kernel's name of the protocol whose sockets cannot be listed: `AF_VSOCK`. Where no process has one, nothing is missing.
   */
  readonly protocol?: string;
  /** What exactly is missing, a name and an error each: `process 80 (nginx): Permission denied`. Shown under `--verbose`. */
  readonly items?: readonly string[];
}

/** A gap as in JSON, where the details stand beside kind and reason. A file may have kinds that this version does not know. */
export interface FlatGap {
  readonly kind: string;
  readonly reason: string;
  readonly [detail: string]: unknown;
}

/** A gap with its details beside kind and reason, for verdicts. */
export function flatGap({ kind, reason, detail }: Gap): FlatGap {
  return { kind, reason, ...detail };
}

/** A gap for JSON, with the names of what is missing. */
export function gapJson(gap: Gap): FlatGap {
  const { items = [] } = gap;
  return items.length === 0 ? flatGap(gap) : { ...flatGap(gap), items };
}

/** What is told of a gap. */
export type ToldGap =
  & Pick<Gap, "reason" | "many" | "items">
  & Partial<Pick<Gap, "kind" | "detail" | "protocol">>;

/** What is told of a gap that comes from a file. What belongs to one line is lost there. */
export function toldGap({ reason, items }: FlatGap): ToldGap {
  const names = Array.isArray(items) ? items.filter((item) => typeof item === "string") : [];
  return names.length === 0 ? { reason } : { reason, items: names };
}

/** The lines that tell gaps: each sort once, with its number. With `verbose`, what exactly is missing stands below it. */
export function gapLines(gaps: readonly ToldGap[], verbose: boolean): string[] {
  const sorts = new Map<string, ToldGap[]>();
  for (const gap of gaps) {
    if (isToldBy(gap, gaps)) continue;
    const sort = gap.many ?? gap.reason;
    const known = sorts.get(sort);
    if (known === undefined) sorts.set(sort, [gap]);
    else known.push(gap);
  }
  const lines: string[] = [];
  for (const alike of sorts.values()) {
    const [first] = alike as [ToldGap];
    const reasons = new Set(alike.map(({ reason }) => reason));
    const items = new Set(verbose ? alike.flatMap((gap) => gap.items ?? []) : []);
    if (alike.length === 1 || first.many === undefined) {
      // The same table may be missing in several namespaces. It is told once.
      lines.push(first.reason);
    } else {
      lines.push(first.many.replace("#", String(alike.length)));
      if (items.size === 0) { for (const reason of reasons) items.add(reason); }
    }
    if (verbose) lines.push(...[...items].map((item) => `  ${item}`));
  }
  return lines;
}

// A failed call needs no line where another one says better what its error has hidden. A table that cannot be listed needs
// none beside processes that could not be read: of nothing else it is not known whether they have such sockets.
function isToldBy({ kind, detail, protocol }: ToldGap, gaps: readonly ToldGap[]): boolean {
  if (protocol !== undefined) return gaps.some((other) => other.kind === "processes");
  return kind === "reads" &&
    gaps.some((other) => other.kind !== "reads" && other.reason.includes(`(${detail?.errno})`));
}
