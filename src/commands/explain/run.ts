/**
 * Run: how the processes of a socket came to run, what they use, and what can be done to them.
 *
 * @module
 */
import type { ExplainedSockets, Logs, Place } from "../../model/explanation.ts";
import type { Process } from "../../model/owner.ts";
import type { OwnerNode, Relations } from "../../model/relation.ts";
import type { Socket } from "../../model/socket.ts";
import type { NextStep, Story, Usage } from "../../model/story.ts";
import { managedBy, shellWord } from "../../origin/manager.ts";
import { storyOf } from "../../origin/starter.ts";
import { countOpenFiles, parseCpuMs, parseMemory, parseOpenFilesLimit } from "../../proc/usage.ts";
import { utf8Text } from "../../text/encoding.ts";
import type { ExplainInput } from "./input.ts";

/** Further processes were started much like these. */
const MOST_STORIES = 16;

/** The processes that no other owner of the same socket has started. What starts services with their socket does not count. */
export function firstProcesses(relations: readonly Relations[]): Process[] {
  const found = new Map<number, Process>();
  const add = ({ owner: { process }, children }: OwnerNode): void => {
    const activated = children.filter(({ role }) => role === "activated");
    if (activated.length === 0) found.set(process.pid, process);
    for (const child of activated) add(child);
  };
  for (const { roots } of relations) for (const root of roots) add(root);
  return [...found.values()];
}

/** `processes`: those that were looked at. `first`: see {@linkcode firstProcesses}. `socket`: the service; `null` for connections. */
export function runOf(
  first: readonly Process[],
  processes: readonly Process[],
  places: readonly Place[],
  logs: Logs,
  socket: Socket | null,
  input: ExplainInput,
): Pick<ExplainedSockets, "stories" | "usage" | "next"> {
  const placeOf = ({ pid }: Process) => places.find(({ pids }) => pids.includes(pid));
  const stories: Story[] = first.slice(0, MOST_STORIES).map((process) =>
    storyOf(process, input.facts, placeOf(process)?.container?.name ?? null)
  );
  return {
    stories,
    usage: processes.map((process) => usageOf(process, input)),
    next: nextSteps(first, placeOf, logs, socket, input),
  };
}

function usageOf({ pid, comm }: Process, { root }: ExplainInput): Usage {
  const [stat, status, limits] = ["stat", "status", "limits"].map((file) =>
    root.text(`${pid}/${file}`)
  );
  return {
    pid,
    comm,
    memoryBytes: status == null ? null : parseMemory(status),
    cpuMs: stat == null ? null : parseCpuMs(stat),
    openFiles: countOpenFiles(root, pid),
    openFilesLimit: limits == null ? null : parseOpenFilesLimit(limits),
  };
}

function nextSteps(
  first: readonly Process[],
  placeOf: (process: Process) => Place | undefined,
  logs: Logs,
  socket: Socket | null,
  { facts, namespaces }: ExplainInput,
): NextStep[] {
  const steps = new Map<string, NextStep>();
  for (const process of first.slice(0, MOST_STORIES)) {
    const place = placeOf(process);
    const managed = managedBy(
      process,
      place?.container ?? process.container,
      place?.pod ?? null,
      facts,
    );
    for (const step of managed?.steps ?? []) steps.set(step.command, step);
  }
  if (steps.size > 0) return [...steps.values()];
  const [log] = logs.files.filter(({ deleted }) => !deleted);
  const word = socket === null ? null : targetWord(socket);
  const netns = socket?.netns ?? null;
  const [process] = first;
  // A path or a name leads into any namespace; a port is one of its own.
  const elsewhere = socket === null || !("address" in socket.local) || netns === null ||
      namespaces.get(netns.inode)?.found.own !== false || process === undefined
    ? ""
    : ` --netns ${netns.name === null ? process.pid : shellWord(netns.name)}`;
  return [
    ...log === undefined
      ? []
      : [{ what: "logs", command: `tail -F ${shellWord(utf8Text(log.path))}` } as const],
    ...word === null || first.length === 0
      ? []
      : [{ what: "stop", command: `sockeye kill ${word}${elsewhere}` } as const],
  ];
}

// How the service is named on a command line; `null` where it has no name.
function targetWord({ local, transport }: Socket): string | null {
  if ("address" in local) return local.port === 0 ? null : `${transport}/${local.port}`;
  if (!("path" in local)) return null;
  if (local.path !== null && local.path[0] === 0x2f) return shellWord(utf8Text(local.path));
  return local.name === null ? null : shellWord(`@${utf8Text(local.name).replaceAll("\0", "@")}`);
}
