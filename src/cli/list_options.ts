/**
 * ListOptions: what the flags of the listing said. Nothing has been looked up yet.
 *
 * @module
 */
import type { FamilyName, Transport } from "../model/socket.ts";
import type { NetnsChoice, OwnerSource } from "../query.ts";
import type { PortRange } from "../model/port_range.ts";
import type { StateMask } from "../model/state.ts";
import type { ColorChoice } from "../text/color.ts";

/** What the listing can be written as. */
export const LIST_FORMATS = ["text", "wide", "csv", "tsv", "json", "ndjson"] as const;
/** One of {@linkcode LIST_FORMATS}. */
export type ListFormatName = typeof LIST_FORMATS[number];

/** The values that flags set. */
export interface ListOptions {
  all: boolean;
  listening: boolean;
  families: FamilyName[];
  /** Transports of the internet families. */
  transports: Transport[];
  states: StateMask;
  ports: PortRange[];
  pids: number[];
  processes: string[];
  users: string[];
  netns: NetnsChoice | undefined;
  owners: OwnerSource;
  /** The expressions, each to be parsed on its own. */
  filters: string[];
  explainFilter: boolean;
  record: string | null;
  replay: string | null;
  info: boolean;
  /** On a terminal too, a row for each socket. */
  full: boolean;
  format: ListFormatName;
  /** Names of columns, as typed; `null` for the usual ones. */
  columns: string | null;
  /** Names to sort by, each with `-` before it for the other way round. */
  sort: string[];
  count: boolean;
  groupBy: string[];
  color: ColorChoice;
  header: boolean;
  requireComplete: boolean;
  verbose: boolean;
  trace: boolean;
  help: boolean;
  version: boolean;
}

/** The options without any flag. */
export function defaultOptions(): ListOptions {
  return {
    all: false,
    listening: false,
    families: [],
    transports: [],
    states: 0,
    ports: [],
    pids: [],
    processes: [],
    users: [],
    netns: undefined,
    owners: "auto",
    filters: [],
    explainFilter: false,
    record: null,
    replay: null,
    info: false,
    full: false,
    format: "text",
    columns: null,
    sort: [],
    count: false,
    groupBy: [],
    color: "auto",
    header: true,
    requireComplete: false,
    verbose: false,
    trace: false,
    help: false,
    version: false,
  };
}
