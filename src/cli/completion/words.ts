/**
 * Completion: the flags and values of the listing and of each command, from which the scripts of all shells are made.
 *
 * @module
 */
import type { DocumentedFlag } from "../flag.ts";
import type { HelpPage } from "../help.ts";
import type { CommandPage } from "../pages.ts";
import { columnNames } from "../list_fields.ts";
import type { HostWord } from "./host_words.ts";

/** The possible values of a flag or an argument. */
export type Values =
  | { readonly kind: "none" }
  | { readonly kind: "files" }
  /** A word that cannot be completed. */
  | { readonly kind: "any" }
  | { readonly kind: "words"; readonly words: readonly string[] }
  /** Some of these words, separated by commas. */
  | { readonly kind: "list"; readonly words: readonly string[] }
  /** Some of what the host has, separated by commas. */
  | { readonly kind: "host"; readonly what: HostWord };

/** A flag with all its spellings. */
export interface FlagWords {
  /** With dashes: `-t`, `--tcp`. */
  readonly names: readonly string[];
  readonly value: Values;
  /** Name of the value, for shells that show it. */
  readonly valueName: string | null;
  readonly help: string;
}

/** One command, or the listing, whose name is "". */
export interface CommandWords {
  readonly name: string;
  readonly summary: string;
  readonly flags: readonly FlagWords[];
  readonly arguments: Values;
}

/** Everything that can be completed. */
export interface Completion {
  readonly list: CommandWords;
  readonly commands: readonly CommandWords[];
}

/** Collects everything that can be completed. */
export function completion(list: HelpPage, commands: readonly CommandPage[]): Completion {
  return {
    list: commandWords("", "", list),
    commands: commands.map(({ name, summary, page }) => commandWords(name, summary, page)),
  };
}

function commandWords(name: string, summary: string, page: HelpPage): CommandWords {
  const { arguments: words } = page;
  return {
    name,
    summary,
    flags: page.flags.map(flagWords),
    arguments: words === undefined
      ? { kind: "any" }
      : words === "files"
      ? { kind: "files" }
      : words === "targets"
      ? { kind: "host", what: "targets" }
      : { kind: "words", words },
  };
}

function flagWords(flag: DocumentedFlag): FlagWords {
  return {
    names: [
      ...(flag.short === undefined ? [] : [`-${flag.short}`]),
      ...(flag.long === undefined ? [] : [`--${flag.long}`]),
    ],
    value: flagValue(flag),
    valueName: flag.value ?? null,
    help: flag.help,
  };
}

function flagValue({ value, choices, list, offers }: DocumentedFlag): Values {
  if (value === undefined) return { kind: "none" };
  if (choices !== undefined) return { kind: "words", words: choices };
  if (offers === "columns") return { kind: "list", words: columnNames() };
  if (offers !== undefined) return { kind: "host", what: offers };
  if (list !== undefined) return { kind: "list", words: list };
  return { kind: value === "FILE" ? "files" : "any" };
}
