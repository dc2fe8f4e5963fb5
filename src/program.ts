/**
 * Program: the table of commands, and which of them a command line runs.
 *
 * @module
 */
import type { Command } from "./cli/command.ts";
import { EXIT_OK } from "./cli/exit.ts";
import type { Writer } from "./text/writer.ts";

/** Every command except the listing, which has no name. */
export const COMMANDS: readonly Command[] = [
  {
    name: "explain",
    summary: "who is behind a port, and who can reach it; `sockeye 8080` is short for it",
    load: () => import("./cli/explain.ts"),
    help: () => import("./cli/explain.ts"),
  },
  {
    name: "container",
    summary: "what a container listens on, where that is published, and its connections",
    load: () => import("./cli/container.ts"),
    help: () => import("./cli/container.ts"),
  },
  {
    name: "watch",
    summary: "what happens to sockets as it happens, and which process does it",
    load: () => import("./cli/watch.ts"),
    help: () => import("./cli/watch.ts"),
  },
  {
    name: "wait",
    summary: "until something listens, is gone or is connected, and who it was",
    load: () => import("./cli/wait.ts"),
    help: () => import("./cli/wait.ts"),
  },
  {
    name: "doctor",
    summary: "what can be seen here as this user, and what to change to see more",
    load: () => import("./cli/doctor.ts"),
    help: () => import("./cli/doctor.ts"),
  },
  {
    name: "snapshot",
    summary: "the whole host as JSON, to keep and to compare with",
    load: () => import("./cli/snapshot.ts"),
    help: () => import("./cli/snapshot.ts"),
  },
  {
    name: "diff",
    summary: "what differs between a snapshot and another one, or now",
    load: () => import("./cli/diff.ts"),
    help: () => import("./cli/diff.ts"),
  },
  {
    name: "audit",
    summary: "whether only approved services are there",
    load: () => import("./cli/audit.ts"),
    help: () => import("./cli/audit.ts"),
  },
  {
    name: "report",
    summary: "the snapshots of many hosts as one table, document or page",
    load: () => import("./cli/report.ts"),
    help: () => import("./cli/report.ts"),
  },
  {
    name: "kill",
    summary: "end the processes that hold a port, or close sockets",
    load: () => import("./cli/kill.ts"),
    help: () => import("./cli/kill.ts"),
  },
  {
    name: "completion",
    summary: "completions for bash, zsh or fish",
    load: () => import("./cli/completion/mod.ts"),
    help: () => import("./cli/completion/mod.ts"),
  },
  {
    name: "netstat",
    summary: "sockets in the words of net-tools 2.10",
    link: true,
    load: () => import("./tools/netstat/mod.ts"),
    help: () => import("./tools/netstat/help.ts"),
  },
  {
    name: "lsof",
    summary: "open files in lsof's words: its options about processes and the network",
    link: true,
    load: () => import("./tools/lsof/mod.ts"),
    help: () => import("./tools/lsof/help.ts"),
  },
  {
    name: "ss",
    summary: "everything ss of iproute2 does, the way it does it",
    link: true,
    load: () => import("./tools/ss/mod.ts"),
    help: () => import("./tools/ss/help.ts"),
  },
];

/** The command that the link or the first argument names; `undefined` for the listing. */
function findCommand(
  link: string,
  args: readonly string[],
): { command: Command; args: readonly string[] } | undefined {
  const linked = COMMANDS.find((command) => command.link && command.name === link);
  if (linked !== undefined) return { command: linked, args };
  const named = COMMANDS.find((command) => command.name === args[0]);
  return named && { command: named, args: args.slice(1) };
}

/**
 * Runs the command that the arguments ask for. `link` is the name the program was called by. Returns the exit status. Throws
 * UsageError, and what commands throw.
 */
export async function run(
  link: string,
  args: readonly string[],
  out: Writer,
  err: Writer,
): Promise<number> {
  const found = findCommand(link, args);
  if (found === undefined) {
    // Scripts ask for the version often, so it is answered without loading the listing.
    if (args.length === 1 && (args[0] === "--version" || args[0] === "-V")) {
      const { versionLine } = await import("./version.ts");
      out.write(versionLine());
      out.flush();
      return EXIT_OK;
    }
    const { run } = await import("./cli/list.ts");
    return run(args, out, err, COMMANDS);
  }
  // The tools that these modes stand for do not notice a closed output, and end as usual.
  if (found.command.link) out.isClosed = false;
  const { run } = await found.command.load();
  return run(found.args, out, err, COMMANDS);
}
