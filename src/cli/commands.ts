/**
 * The commands, one line each.
 *
 * @module
 */
import type { Command } from "./command.ts";

/** Every command but the listing, which has no name. */
export const COMMANDS: readonly Command[] = [
  {
    name: "explain",
    summary: "who is behind a port, and who can reach it; `sockeye 8080` is short for it",
    load: () => import("./explain.ts"),
    help: () => import("./explain.ts"),
  },
  {
    name: "doctor",
    summary: "what can be seen here as this user, and what to change to see more",
    load: () => import("./doctor.ts"),
    help: () => import("./doctor.ts"),
  },
  {
    name: "snapshot",
    summary: "the whole host as JSON, to keep and to compare with",
    load: () => import("./snapshot.ts"),
    help: () => import("./snapshot.ts"),
  },
  {
    name: "diff",
    summary: "what differs between a snapshot and another one, or now",
    load: () => import("./diff.ts"),
    help: () => import("./diff.ts"),
  },
  {
    name: "audit",
    summary: "whether only approved services are there",
    load: () => import("./audit.ts"),
    help: () => import("./audit.ts"),
  },
  {
    name: "report",
    summary: "the snapshots of many hosts as one table, document or page",
    load: () => import("./report.ts"),
    help: () => import("./report.ts"),
  },
  {
    name: "kill",
    summary: "close sockets, whoever holds them",
    load: () => import("./kill.ts"),
    help: () => import("./kill.ts"),
  },
  {
    name: "completion",
    summary: "completions for bash, zsh or fish",
    load: () => import("./completion/mod.ts"),
    help: () => import("./completion/mod.ts"),
  },
  {
    name: "netstat",
    summary: "sockets in the words of net-tools 2.10",
    link: true,
    load: () => import("./compat/netstat/mod.ts"),
    help: () => import("./compat/netstat/usage.ts"),
  },
  {
    name: "lsof",
    summary: "open files in lsof's words: its options about processes and the network",
    link: true,
    load: () => import("./compat/lsof/mod.ts"),
    help: () => import("./compat/lsof/help.ts"),
  },
  {
    name: "ss",
    summary: "everything ss of iproute2 does, the way it does it",
    link: true,
    load: () => import("./compat/ss/mod.ts"),
    help: () => import("./compat/ss/help.ts"),
  },
];

/** The command that `args` name, or the link the program was called by; `undefined` for the listing. */
export function findCommand(
  link: string,
  args: readonly string[],
): { command: Command; args: readonly string[] } | undefined {
  const linked = COMMANDS.find((command) => command.link && command.name === link);
  if (linked !== undefined) return { command: linked, args };
  const named = COMMANDS.find((command) => command.name === args[0]);
  return named && { command: named, args: args.slice(1) };
}
