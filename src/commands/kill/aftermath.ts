/**
 * Aftermath: who holds what was to be free, once processes have been ended.
 *
 * @module
 */
import { SOCK_DGRAM, SOCK_STREAM } from "../../../ffi/socket.ts";
import { Diagnostics } from "../../diagnostics.ts";
import { parseAddress } from "../../model/endpoint.ts";
import type { Process } from "../../model/owner.ts";
import { absence, becauseText, decide } from "../../model/verdict.ts";
import type { Socket } from "../../model/socket.ts";
import { utf8Text } from "../../text/encoding.ts";
import { sanitize } from "../../text/sanitize.ts";
import { localText, named, protocolName } from "../../views/explain/page.ts";
import { isServer } from "../explain/match.ts";
import type { ExplainInput } from "../explain/input.ts";
import { fileAt, isAt } from "../explain/unix_path.ts";
import { tryBinds } from "../try_bind.ts";
import { bindText } from "./bind_text.ts";

/** What became of an address. `free`: nothing is bound to it any more. */
export interface Became {
  readonly verdict: "free" | "held" | "undecided";
  readonly text: string;
}

/** What two sockets have in common that are bound to the same place. */
export function placeOf({ netns, transport, family, local, inode }: Socket): string {
  if ("address" in local) {
    return [netns?.inode, transport, family, local.address, local.port, local.interface].join();
  }
  if ("path" in local && (local.path !== null || local.name !== null)) {
    return [netns?.inode, transport, local.path, local.name].join();
  }
  return `inode ${inode}`;
}

/**
 * What became of the place that `shown` was bound to. `known`: the processes that were shown, by ID and start. `input` is read
 * anew.
 */
export function aftermath(
  shown: Socket,
  known: (process: Process) => boolean,
  input: ExplainInput,
): Became {
  const place = placeOf(shown);
  const now = input.sockets.filter((socket) => isServer(socket) && placeOf(socket) === place);
  const head = `${protocolName(shown)} ${localText(shown)}: `;
  const verb = now.some(({ state }) => state === "listen") ? "is listened on" : "is held";
  const owners = new Map(
    now.flatMap(({ owners }) => owners.map(({ pid, process }) => [pid, process] as const)),
  );
  if (owners.size > 0) {
    const all = [...owners.values()];
    const old = all.filter(known);
    const told = (old.length > 0 ? old : all).slice(0, 3);
    const rest = (old.length > 0 ? old : all).length - told.length;
    const names = told.map(named).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
    if (old.length > 0) return { verdict: "held", text: `${head}${verb} by ${names} still` };
    const unit = told[0]!.unit;
    return {
      verdict: "held",
      text: `${head}${verb} again by ${names}${
        unit === null ? "" : `, which is of ${sanitize(unit)}`
      }`,
    };
  }
  if (now.length > 0) {
    return { verdict: "undecided", text: `${head}${verb} still, by a process that cannot be seen` };
  }
  // What was not found may be in what could not be read.
  const looked = decide(false, {
    tables: (label) => label.startsWith(shown.transport) || label.startsWith(shown.family),
    namespaces: true,
  }, input.diagnostics.gaps);
  const listened = shown.state === "listen" && "address" in shown.local;
  const said = absence(listened ? "listens_no_more" : "held_no_more", looked);
  if (looked.answer === "undecided") {
    return { verdict: "undecided", text: `${head}${said}: ${sanitize(becauseText(looked))}` };
  }
  return { verdict: "free", text: `${head}${said}${bindingText(shown, input)}` };
}

/** What is said of a socket whose namespace can be looked into no more. */
export function unknownFate(shown: Socket): Became {
  return {
    verdict: "undecided",
    text: `${protocolName(shown)} ${
      localText(shown)
    }: whether it is still held is not known: its network namespace cannot be looked into`,
  };
}

// What stands in the way of whoever binds there next.
function bindingText(shown: Socket, input: ExplainInput): string {
  const { local, transport, netns, v6only } = shown;
  if (!("address" in local)) {
    const path = "path" in local && local.path !== null ? utf8Text(local.path) : null;
    // A successor may have moved its own file there.
    const left = path !== null && fileAt(path, input.files) === "socket" &&
      !input.sockets.some((socket) => isAt(socket, path, input.files) !== null);
    return left ? "; its file is left over" : "";
  }
  const type = transport === "tcp" ? SOCK_STREAM : transport === "udp" ? SOCK_DGRAM : null;
  const facts = netns === null ? undefined : input.namespaces.get(netns.inode);
  const bytes = parseAddress(local.address);
  if (type === null || facts === undefined || bytes === undefined) return "";
  const tries = tryBinds(facts.found, bytes, local.port, type, new Diagnostics(), {
    v6only,
    device: local.interface,
  });
  return `; ${bindText(tries)}`;
}
