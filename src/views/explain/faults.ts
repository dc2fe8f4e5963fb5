/**
 * The section Faults: signs that something is wrong with a service.
 *
 * @module
 */
import type { ExplainedSockets } from "../../model/explanation.ts";
import type { Fault } from "../../model/fault.ts";
import { sanitize } from "../../text/sanitize.ts";
import { plural } from "../../text/plural.ts";
import { type Line, named, plain } from "./page.ts";
import { ageText } from "./who.ts";

export function faultLines({ faults }: ExplainedSockets): Line[] {
  return faults.map((fault) => plain([faultText(fault), "warning"]));
}

function faultText(fault: Fault): string {
  switch (fault.kind) {
    case "listen_overflows":
      return `accept queues of this network namespace overflowed ${
        plural(fault.count, "time")
      } since it began, those of all its listeners together (ListenOverflows)`;
    case "datagrams_dropped":
      return `${plural(fault.count, "datagram")} dropped before ${
        fault.count === 1 ? "it was" : "they were"
      } read`;
    case "receive_buffer_full":
      return `the receive buffer is full: ${fault.bytes} of ${fault.limit} bytes`;
    case "close_wait": {
      const { count, silentMs, processes } = fault;
      const [first] = processes;
      const who = first === undefined
        ? "its process"
        : `${named(first)}${processes.length > 1 ? ` and ${processes.length - 1} more` : ""}`;
      return `${count} in close-wait: the peer has closed, and ${who} ${
        processes.length > 1 ? "have" : "has"
      } not${silentMs === null ? "" : `; nothing received for up to ${ageText(silentMs)}`}`;
    }
    case "leaked": {
      const { count, protocols, processes: [first, ...others] } = fault;
      const who = first === undefined
        ? "its processes have"
        : others.length > 0
        ? `${named(first)} and ${others.length} more have`
        : `${named(first)} has`;
      return `${who} ${plural(count, "open socket")} that are neither bound nor connected (${
        protocols.map(sanitize).join(", ")
      }): nobody closed them`;
    }
    case "uneven": {
      const { most, least } = fault;
      return `served unevenly: ${named(most.process)} has ${
        plural(most.connections, "connection")
      }, ${named(least.process)} ${least.connections}`;
    }
  }
}

export function faultJson(fault: Fault): Record<string, unknown> {
  switch (fault.kind) {
    case "close_wait":
      return {
        kind: fault.kind,
        count: fault.count,
        silent_ms: fault.silentMs,
        pids: fault.processes.map(({ pid }) => pid),
      };
    case "leaked":
      return {
        kind: fault.kind,
        count: fault.count,
        protocols: fault.protocols,
        pids: fault.processes.map(({ pid }) => pid),
      };
    case "uneven":
      return {
        kind: fault.kind,
        most: { pid: fault.most.process.pid, connections: fault.most.connections },
        least: { pid: fault.least.process.pid, connections: fault.least.connections },
      };
    default:
      return fault;
  }
}
