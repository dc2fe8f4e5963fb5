/**
 * Pages: what help says of every command, gathered for the man page and for completions.
 *
 * @module
 */
import { FIELDS } from "../filter/fields.ts";
import type { Command } from "./command.ts";
import type { HelpPage } from "./help.ts";
import { listHelp } from "./list.ts";

/** A command and its page. */
export interface CommandPage {
  readonly name: string;
  /** One line. */
  readonly summary: string;
  /** True when a link of this name to the program runs it. */
  readonly link: boolean;
  readonly page: HelpPage;
}

/** The page of the listing, which has no name. */
export function listPage(): HelpPage {
  return listHelp([], FIELDS);
}

/** The pages of these commands, in the order of help. Loads every one. */
export function commandPages(commands: readonly Command[]): Promise<CommandPage[]> {
  return Promise.all(commands.map(async ({ name, summary, link = false, help }) => {
    const { HELP } = await help();
    return { name, summary, link, page: HELP };
  }));
}
