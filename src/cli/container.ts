/**
 * The command line of `sockeye container`.
 *
 * @module
 */
import type { Writer } from "../text/writer.ts";
import { HELP as EXPLAIN, runWith } from "./explain.ts";
import type { HelpPage } from "./help.ts";
import { readTargets } from "./targets.ts";

/** The page that --help, man page and completions are made from. */
export const HELP: HelpPage = {
  usage: "sockeye container NAME|ID… [FLAGS]",
  intro:
    "Says what the processes of a container listen on, where its ports are published, and who it is connected with. The\n" +
    "beginning of an ID is enough; `sockeye explain container:NAME` is the same.",
  flags: EXPLAIN.flags.filter(({ long }) => long !== "bind" && long !== "ephemeral"),
  exit: "0 found, 1 not found, 2 wrong usage or an error, 3 cannot be decided.",
};

/** Runs the command. Throws UsageError, and what collecting throws. */
export function run(
  args: readonly string[],
  out: Writer,
  err: Writer,
): number | Promise<number> {
  return runWith(args, HELP, (word) => readTargets(`container:${word}`), out, err);
}
