/**
 * The text for a target that nothing matched: the facts that may help.
 *
 * @module
 */
import type { Explanation, Nearby, UsualService } from "../../model/explanation.ts";
import { absence, type Verdict } from "../../model/verdict.ts";
import type { Span } from "../../text/flow.ts";
import { sanitize } from "../../text/sanitize.ts";
import { bindLines } from "./bind.ts";
import {
  type Line,
  localText,
  named,
  netnsText,
  type Page,
  plain,
  socketSpans,
  some,
} from "./page.ts";
import { plural } from "../../text/plural.ts";

/** Writes the text. */
export function writeNothing(explanation: Explanation, page: Page): void {
  const {
    target,
    kind,
    scoped,
    nearby,
    elsewhere,
    netns,
    verdict,
    socketVerdict,
    elsewhereVerdict,
  } = explanation;
  page.heading([
    [sanitize(target), "name"],
    "  ",
    [
      absence(
        scoped && NO_SOCKET[kind] === "no_socket" ? "no_socket_here" : NO_SOCKET[kind],
        socketVerdict,
      ),
      "notice",
    ],
    ...(netns === null
      ? []
      : [[`  netns ${netns.name === null ? netns.inode : sanitize(netns.name)}`, "dim"] as const]),
  ]);
  const lines = [
    ...processLines(explanation),
    ...fileLines(explanation),
    ...(nearby === null ? [] : nearbyLines(nearby)),
    ...some(elsewhere, (socket) => plain(`in ${netnsText(socket)}: `, ...socketSpans(socket))),
    ...(elsewhereVerdict.answer === "undecided"
      ? [plain(["some network namespaces could not be read", "notice"])]
      : []),
    ...becauseLines(verdict),
  ];
  if (lines.length > 0) page.section("Near", lines);
  for (const report of nearby?.binds ?? []) page.section("Bind", bindLines(report));
}

/** What a heading says of each kind of target. */
const NO_SOCKET = {
  port: "nothing_on_port",
  endpoint: "nothing_on_address",
  unix: "nothing_on_path",
  abstract: "nothing_named",
  inode: "no_such_inode",
  pid: "no_socket",
  process: "no_socket",
  unit: "no_socket",
  container: "no_socket",
} as const;

function becauseLines(verdict: Verdict): Line[] {
  if (verdict.answer !== "undecided") return [];
  return some(verdict.because, (reason) => plain([sanitize(reason), "notice"]));
}

const NO_PROCESS = {
  pid: "no_such_process_id",
  process: "no_such_process_name",
  unit: "no_process_of_unit",
  container: "no_process_of_container",
} as const;

function processLines({ kind, idle, processVerdict, verdict, scoped }: Explanation): Line[] {
  if (kind !== "pid" && kind !== "process" && kind !== "unit" && kind !== "container") return [];
  if (idle.length === 0) return [plain(absence(NO_PROCESS[kind], processVerdict))];
  return some(idle, (process) => {
    const said = process.zombie
      ? absence("zombie_holds_nothing", verdict)
      : absence(scoped ? "holds_no_socket_here" : "holds_no_socket", verdict);
    return plain([named(process), "name"], ` ${said}`);
  });
}

function fileLines({ file, elsewhere, verdict }: Explanation): Line[] {
  switch (file) {
    case null:
    // Why not stands among what leaves the verdict open.
    case "unreadable":
      return [];
    case "absent":
      return [plain("no such file")];
    case "socket":
      return elsewhere.length > 0 ? [] : [plain([absence("left_over", verdict), "notice"])];
    case "other":
      return [plain("the file exists, but is not a socket")];
  }
}

function nearbyLines(
  { connections, sockets, ephemeral, inEphemeral, reserved, neighbours, usual }: Nearby,
): Line[] {
  const lines = some(sockets, (socket) => plain(...socketSpans(socket)));
  if (connections !== null) {
    const { established, timeWait, timeWaitEndsMs, others } = connections;
    const parts = [
      ...(established > 0 ? [plural(established, "connection")] : []),
      ...(timeWait > 0
        ? [
          `${timeWait} in time-wait${
            timeWaitEndsMs === null ? "" : ` (over in ${Math.ceil(timeWaitEndsMs[1] / 1000)} s)`
          }`,
        ]
        : []),
      ...Object.entries(others).map(([state, count]) =>
        `${count} in ${state.replaceAll("_", "-")}`
      ),
    ];
    lines.push(plain(`${parts.join(", ")} from this port`));
  }
  lines.push(...neighbours.map((socket) => plain("nearby: ", ...socketSpans(socket))));
  if (usual !== null) lines.push(usualLine(usual));
  if (reserved) lines.push(plain("reserved: the kernel never picks this port by itself"));
  if (ephemeral !== null) {
    const range = `${ephemeral[0]} to ${ephemeral[1]}`;
    lines.push(
      inEphemeral
        ? plain([
          `in the ephemeral range, ${range}: the kernel may pick it for any client`,
          reserved ? "dim" : "notice",
        ])
        : plain([`outside the ephemeral range, ${range}`, "dim"]),
    );
  }
  return lines;
}

// Processes may be hidden, so none is said to be missing.
function usualLine({ service, programs, processes, sockets }: UsualService): Line {
  const said: Span[] = [`usually ${sanitize(service)}`];
  const [listener] = sockets;
  if (listener !== undefined) {
    const others = sockets.length - 1;
    said.push(
      ": ",
      [listener.owners.slice(0, 1).map(({ process }) => named(process)).join(), "name"],
      ` listens on ${localText(listener)}${others === 0 ? "" : ` and ${others} more`}`,
    );
  } else if (processes.length > 0) {
    said.push(": ", [named(processes[0]!), "name"], " runs");
  } else if (programs.length > 0) {
    said.push([`: no ${programs[0]} was found running`, "dim"]);
  }
  return plain(...said);
}
