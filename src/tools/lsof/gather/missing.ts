/**
 * What was asked for and not found. The exit status depends on it, and `-V` prints it.
 *
 * @module
 */
import type { Cells } from "../layout/cells.ts";
import type { NamedFiles } from "./named_files.ts";
import type { Selection } from "./selection.ts";
import { lsofStateName } from "../../../model/state.ts";

/** One line for each criterion that nothing matched, in lsof's order and words. */
export function missing(selection: Selection, named: NamedFiles, cells: Cells): string[] {
  const { query, found } = selection;
  const lines: string[] = [];
  // An exclusion is never found. lsof counts it as missing for commands only.
  for (const item of query.commands.toReversed()) {
    if (!found.has(item)) lines.push(`command not located: ${cells.safe(item.prefix)}`);
  }
  for (const item of query.commandPatterns) {
    if (!found.has(item)) lines.push(`no command found for regex: ${cells.safe(item.source)}`);
  }
  for (const file of named.list) {
    if (found.has(file)) continue;
    const what = file.filesystem ? "file system" : "file";
    lines.push(`no ${what} use located: ${cells.safe(file.argument)}`);
  }
  const foundByArgument = new Map<string, boolean>();
  for (const item of query.internetItems.toReversed()) {
    const before = foundByArgument.get(item.argument) ?? false;
    foundByArgument.set(item.argument, before || found.has(item));
  }
  for (const [argument, isFound] of foundByArgument) {
    if (!isFound) lines.push(`Internet address not located: ${argument}`);
  }
  if (query.internet !== null && !found.has("internet")) lines.push("no Internet files located");
  const states = new Set(query.states.filter(({ exclude }) => !exclude).map(({ state }) => state));
  for (const state of [...states].sort((a, b) => a - b)) {
    if (!found.has(`state ${state}`)) {
      lines.push(`TCP state not located: ${lsofStateName(state)}`);
    }
  }
  for (const item of query.pids) {
    if (!item.exclude && !found.has(item)) lines.push(`process ID not located: ${item.number}`);
  }
  if (query.tasks === "list" && !found.has("task")) lines.push("no tasks located");
  for (const item of query.groups) {
    if (!item.exclude && !found.has(item)) {
      lines.push(`process group ID not located: ${item.number}`);
    }
  }
  for (const item of query.users) {
    if (item.exclude || found.has(item)) continue;
    lines.push(
      item.login === null
        ? `user ID not located: ${item.uid}`
        : `login name (UID ${item.uid}) not located: ${item.login}`,
    );
  }
  return lines;
}
