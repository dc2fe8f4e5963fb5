/**
 * The help pages of all commands, collected for the man page and for completions.
 *
 * @module
 */
import { FIELDS, fieldWords } from "../filter/fields.ts";
import type { Command } from "./command.ts";
import type { HelpPage } from "./help.ts";
import { filterSection, listHelp } from "./list.ts";

/** A command and its help page. */
export interface CommandPage {
  readonly name: string;
  /** One line for help. */
  readonly summary: string;
  /** True if a link to the program with this name runs the command. */
  readonly link: boolean;
  readonly page: HelpPage;
}

/** The page of the listing, which has no name. */
export function listPage(): HelpPage {
  return { ...listHelp([]), sections: [filterSection(FIELDS)], arguments: fieldWords() };
}

/** The pages of these commands in the order of help. Loads every page. */
export function commandPages(commands: readonly Command[]): Promise<CommandPage[]> {
  return Promise.all(commands.map(async ({ name, summary, link = false, help }) => {
    const { HELP } = await help();
    return { name, summary, link, page: HELP };
  }));
}
