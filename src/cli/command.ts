/**
 * Command: one of the commands of `sockeye NAME`. The table of all commands is in src/program.ts.
 *
 * The code of a command is loaded only when it runs, so that start-up does not grow with the program.
 *
 * @module
 */
import type { Writer } from "../text/writer.ts";
import type { HelpPage } from "./help.ts";

/** What the module of a command exports. */
interface CommandModule {
  /**
   * Runs the command. `args` are the arguments after its name; `commands` are all commands of the program, for help and
   * completions. Returns the exit status. Throws UsageError, and what the work throws.
   */
  run(
    args: readonly string[],
    out: Writer,
    err: Writer,
    commands: readonly Command[],
  ): number | Promise<number>;
}

/** One command. */
export interface Command {
  readonly name: string;
  /** One line for help. */
  readonly summary: string;
  /** True if a link to the program with this name runs the command, such as `ss`. */
  readonly link?: boolean;
  load(): Promise<CommandModule>;
  /**
   * Loads the page that man page, completions and `--help` are made from. It may be in another module than the code, so that a
   * run does not load it.
   */
  help(): Promise<{ readonly HELP: HelpPage }>;
}
