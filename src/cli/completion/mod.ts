/**
 * The command line of `sockeye completion`, which writes completion scripts for shells.
 *
 * @module
 */
import type { Writer } from "../../text/writer.ts";
import { HELP_FLAG } from "../common_flags.ts";
import type { Command } from "../command.ts";
import { EXIT_OK } from "../exit.ts";
import type { Flag } from "../flag.ts";
import { type HelpPage, showHelp } from "../help.ts";
import { parseArguments } from "../parse.ts";
import { UsageError } from "../usage_error.ts";
import type { Completion } from "./words.ts";

/** The shells that scripts are made for. */
export const SHELLS = ["bash", "zsh", "fish"] as const;
type Shell = typeof SHELLS[number];

/** The flag table. */
const COMPLETION_FLAGS: readonly Flag<{ help: boolean }>[] = [HELP_FLAG];

/** The page that --help, man page and completions are made from. */
export const HELP: HelpPage = {
  usage: "sockeye completion SHELL",
  intro: `Writes a script that completes flags, their values and commands in ${
    SHELLS.join(", ")
  }. It never runs sockeye.`,
  flags: COMPLETION_FLAGS,
  arguments: SHELLS,
  sections: [["To have it in every shell", [
    "bash  sockeye completion bash > /etc/bash_completion.d/sockeye",
    "zsh   sockeye completion zsh > /usr/local/share/zsh/site-functions/_sockeye",
    "fish  sockeye completion fish > ~/.config/fish/completions/sockeye.fish",
  ]]],
  exit: "0 done, 2 wrong usage or an error.",
};

/** The script for a shell that completes these commands. Loads the page of each command. */
export async function completionScript(
  shell: Shell,
  commands: readonly Command[],
): Promise<string> {
  const { completion } = await import("./words.ts");
  const { commandPages, listPage } = await import("../pages.ts");
  const known: Completion = completion(listPage(), await commandPages(commands));
  switch (shell) {
    case "bash":
      return (await import("./bash.ts")).bashScript(known);
    case "zsh":
      return (await import("./zsh.ts")).zshScript(known);
    case "fish":
      return (await import("./fish.ts")).fishScript(known);
  }
}

/** Runs the command. Throws UsageError. */
export async function run(
  args: readonly string[],
  out: Writer,
  _err: Writer,
  commands: readonly Command[],
): Promise<number> {
  const options = { help: false };
  const [name, extra] = parseArguments(args, COMPLETION_FLAGS, options);
  if (options.help) return showHelp(HELP, out);
  const shell = SHELLS.find((shell) => shell === name);
  if (shell === undefined || extra !== undefined) {
    throw new UsageError(
      `completion wants one shell, ${
        name === undefined ? "none was given" : `"${extra ?? name}" was given`
      }: expected one of ${SHELLS.join(", ")}`,
    );
  }
  out.write(await completionScript(shell, commands));
  out.flush();
  return EXIT_OK;
}
