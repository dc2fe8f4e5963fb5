/**
 * Ports that the kernel hands out by itself, and who has taken them, as text and as JSON.
 *
 * @module
 */
import type { Destination, EphemeralReport, EphemeralUse } from "../../model/ephemeral.ts";
import type { Process } from "../../model/owner.ts";
import type { Span } from "../../text/flow.ts";
import { plural } from "../../text/plural.ts";
import { sanitize } from "../../text/sanitize.ts";
import type { Writer } from "../../text/writer.ts";
import { type ExplainFormat, formatAddress, type Line, named, Page, plain, some } from "./page.ts";

/** From this share on, a use is worth a warning. */
const NEARLY = 0.8;
/** So many processes are named. */
const NAMED = 3;
/** So many destinations are told in a heading. */
const HEADED = 2;

const count = (value: number) => String(value).replace(/\B(?=(\d{3})+$)/g, ",");

/** Writes the report. Throws what the writer throws. */
export function writeEphemeral(
  report: EphemeralReport,
  writer: Writer,
  format: ExplainFormat,
): void {
  const page = new Page(writer, format);
  const { range, size, uses } = report;
  const whole = range.last - range.first + 1;
  page.heading([
    [`ephemeral ports ${range.first} to ${range.last}`, "name"],
    `  ${count(size)} that the kernel hands out`,
    ...whole === size ? [] : [[`, ${count(whole - size)} more reserved`, "dim"] as const],
  ]);
  const lines = some(uses, (use) => plain(...useSpans(use, size)));
  page.section("Taken", lines.length === 0 ? [plain("none")] : lines);
  for (const use of uses.slice(0, 3)) page.section("", destinationLines(use, report));
}

function level(taken: number, size: number): "warning" | "plain" {
  return taken >= NEARLY * size ? "warning" : "plain";
}

function useSpans({ transport, address, ports, timeWait }: EphemeralUse, size: number): Span[] {
  return [
    `${transport} ${sanitize(address)}  `,
    [`${count(ports)} of ${count(size)}`, level(ports, size)],
    ...timeWait === 0 ? [] : [[`, ${count(timeWait)} of them in time-wait alone`, "dim"] as const],
  ];
}

/** How much of the range is taken, by whom and for what, for a heading. */
export function takenSpans({ taken, size, uses }: EphemeralReport, address: string): Span[] {
  const destinations = uses.flatMap((use) => use.destinations).sort((a, b) => b.ports - a.ports);
  const processes = new Map<number, Process>();
  for (const { shares } of destinations) {
    for (const { process } of shares) processes.set(process.pid, process);
  }
  const [first] = processes.values();
  const others = processes.size - 1;
  const more = destinations.length - HEADED +
    uses.reduce((sum, use) => sum + use.otherDestinations, 0);
  const told = destinations.slice(0, HEADED).map(({ peer, ports }) =>
    `${count(ports)} ${
      peer === null ? "bound only" : `to ${sanitize(formatAddress(peer.address, peer.port))}`
    }`
  );
  return [
    [`${count(taken)} of ${count(size)} ports of ${sanitize(address)} taken`, level(taken, size)],
    ...first === undefined
      ? []
      : [", by ", [named(first), "name"], others === 0 ? "" : ` and ${others} more`] as Span[],
    ...told.length === 0 ? [] : [`: ${told.join(", ")}${more > 0 ? ` and ${more} more` : ""}`],
  ];
}

/** Who has the ports that bind(2) to port 0 of an address cannot get. */
export function ephemeralLines(report: EphemeralReport): Line[] {
  return report.uses.slice(0, 3).flatMap((use) => destinationLines(use, report));
}

function destinationLines(
  { address, destinations, otherDestinations }: EphemeralUse,
  { size }: EphemeralReport,
): Line[] {
  return [
    ...destinations.map((destination) => plain(...destinationSpans(destination, address, size))),
    ...otherDestinations === 0
      ? []
      : [plain([`and ${plural(otherDestinations, "more destination")}`, "dim"])],
  ];
}

function destinationSpans(
  { peer, ports, shares }: Destination,
  address: string,
  size: number,
): Span[] {
  const told = shares.slice(0, NAMED).map(({ process, ports }): Span[] => [
    `${count(ports)} of them by `,
    [named(process), "name"],
  ]);
  return [
    `${sanitize(address)}: `,
    [
      `${count(ports)} of ${count(size)} taken ${
        peer === null
          ? "by sockets that are bound only"
          : `to ${sanitize(formatAddress(peer.address, peer.port))}`
      }`,
      level(ports, size),
    ],
    ...told.flatMap((spans) => [", ", ...spans]),
    ...shares.length > NAMED ? [[` and ${shares.length - NAMED} more`, "dim"] as const] : [],
  ];
}

export function ephemeralJson(
  { range, size, taken, uses }: EphemeralReport,
): Record<string, unknown> {
  return {
    range: [range.first, range.last],
    size,
    taken,
    uses: uses.map(({ transport, address, ports, timeWait, destinations, otherDestinations }) => ({
      transport,
      address,
      ports,
      time_wait: timeWait,
      destinations: destinations.map(({ peer, ports, shares }) => ({
        peer,
        ports,
        shares: shares.map(({ process, ports }) => ({ pid: process.pid, ports })),
      })),
      other_destinations: otherDestinations,
    })),
  };
}
