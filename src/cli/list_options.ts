/**
 * ListOptions: the command line of the listing, close to how it was typed. Nothing is looked up yet.
 *
 * @module
 */
import type { NetnsChoice, PortRange } from "../query.ts";
import type { StateMask } from "../model/state.ts";
import type { ColorChoice } from "../views/text/color.ts";

/** What flags record. */
export interface ListOptions {
  all: boolean;
  listening: boolean;
  tcp: boolean;
  udp: boolean;
  raw: boolean;
  ipv4: boolean;
  ipv6: boolean;
  states: StateMask;
  ports: PortRange[];
  pids: number[];
  processes: string[];
  users: string[];
  netns: NetnsChoice | undefined;
  format: "text" | "json" | "ndjson";
  color: ColorChoice;
  header: boolean;
  requireComplete: boolean;
  verbose: boolean;
  help: boolean;
  version: boolean;
}

/** Options before any flag. */
export function defaultOptions(): ListOptions {
  return {
    all: false,
    listening: false,
    tcp: false,
    udp: false,
    raw: false,
    ipv4: false,
    ipv6: false,
    states: 0,
    ports: [],
    pids: [],
    processes: [],
    users: [],
    netns: undefined,
    format: "text",
    color: "auto",
    header: true,
    requireComplete: false,
    verbose: false,
    help: false,
    version: false,
  };
}
