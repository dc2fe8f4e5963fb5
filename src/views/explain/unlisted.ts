/**
 * Sockets that processes hold and no table shows, as text.
 *
 * @module
 */
import {
  type Explanation,
  LISTED_WHEN_BOUND,
  type UnlistedSocket,
} from "../../model/explanation.ts";
import { sanitize } from "../../text/sanitize.ts";
import { type Line, MANY, type Page, plain, some } from "./page.ts";
import { plural } from "../../text/plural.ts";

/** Writes them: below the sockets that were found, or in their place. */
export function writeUnlisted(explanation: Explanation, page: Page): void {
  const { target, kind, subjects, unlisted } = explanation;
  const [first] = unlisted;
  if (first === undefined) return;
  if (kind === "inode") {
    const owners = first.owners.slice(0, 3).map(({ pid, fds }) =>
      `${called(explanation, pid)} fd ${fds.join(", ")}`
    ).join(", ");
    const more = first.owners.length - 3;
    page.heading([
      [sanitize(target), "name"],
      `  held by ${owners}${more > 0 ? ` and ${more} more` : ""}`,
    ]);
    page.section("What", [
      plain(`${countText([first])} ${whatText(first, explanation)}${protocolText([first])}`),
    ]);
    return;
  }
  const groups = new Map<string, UnlistedSocket[]>();
  for (const socket of unlisted) {
    const key = whatText(socket, explanation);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [socket]);
    else group.push(socket);
  }
  for (const [what, sockets] of groups) {
    page.heading([
      [sanitize(target), "name"],
      `  ${subjects.length > 0 ? "also " : ""}holds ${countText(sockets)} ${what}${
        protocolText(sockets)
      }`,
    ]);
    page.section("Who", ownerLines(sockets, explanation));
  }
}

function ownerLines(sockets: readonly UnlistedSocket[], explanation: Explanation): Line[] {
  const byPid = new Map<number, number[]>();
  for (const { owners } of sockets) {
    for (const { pid, fds } of owners) {
      const known = byPid.get(pid);
      if (known === undefined) byPid.set(pid, [...fds]);
      else known.push(...fds);
    }
  }
  return some([...byPid], ([pid, fds]) =>
    plain(
      [called(explanation, pid), "name"],
      [
        `  fd ${fds.slice(0, MANY).join(", ")}${
          fds.length > MANY ? ` and ${fds.length - MANY} more` : ""
        }`,
        "dim",
      ],
    ));
}

function called({ names }: Explanation, pid: number): string {
  const name = names.get(pid);
  return name === undefined ? `process ${pid}` : `${sanitize(name)} (${pid})`;
}

function countText(sockets: readonly UnlistedSocket[]): string {
  return plural(sockets.length, "socket");
}

function protocolText(sockets: readonly UnlistedSocket[]): string {
  const names = new Set(sockets.map(({ protocol }) => protocol ?? "unknown"));
  return ` (${[...names].map(sanitize).sort().join(", ")})`;
}

function whatText({ protocol, netns }: UnlistedSocket, { searched }: Explanation): string {
  if (netns !== null && !searched.includes(netns)) {
    return `of network namespace ${netns}, which was not read`;
  }
  return protocol !== null && LISTED_WHEN_BOUND.test(protocol)
    ? netns === null
      ? "that no table here shows: neither bound nor connected, or of another network namespace"
      : "that are neither bound nor connected"
    : "that no table here shows";
}
