/**
 * The sections Where and Logs: where a program lives, and where its logs are.
 *
 * @module
 */
import type { ExplainedSockets, LogFile, Place } from "../../model/explanation.ts";
import { absence } from "../../model/verdict.ts";
import type { Span } from "../../text/flow.ts";
import { sanitize } from "../../text/sanitize.ts";
import { bytes, type Line, MANY, plain, some } from "./page.ts";
import { plural } from "../../text/plural.ts";

const FATE: Readonly<Record<Place["exeFate"], Span | null>> = {
  unchanged: null,
  unknown: null,
  replaced: ["  replaced on disk since it was started", "warning"],
  deleted: ["  deleted from disk since it was started", "warning"],
};

export function whereLines({ places, unexamined = 0 }: ExplainedSockets): Line[] {
  const lines: Line[] = [];
  for (const place of places.slice(0, MANY)) {
    const indent = places.length > 1 ? "  " : "";
    if (places.length > 1) {
      const pids = place.pids.slice(0, MANY).join(", ") +
        (place.pids.length > MANY ? ` and ${place.pids.length - MANY} more` : "");
      lines.push(plain([`${bytes(place.comm)} (${pids})`, "name"]));
    }
    lines.push(...placeLines(place).map((spans) => ({ spans, indent })));
  }
  if (places.length > MANY) lines.push(plain([`and ${places.length - MANY} more`, "dim"]));
  if (unexamined > 0) {
    lines.push(plain([
      `${plural(unexamined, "more process was", "more processes were")} not looked at`,
      "notice",
    ]));
  }
  return lines;
}

function placeLines(place: Place): Span[][] {
  const lines: Span[][] = [];
  const fate = FATE[place.exeFate];
  const owned = place.package;
  lines.push([
    place.exe !== null
      ? bytes(place.exe)
      : place.zombie
      ? ["a zombie: the process has ended and has no program", "notice"]
      : place.comm === null
      ? ["the process has ended", "notice"]
      : ["the program file may not be read", "notice"],
    // In a container nobody expects anything else.
    ...(place.exeIsHostFile !== false || place.container !== null ? fate === null ? [] : [fate] : [
      ["  not this host's file: this host has another one, or none, there", "warning"] as const,
    ]),
    ...(owned === null ? [] : [
      [
        owned.name === null
          ? `  in no ${owned.manager} package`
          : `  package ${sanitize(owned.name)} (${owned.manager})`,
        "dim",
      ] as const,
    ]),
  ]);
  for (const reason of place.unread) lines.push([[`not read: ${sanitize(reason)}`, "notice"]]);
  if (place.cwd !== null) lines.push(["in ", bytes(place.cwd)]);
  if (place.root !== null) lines.push(["root directory ", [bytes(place.root), "notice"]]);
  const { container, pod } = place;
  if (container !== null) {
    lines.push([
      `${container.runtime ?? "container"} ${container.runtime === null ? "" : "container "}`,
      [container.name === null ? shortId(container.id) : sanitize(container.name), "notice"],
      ...(container.name === null || container.name === container.id
        ? []
        : [[`  ${shortId(container.id)}`, "dim"] as const]),
      ...(place.image === null ? [] : [[`  image ${sanitize(place.image)}`, "dim"] as const]),
    ]);
  }
  if (pod !== null) {
    lines.push([
      "pod ",
      [sanitize(pod.name ?? pod.uid ?? "?"), "notice"],
      ...(pod.namespace === null ? [] : [` in ${sanitize(pod.namespace)}`]),
    ]);
  }
  // The scope unit of a container only repeats its ID.
  if (place.unit !== null && !(container !== null && place.unit.includes(container.id))) {
    lines.push([
      `unit ${sanitize(place.unit)}${
        place.session === null ? "" : `, login session ${sanitize(place.session)}`
      }`,
    ]);
  }
  return lines;
}

const shortId = (id: string) => sanitize(/^[0-9a-f]{64}$/.test(id) ? id.slice(0, 12) : id);

export function logLines({ logs, unexamined = 0 }: ExplainedSockets): Line[] {
  const lines = some(logs.files, (file) => plain(...logSpans(file)));
  for (const unit of logs.journal) {
    lines.push(plain(`the journal: journalctl -u ${sanitize(unit)}`));
  }
  if (logs.container !== null) {
    lines.push(plain(sanitize(logs.container), ["  output of the container", "dim"]));
  }
  if (logs.unread.length > 0) {
    // Then it is never said that there is none.
    lines.push(plain([
      `not all open files of ${plural(logs.unread.length, "process", "processes")} could be read`,
      "notice",
    ]));
  }
  if (unexamined > 0) {
    lines.push(plain([
      `the open files of ${plural(unexamined, "more process", "more processes")} were not read`,
      "notice",
    ]));
  }
  if (lines.length === 0) lines.push(plain([absence("no_log", { answer: "no" }), "dim"]));
  return lines;
}

function logSpans({ path, deleted, size, owners }: LogFile): Span[] {
  const fds = owners.slice(0, 3).map(({ pid, fds }) =>
    owners.length === 1 ? `fd ${fds.join(", ")}` : `${pid} fd ${fds.join(", ")}`
  ).join("; ");
  return [
    bytes(path),
    [`  ${fds}${owners.length > 3 ? ` and ${owners.length - 3} more` : ""}`, "dim"],
    ...(deleted
      ? [
        [
          `  deleted while open: ${sizeText(size)}, freed when the process ends`,
          "warning",
        ] as const,
      ]
      : []),
  ];
}

export function sizeText(size: number): string {
  if (size < 10_000) return `${size} bytes`;
  const units = ["kB", "MB", "GB", "TB"];
  let value = size / 1000;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}
