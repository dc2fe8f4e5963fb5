/**
 * Draft: what the options have set so far, and the query that comes of it.
 *
 * @module
 */
import type {
  CommandItem,
  CommandPattern,
  DescriptorSet,
  DirectoryItem,
  InternetItem,
  LsofQuery,
  NumberItem,
  Repetition,
  StateItem,
  UserItem,
} from "../query.ts";
import { LsofError } from "./error.ts";

/** Everything that options set. */
export interface Draft {
  and: boolean;
  internet: 0 | 4 | 6 | null;
  internetItems: InternetItem[];
  states: StateItem[];
  unix: boolean;
  pids: NumberItem[];
  groups: NumberItem[];
  users: UserItem[];
  commands: CommandItem[];
  commandPatterns: CommandPattern[];
  descriptors: DescriptorSet | null;
  tasks: LsofQuery["tasks"];
  linksBelow: number | null;
  linkCount: boolean;
  directories: DirectoryItem[];
  crossLinks: boolean;
  crossMounts: boolean;
  nameKind: LsofQuery["nameKind"];
  skipInternet: boolean;
  avoidsBlocking: boolean;
  allNamespaces: boolean;
  endpoints: LsofQuery["endpoints"];
  repetition: Repetition | null;
  verbose: boolean;
  quiet: boolean;
  warnings: boolean;
  numericHosts: boolean;
  numericPorts: boolean;
  numericUsers: boolean;
  terse: boolean;
  fields: Set<string> | null;
  terminator: "\n" | "\0";
  commandWidth: number;
  parent: boolean;
  group: boolean;
  flags: "none" | "names" | "hex";
  size: boolean;
  offset: boolean;
  offsetDigits: number;
  anyState: boolean;
  state: boolean;
  queues: boolean;
}

/** The defaults, before any option. */
export function newDraft(): Draft {
  return {
    and: false,
    internet: null,
    internetItems: [],
    states: [],
    unix: false,
    pids: [],
    groups: [],
    users: [],
    commands: [],
    commandPatterns: [],
    descriptors: null,
    tasks: "default",
    linksBelow: null,
    linkCount: false,
    directories: [],
    crossLinks: false,
    crossMounts: false,
    nameKind: "either",
    skipInternet: false,
    avoidsBlocking: false,
    allNamespaces: false,
    endpoints: "none",
    repetition: null,
    verbose: false,
    quiet: false,
    warnings: true,
    numericHosts: false,
    numericPorts: false,
    numericUsers: false,
    terse: false,
    fields: null,
    terminator: "\n",
    commandWidth: 9,
    parent: false,
    group: false,
    flags: "none",
    size: false,
    offset: false,
    offsetDigits: 8,
    anyState: true,
    state: true,
    queues: false,
  };
}

/** Throws {@linkcode LsofError} when options contradict each other. */
export function check(draft: Draft): void {
  for (const { prefix, exclude } of draft.commands) {
    if (exclude && draft.commands.some((item) => !item.exclude && item.prefix === prefix)) {
      throw new LsofError(`-c^${prefix} and -c${prefix} conflict.`);
    }
  }
  if (draft.size && draft.offset) throw new LsofError("-o and -s are mutually exclusive");
  if (draft.fields !== null && draft.terse) {
    throw new LsofError("-F and -t are mutually exclusive");
  }
  const { marker } = draft.repetition ?? {};
  if (draft.fields !== null && marker != null && /(?:^|[^%])(?:%%)*%n/.test(marker)) {
    throw new LsofError(`%n illegal in -r m<fmt> when -F has been specified: "${marker}"`);
  }
  if ((draft.crossLinks || draft.crossMounts) && draft.directories.length === 0) {
    throw new LsofError("-x must accompany +d or +D");
  }
}

/** True when the query has a criterion that is not an exclusion. */
export function selects(query: LsofQuery): boolean {
  const included = (list: readonly { exclude: boolean }[]) => list.some(({ exclude }) => !exclude);
  return query.internet !== null || query.internetItems.length > 0 || query.unix ||
    included(query.pids) || included(query.groups) || included(query.users) ||
    included(query.commands) || query.commandPatterns.length > 0 || query.descriptors !== null ||
    query.tasks === "list" || query.linksBelow !== null || query.directories.length > 0 ||
    query.names.length > 0;
}

/** The query of these options and of the names that follow them. */
export function finish(draft: Draft, names: readonly string[]): LsofQuery {
  const {
    terse,
    fields,
    terminator,
    commandWidth,
    parent,
    group,
    linkCount,
    flags,
    size,
    offset,
    offsetDigits,
    anyState,
    state,
    queues,
    ...rest
  } = draft;
  return {
    ...rest,
    names,
    format: {
      kind: terse ? "terse" : fields !== null ? "fields" : "table",
      fields: fields ?? new Set(),
      terminator,
      commandWidth,
      parent,
      group,
      linkCount,
      flags,
      sizeOrOffset: size ? "size" : offset ? "offset" : "either",
      offsetDigits,
      stateParts: { any: anyState, state, queues },
    },
  };
}
