/**
 * A fleet as a table: a line for each service that looks the same, with its hosts.
 *
 * @module
 */
import { namespaceText } from "../snapshot/identity.ts";
import { paint } from "../text/color.ts";
import { sanitize } from "../text/sanitize.ts";
import { cellWidth, pad } from "../text/width.ts";
import type { Fleet } from "./fleet.ts";
import { plural } from "../text/plural.ts";

const HEADERS = ["SERVICE", "NETNS", "REACH", "PROGRAM", "USER", "UNIT", "HOSTS"] as const;

/** The table, and below it a summary that names hosts with incomplete snapshots. */
export function fleetTable(fleet: Fleet, color: boolean): string {
  const rows = fleet.services.map(({ service, hosts }) =>
    [
      service.endpoint,
      namespaceText(service.netns),
      service.values.reach.join(","),
      service.values.exe.join(","),
      service.values.user.join(","),
      service.values.unit.join(","),
      hostsText(fleet, hosts),
    ].map((cell) => cell === "" ? "-" : sanitize(cell))
  );
  const widths = HEADERS.map((header, i) =>
    Math.max(header.length, ...rows.map((row) => cellWidth(row[i]!)))
  );
  const line = (cells: readonly string[]) =>
    cells.map((cell, i) => i === HEADERS.length - 1 ? cell : pad(cell, widths[i]!, "left")).join(
      "  ",
    );
  const partial = fleet.hosts.filter(({ complete }) => !complete).map(({ host }) => host.name);
  return [
    paint(line(HEADERS), "header", color),
    ...rows.map(line),
    "",
    summary(fleet, partial),
  ].map((text) => `${text}\n`).join("");
}

function hostsText({ hosts }: Fleet, on: readonly number[]): string {
  if (on.length === hosts.length && hosts.length > 1) return `all ${hosts.length}`;
  return on.map((index) => hosts[index]!.host.name).join(",");
}

function summary(fleet: Fleet, partial: readonly string[]): string {
  const older = fleet.superseded - fleet.fromFuture;
  const future = fleet.hosts.filter(({ future }) => future).map(({ host }) => host.name);
  return [
    plural(fleet.hosts.length, "host"),
    plural(fleet.services.length, "service"),
    ...(partial.length > 0
      ? [`not everything could be read on ${sanitize(partial.join(", "))}`]
      : []),
    ...(older > 0 ? [`${plural(older, "older snapshot")} left out`] : []),
    ...(fleet.fromFuture > 0
      ? [`${plural(fleet.fromFuture, "snapshot")} dated in the future left out`]
      : []),
    ...(future.length > 0 ? [`dated in the future: ${sanitize(future.join(", "))}`] : []),
  ].join("; ");
}
