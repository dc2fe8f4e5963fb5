/**
 * Selection: which processes and files an lsof query lists, and which of its criteria were found.
 *
 * Criteria of one kind join by OR. Different kinds join by OR, or by AND with `-a`. Exclusions come first. When something
 * counts as found is lsof's rule too, because the exit status depends on it.
 *
 * @module
 */
import type { StateMask } from "../../../model/state.ts";
import type { InternetEnd } from "../rows/row.ts";
import type { InternetItem, InternetProtocol, LsofQuery } from "../query.ts";

// The kinds of criteria, as bits of a mask.
export const BY_COMMAND = 1;
export const BY_DESCRIPTOR = 2;
export const BY_ADDRESS = 4;
export const BY_INTERNET = 8;
export const BY_LINKS = 16;
export const BY_NAME = 32;
const BY_GROUP = 64;
export const BY_PID = 128;
const BY_USER = 256;
export const BY_UNIX = 512;
const BY_TASK = 1024;

const IDENTITY = BY_GROUP | BY_PID | BY_USER | BY_TASK;
/** Criteria of a process. */
export const BY_PROCESS = IDENTITY | BY_COMMAND;
/** Criteria that only sockets meet. */
export const BY_SOCKET = BY_ADDRESS | BY_INTERNET | BY_UNIX;
const BY_FILE = BY_DESCRIPTOR | BY_LINKS | BY_NAME;
const EVERYTHING = BY_PROCESS & ~BY_GROUP | BY_SOCKET | BY_DESCRIPTOR | BY_NAME;

/** What a process is selected by. */
export interface Candidate {
  readonly pid: number;
  readonly tid: number;
  readonly pgid: number;
  readonly uid: number;
  readonly command: string;
}

/** What an internet socket is selected by. */
interface InternetCandidate {
  readonly version: 4 | 6;
  readonly protocol: InternetProtocol;
  /** The kernel's number. */
  readonly state: number;
  readonly local: InternetEnd | null;
  readonly peer: InternetEnd | null;
}

/** How a process fared against the criteria. */
export interface ProcessMatch {
  readonly excluded: boolean;
  /** True when the process itself matched a criterion. Its files then start with `matched`. */
  readonly primary: boolean;
  /** Mask of the criteria that it matched. */
  readonly matched: number;
}

/** The criteria of one run, and which have been found. */
export class Selection {
  readonly query: LsofQuery;
  /** Mask of the criteria that were asked for. */
  readonly asked: number;
  /** True when no criterion was asked for, so that everything is listed. */
  readonly all: boolean;
  /** Criteria that something matched: objects of the query, or words for those that are none. */
  readonly found = new Set<object | string>();
  readonly #includedStates: ReadonlySet<number>;
  readonly #excludedStates: ReadonlySet<number>;
  /** Every bit that {@linkcode Selection.note} has seen. */
  #noted = 0;
  /** Last given first, which is the order that lsof tries them in. */
  readonly #internetItems: readonly InternetItem[];

  constructor(query: LsofQuery) {
    this.query = query;
    const flags: readonly (readonly [boolean, number])[] = [
      [query.commands.some(({ exclude }) => !exclude), BY_COMMAND],
      [query.commandPatterns.length > 0, BY_COMMAND],
      [query.descriptors !== null, BY_DESCRIPTOR],
      [query.internetItems.length > 0, BY_ADDRESS],
      [query.internet !== null, BY_INTERNET],
      [query.linksBelow !== null, BY_LINKS],
      [query.directories.length > 0 || query.names.length > 0, BY_NAME],
      [query.groups.some(({ exclude }) => !exclude), BY_GROUP],
      [query.pids.some(({ exclude }) => !exclude), BY_PID],
      [query.users.some(({ exclude }) => !exclude), BY_USER],
      [query.unix, BY_UNIX],
      [query.tasks === "list", BY_TASK],
    ];
    const asked = flags.reduce((mask, [given, flag]) => given ? mask | flag : mask, 0);
    this.all = asked === 0;
    this.asked = this.all ? EVERYTHING & ~(query.tasks === "ignore" ? BY_TASK : 0) : asked;
    const states = (excluded: boolean) =>
      new Set(query.states.filter(({ exclude }) => exclude === excluded).map(({ state }) => state));
    this.#includedStates = states(false);
    this.#excludedStates = states(true);
    this.#internetItems = query.internetItems.toReversed();
  }

  /** True when flags of open(2) are to be shown. */
  get showsFlags(): boolean {
    const { flags, fields, kind } = this.query.format;
    return flags !== "none" || kind === "fields" && fields.has("G");
  }

  /** True when tasks may be listed. */
  get tasks(): boolean {
    return (this.asked & BY_TASK) !== 0;
  }

  /** True when only TCP and UDP sockets can be selected, and processes play no part in it. */
  get internetOnly(): boolean {
    return (this.asked & ~(BY_ADDRESS | BY_INTERNET)) === 0;
  }

  /** Which processes' files other than sockets may be listed: of all, of none, or of the selected ones. */
  get nonSockets(): "all" | "none" | "process" {
    if ((this.asked & BY_SOCKET) === 0 || this.all) return "all";
    if (this.query.and || (this.asked & ~BY_SOCKET) === 0) return "none";
    return (this.asked & BY_FILE) !== 0 || (this.asked & BY_PROCESS) === 0 ? "all" : "process";
  }

