/**
 * Hooks: all programs of a watch, by what they take.
 *
 * @module
 */
import type { Hook } from "../../bpf/attachment.ts";
import type { Expr } from "../../filter/ast.ts";
import { addressHooks } from "./address_programs.ts";
import type { KernelContext } from "./code.ts";
import { mayBe } from "./condition.ts";
import { execHook } from "./exec_program.ts";
import { lengthHooks } from "./length_programs.ts";
import { packetHook } from "./packet_program.ts";
import { routeHooks } from "./route_programs.ts";
import { socketHooks } from "./socket_programs.ts";
import { stateHook } from "./state_program.ts";
import type { KernelTypes } from "./types.ts";
import { unixHooks } from "./unix_programs.ts";

/** A hook of a watch. */
export interface WatchHook {
  readonly hook: Hook;
  /** Without it this watch is not what it says, so that the next one is tried. Else there is just less to see. */
  readonly needed: boolean;
  /** What is not seen without it: a clause for a person. */
  readonly otherwise: string;
}

const needed = (hook: Hook): WatchHook => ({ hook, needed: true, otherwise: "" });

/** Hooks of control groups and tracepoints: everything is seen that this kernel has a place to see it from. */
export function allHooks(
  context: KernelContext,
  types: KernelTypes,
  filter: Expr | null,
): WatchHook[] {
  const unix = mayBe(filter, "unix");
  const datagrams = mayBe(filter, "udp") || mayBe(filter, "raw");
  const lengths = seesLengths(types);
  // What nobody asks for is not hooked, so that it costs nothing.
  const isWanted = ({ name }: Hook) => datagrams || !/^sockeye_send/.test(name);
  return [
    ...tracepoints(context, types, { unix, routes: false, datagrams }),
    ...socketHooks(context).map(needed),
    ...addressHooks(context, { states: true, datagrams: lengths }).filter(isWanted).map(needed),
    // They tell of what the tracepoints of sends then see.
    ...(lengths && mayBe(filter, "raw")
      ? [optional(packetHook(context), "where raw sockets and ping send to")]
      : []),
    ...(unix
      ? unixHooks(context).map((hook) =>
        optional(hook, "who connects and sends to which unix socket")
      )
      : []),
  ];
}

/** Tracepoints alone. */
export function tracepointHooks(
  context: KernelContext,
  types: KernelTypes,
): WatchHook[] {
  return [
    ...tracepoints(context, types, { unix: false, routes: true, datagrams: true }),
    ...(seesLengths(types)
      ? routeHooks(context, types).map((hook) =>
        optional(hook, "where unconnected sockets send to")
      )
      : []),
  ];
}

/** Hooks of control groups alone, which read nothing of the kernel's memory. */
export function cgroupHooks(context: KernelContext): WatchHook[] {
  const sees = { states: false, datagrams: false };
  return [...socketHooks(context), ...addressHooks(context, sees)].map(needed);
}

/** Whether the kernel has the tracepoints of sends and receives. */
export function seesLengths(types: KernelTypes): boolean {
  return types.hasTracepoint("sock_send_length") && types.hasTracepoint("sock_recv_length");
}

/** What is not seen without those tracepoints: a clause each for a person. The hooks of control groups tell some of it. */
export function unseenWithoutLengths(rung: "all" | "tracepoints"): string[] {
  return rung === "all"
    ? [
      "how long a datagram is and whether it failed",
      "datagrams of connected and raw sockets",
      "accept without asking for the peer's address",
    ]
    : ["datagrams", "which process accepts"];
}

function tracepoints(
  context: KernelContext,
  types: KernelTypes,
  wishes: Parameters<typeof lengthHooks>[2],
): WatchHook[] {
  return [
    needed(stateHook(context, types)),
    ...(seesLengths(types) ? lengthHooks(context, types, wishes).map(needed) : []),
    optional(execHook(context, types), "programs of processes that are gone at once"),
  ];
}

function optional(hook: Hook, otherwise: string): WatchHook {
  return { hook, needed: false, otherwise };
}
