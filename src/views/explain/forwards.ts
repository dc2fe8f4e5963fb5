/**
 * Where a port is forwarded to.
 *
 * @module
 */
import type { Explanation } from "../../model/explanation.ts";
import type { Forward } from "../../model/forward.ts";
import type { Span } from "../../text/flow.ts";
import { sanitize } from "../../text/sanitize.ts";
import { formatAddress, type Line, named, plain, some } from "./page.ts";

/** So many processes are named. */
const NAMED = 3;

/** Where the port of a target leads. */
export function forwardLines({ forwards }: Explanation): Line[] {
  return some(forwards, forwardLine);
}

function forwardLine(forward: Forward): Line {
  const { via, pid, hostAddress, conditional, address, port, netns } = forward;
  const by = `${via}${pid === null ? "" : ` (${pid})`}`;
  const where = address !== null && port !== null
    ? formatAddress(address, port)
    : pid === null && port !== null
    ? `port ${port} of this machine`
    : `network namespace ${netns === null ? "?" : netns.name ?? netns.inode}${
      port === null ? "" : `, port ${port}`
    }`;
  return plain(
    `forwards to ${sanitize(where)}`,
    ...fateSpans(forward),
    [`  by ${by}`, "dim"],
    ...hostAddress === null ? [] : [[`, for ${sanitize(hostAddress)}`, "dim"] as const],
    ...conditional ? [[", for some packets only: the rule asks for more", "dim"] as const] : [],
  );
}

function fateSpans(forward: Forward): Span[] {
  const { fate, processes, container, image, address, netns } = forward;
  switch (fate) {
    case "served": {
      const rest = processes.length - NAMED;
      const names = processes.slice(0, NAMED).map(named).join(", ") +
        (rest > 0 ? ` and ${rest} more` : "");
      const about = [container?.runtime, image].filter((word) => word != null).map((word) =>
        sanitize(word!)
      );
      return [
        " → ",
        [names === "" ? "a process that cannot be seen" : names, "name"],
        ...container === null
          ? address !== null && netns?.name != null ? [` in netns ${sanitize(netns.name)}`] : []
          : [
            ` in container ${sanitize(container.name ?? container.id.slice(0, 12))}${
              about.length === 0 ? "" : ` (${about.join(", ")})`
            }`,
          ],
      ];
    }
    case "silent":
      return [[": nothing listens there", "warning"]];
    case "gone":
      return [[
        `: no interface has ${address === null ? "its address" : sanitize(address)} now`,
        "warning",
      ]];
    case "remote":
      return [": not on this machine"];
    case "unknown":
      return [[": its owner was not found: not everything could be read", "notice"]];
  }
}