  /** Notes what was found of {@linkcode CoreFilter}, which has one item at most: sockets in these states, a bit each. */
  foundInternet(states: StateMask): void {
    for (const state of this.#includedStates) {
      if ((states >>> state & 1) !== 0) this.found.add(`state ${state}`);
    }
    const [item] = this.#internetItems;
    if (item !== undefined) this.found.add(item);
    this.note(item === undefined ? BY_INTERNET : BY_ADDRESS);
  }

  /** Decides about a process or task. */
  process(candidate: Candidate): ProcessMatch {
    const identity = this.#identity(candidate);
    return identity.excluded ? identity : this.#command(candidate.command, identity);
  }

  #identity({ pid, tid, pgid, uid }: Candidate): ProcessMatch {
    const { query, asked } = this;
    const excluded = query.users.some((item) => item.exclude && item.uid === uid) ||
      query.groups.some((item) => item.exclude && item.number === pgid) ||
      query.pids.some((item) => item.exclude && item.number === pid);
    if (excluded) return { excluded: true, primary: false, matched: 0 };
    if (this.all) return { excluded: false, primary: true, matched: asked };
    let matched = 0;
    const kinds = [
      [BY_GROUP, query.groups.find((item) => !item.exclude && item.number === pgid)],
      [BY_PID, query.pids.find((item) => !item.exclude && item.number === pid)],
      [BY_USER, query.users.find((item) => !item.exclude && item.uid === uid)],
    ] as const;
    for (const [flag, item] of kinds) {
      if ((asked & flag) === 0) continue;
      if (item !== undefined) {
        this.found.add(item);
        matched |= flag;
      }
      if (asked === flag) return { excluded: item === undefined, primary: matched !== 0, matched };
    }
    if ((asked & BY_TASK) !== 0 && tid !== 0) {
      matched |= BY_TASK;
      if (asked === BY_TASK || query.and && (matched & asked) === asked) {
        return { excluded: false, primary: true, matched };
      }
    }
    const wanted = asked & IDENTITY;
    return { excluded: query.and && wanted !== matched, primary: matched !== 0, matched };
  }

  #command(command: string, { primary, matched }: ProcessMatch): ProcessMatch {
    const { query, asked } = this;
    const matches = ({ prefix }: { prefix: string }) => command.startsWith(prefix);
    if (query.commands.some((item) => item.exclude && matches(item))) {
      return { excluded: true, primary, matched };
    }
    if ((asked & BY_COMMAND) === 0 || this.all) return { excluded: false, primary, matched };
    // lsof tries the last one first and stops at the first match: other criteria that match stay unfound.
    const item = query.commands.findLast((item) => !item.exclude && matches(item)) ??
      query.commandPatterns.find(({ pattern }) => pattern.test(command));
    if (item === undefined) {
      return { excluded: asked === BY_COMMAND || query.and, primary, matched };
    }
    this.found.add(item);
    return { excluded: false, primary: true, matched: matched | BY_COMMAND };
  }

  /** {@linkcode BY_DESCRIPTOR} when `-d` lists this descriptor, else 0. A descriptor is a number, or a name such as `cwd`. */
  descriptor(name: string | number): number {
    const set = this.query.descriptors;
    if (set === null) return 0;
    const listed = typeof name === "string"
      ? set.names.includes(name)
      : set.ranges.some(({ first, last }) => name >= first && name <= last);
    return listed !== set.exclude ? BY_DESCRIPTOR : 0;
  }

  /** False when `-s` keeps a socket in this state out of the listing. */
  state(state: number): boolean {
    if (this.#excludedStates.has(state)) return false;
    if (this.#includedStates.size === 0) return true;
    if (this.#includedStates.has(state)) {
      this.found.add(`state ${state}`);
      return true;
    }
    // States that lsof has no name for cannot be asked for, and are always listed.
    return state > 11;
  }

  /** The criteria that an internet socket matches; `null` when its state keeps it out. */
  internet(socket: InternetCandidate): number | null {
    if (!this.state(socket.state)) return null;
    const { version } = socket;
    const { internet } = this.query;
    const matched = internet === 0 || internet === version ? BY_INTERNET : 0;
    if (this.#internetItems.length === 0) return matched;
    // Both ends are always tried, because each may be found by another criterion.
    const { protocol, local, peer } = socket;
    const byPeer = this.#address(protocol, peer);
    return this.#address(protocol, local) || byPeer ? matched | BY_ADDRESS : matched;
  }

  #address(protocol: InternetProtocol, end: InternetEnd | null): boolean {
    if (end === null) return false;
    for (const item of this.#internetItems) {
      if (item.protocol !== null && item.protocol !== protocol) continue;
      if (item.version !== null && item.version !== end.version) continue;
      if (item.address !== null && item.address !== end.address) continue;
      const { ports } = item;
      if (ports !== null && (end.port < ports.first || end.port > ports.last)) continue;
      this.found.add(item);
      return true;
    }
    return false;
  }

  /** True when a file with these matched criteria is listed. */
  lists(matched: number): boolean {
    if (matched === 0) return false;
    return this.all || !this.query.and || (matched & this.asked) === this.asked;
  }

  /** Notes that an open file matched these criteria, whether it is listed or not. */
  note(matched: number): void {
    if ((matched & ~this.#noted) === 0) return;
    this.#noted |= matched;
    if ((matched & BY_INTERNET) !== 0) this.found.add("internet");
    if ((matched & BY_TASK) !== 0) this.found.add("task");
  }
}
