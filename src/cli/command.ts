/**
 * Command: something that `sockeye NAME` runs. The table of all of them is src/program.ts.
 *
 * The code of a command is loaded when it is called, so that start-up does not grow with the program.
 *
 * @module
 */
import type { Writer } from "../text/writer.ts";
import type { HelpPage } from "./help.ts";

/** What a command's module exports. */
export interface CommandModule {
  /**
   * Runs it. `args` are those after the name; `commands` are all that the program has, for those that tell of them. Returns
   * the exit status. Throws UsageError, and what the work throws.
   */
  run(
    args: readonly string[],
    out: Writer,
    err: Writer,
    commands: readonly Command[],
  ): Promise<number>;
}

/** One command. */
export interface Command {
  readonly name: string;
  /** One line for help. */
  readonly summary: string;
  /** True when a link of this name to the program runs it: `ss`. */
  readonly link?: boolean;
  load(): Promise<CommandModule>;
  /**
   * From what man page and completions are made, and `--help` where the command has words of its own. Apart from the code,
   * so that a run does not pay for it.
   */
  help(): Promise<{ readonly HELP: HelpPage }>;
}
