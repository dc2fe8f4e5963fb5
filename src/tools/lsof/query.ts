/**
 * LsofQuery: what an lsof command line asks for, as plain data.
 *
 * @module
 */
import type { LsofFormat } from "./rows/row.ts";

/** The protocols of `-i`. */
export type InternetProtocol = "tcp" | "udp" | "udplite";

/** A number that is wanted or, with `exclude`, not wanted: a process, a process group. */
export interface NumberItem {
  readonly number: number;
  readonly exclude: boolean;
}

/** A user of `-u`. */
export interface UserItem {
  readonly uid: number;
  /** As it was given; `null` for a number. */
  readonly login: string | null;
  readonly exclude: boolean;
}

/** A beginning of a command, of `-c`. */
export interface CommandItem {
  readonly prefix: string;
  readonly exclude: boolean;
}

/** An expression of `-c /…/`. */
export interface CommandPattern {
  readonly source: string;
  readonly pattern: RegExp;
}

/** Descriptors of `-d`: names such as `cwd`, or ranges of numbers. */
export interface DescriptorSet {
  readonly exclude: boolean;
  readonly names: readonly string[];
  readonly ranges: readonly { readonly first: number; readonly last: number }[];
}

/** An address of `-i`. What is `null` is not restricted. */
export interface InternetItem {
  /** The argument it came from: all items of one argument are found when one is. */
  readonly argument: string;
  readonly version: 4 | 6 | null;
  readonly protocol: InternetProtocol | null;
  /** Text form. */
  readonly address: string | null;
  readonly ports: { readonly first: number; readonly last: number } | null;
}

/** TCP states of `-s TCP:`, by the kernel's number; 0 stands for CLOSED. */
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
  /** How often; `null` for ever. */
  readonly count: number | null;
  /** strftime(3) format of the marker; `null` for the usual one. */
  readonly marker: string | null;
  /** `+r`: until nothing is listed. */
  readonly whileFound: boolean;
}

/** What was asked. */
export interface LsofQuery {
  readonly and: boolean;
  /** `-i` without an address: 0 for both versions; `null` when not given. */
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
  /** `-K` lists tasks, `-K i` never does; otherwise they are listed when everything is. */
  readonly tasks: "list" | "ignore" | "default";
  /** `+L N`: files with fewer links than this; `null` when not asked. */
  readonly linksBelow: number | null;
  readonly directories: readonly DirectoryItem[];
  /** `-x`: go through symbolic links, through mount points. */
  readonly crossLinks: boolean;
  readonly crossMounts: boolean;
  readonly names: readonly string[];
  /** `+f`: names are file systems; `-f`: names are files. */
  readonly nameKind: "either" | "filesystem" | "file";
  /** `-X`: TCP and UDP are not looked up. */
  readonly skipInternet: boolean;
  /** Beyond lsof: `-i` looks into every network namespace. */
  readonly allNamespaces: boolean;
  /** `-E` shows endpoints, `+E` lists their files too. */
  readonly endpoints: "none" | "show" | "list";
  readonly repetition: Repetition | null;
  /** `-V`. */
  readonly verbose: boolean;
  /** `-Q`. */
  readonly quiet: boolean;
  readonly warnings: boolean;
  readonly numericHosts: boolean;
  readonly numericPorts: boolean;
  readonly numericUsers: boolean;
  readonly format: LsofFormat;
}

/** Looks up what a command line may name. */
export interface LsofLookups {
  /** Port of a service; `null` when there is none. */
  service(name: string, protocol: InternetProtocol): number | null;
  /** Addresses of a host in text form. */
  addresses(name: string): readonly { readonly version: 4 | 6; readonly address: string }[];
  /** User ID of a login; `null` when there is none. */
  user(login: string): number | null;
}
