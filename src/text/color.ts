/**
 * Colour: there is little of it, and it goes by what a cell means, not by its column.
 *
 * @module
 */

/** What a cell means to a reader. */
export type Role = "plain" | "header" | "dim" | "good" | "notice" | "warning" | "bad" | "name";

// SGR parameters (ECMA-48). The sixteen basic colours follow the theme of the terminal.
const SGR: Readonly<Record<Role, string>> = {
  plain: "",
  header: "2",
  dim: "2",
  good: "32",
  notice: "36",
  warning: "33",
  bad: "31",
  name: "1",
};

/** When to colour. */
export type ColorChoice = "auto" | "always" | "never";

/** Decides whether to colour: an explicit choice, else a terminal that is not `dumb`, unless NO_COLOR is set. */
export function useColor(
  choice: ColorChoice,
  isTerminal: boolean,
  environment: Readonly<Record<string, string | undefined>>,
): boolean {
  if (choice !== "auto") return choice === "always";
  // https://no-color.org: present and not empty.
  if (environment.NO_COLOR) return false;
  return isTerminal && environment.TERM !== "dumb";
}

/** What to write before text of a role. */
export function colorStart(role: Role): string {
  return SGR[role] === "" ? "" : `\x1b[${SGR[role]}m`;
}

/** What to write after it. */
export function colorEnd(role: Role): string {
  return SGR[role] === "" ? "" : "\x1b[0m";
}

/** Wraps text in the colour of its role; as it is when colour is off. */
export function paint(text: string, role: Role, color: boolean): string {
  return color && text !== "" ? colorStart(role) + text + colorEnd(role) : text;
}
