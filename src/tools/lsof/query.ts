/**
 * LsofQuery: what an lsof command line asks for, as plain data.
 *
 * @module
 */
import type { LsofFormat } from "./rows/row.ts";

/** A protocol of `-i`. */
export type InternetProtocol = "tcp" | "udp" | "udplite";

/** A process or process group by its number, of `-p` and `-g`. */
export interface NumberItem {
  readonly number: number;
  readonly exclude: boolean;
}

/** A user of `-u`. */
export interface UserItem {
  readonly uid: number;
  /** The login as it was given; `null` when a number was. */
  readonly login: string | null;
  readonly exclude: boolean;
}

/** The beginning of a command, of `-c`. */
export interface CommandItem {
  readonly prefix: string;
  readonly exclude: boolean;
}

/** A regular expression of `-c /…/`. */
export interface CommandPattern {
  readonly source: string;
  readonly pattern: RegExp;
}

/** The descriptors of `-d`: names such as `cwd`, and ranges of numbers. */
export interface DescriptorSet {
  readonly exclude: boolean;
  readonly names: readonly string[];
  readonly ranges: readonly { readonly first: number; readonly last: number }[];
}

/** An address of `-i`. A part that is `null` may be anything. */
export interface InternetItem {
  /** The argument that it came from. When one item of an argument is found, all of them are. */
  readonly argument: string;
  readonly version: 4 | 6 | null;
  readonly protocol: InternetProtocol | null;
  /** Text form. */
  readonly address: string | null;
  readonly ports: { readonly first: number; readonly last: number } | null;
}

/** A TCP state of `-s TCP:`, by the kernel's number; 0 is lsof's CLOSED. */
export interface StateItem {
  readonly state: number;
  readonly exclude: boolean;
}

/** A directory of `+d` or `+D`. */
export interface DirectoryItem {
  readonly path: string;
  readonly descend: boolean;
}

/** Repetition of `-r` and `+r`. */
export interface Repetition {
  readonly seconds: number;
  /** How often; `null` for no limit. */
  readonly count: number | null;
  /** Format of the marker for strftime(3); `null` for lsof's own marker. */
  readonly marker: string | null;
  /** `+r`: stop when nothing is listed. */
  readonly whileFound: boolean;
}

/** What was asked for. */
export interface LsofQuery {
  readonly and: boolean;
  /** `-i` without an address: the version, or 0 for both; `null` when not given. */
  readonly internet: 0 | 4 | 6 | null;
  readonly internetItems: readonly InternetItem[];
  readonly states: readonly StateItem[];
  readonly unix: boolean;
  readonly pids: readonly NumberItem[];
  readonly groups: readonly NumberItem[];
  readonly users: readonly UserItem[];
  readonly commands: readonly CommandItem[];
  readonly commandPatterns: readonly CommandPattern[];
  readonly descriptors: DescriptorSet | null;
  /** `-K` lists tasks and `-K i` never does. By default they are listed when everything is. */
  readonly tasks: "list" | "ignore" | "default";
  /** `+L N`: files with fewer links than this; `null` when not asked. */
  readonly linksBelow: number | null;
  readonly directories: readonly DirectoryItem[];
  /** `-x`: `+d` and `+D` follow symbolic links, and cross mount points. */
  readonly crossLinks: boolean;
  readonly crossMounts: boolean;
  readonly names: readonly string[];
  /** What the names are: `+f` says file systems, `-f` says files. */
  readonly nameKind: "either" | "filesystem" | "file";
  /** `-X`: TCP and UDP sockets are not looked up. */
  readonly skipInternet: boolean;
  /** `-b`: paths are not looked at, because that may block; so no named file is found. */
  readonly avoidsBlocking: boolean;
  /** `--all-netns`, which lsof does not have: `-i` looks into every network namespace. */
  readonly allNamespaces: boolean;
  /** `-E` shows who has the other end, `+E` lists the files there as well. */
  readonly endpoints: "none" | "show" | "list";
  readonly repetition: Repetition | null;
  /** `-V`: print what was not found. */
  readonly verbose: boolean;
  /** `-Q`: exit with 0 even when something was not found. */
  readonly quiet: boolean;
  readonly warnings: boolean;
  readonly numericHosts: boolean;
  readonly numericPorts: boolean;
  readonly numericUsers: boolean;
  readonly format: LsofFormat;
}

/** Looks up the names that a command line may have. */
export interface LsofLookups {
  /** Port of a service; `null` when there is none. */
  service(name: string, protocol: InternetProtocol): number | null;
  /** The addresses of a host, as text. */
  addresses(name: string): readonly { readonly version: 4 | 6; readonly address: string }[];
  /** User ID of a login; `null` when there is none. */
  user(login: string): number | null;
}
