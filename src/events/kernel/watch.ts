/**
 * KernelWatch: the programs of a rung on their hooks, and what they tell.
 *
 * @module
 */
import { close, O_DIRECTORY, O_RDONLY } from "../../../ffi/files.ts";
import { AT_FDCWD, tryOpenAt } from "../../../ffi/files.ts";
import { errnoName, errnoText } from "../../../ffi/errno.ts";
import { AF_INET, SOCK_DGRAM, socket, tryGetNamespaceCookie } from "../../../ffi/socket.ts";
import { cString } from "../../../ffi/memory.ts";
import { attachHook, loadHook } from "../../bpf/attachment.ts";
import type { Btf } from "../../bpf/btf.ts";
import { MissingKernelType } from "../../bpf/btf.ts";
import { type Probe, probeTypes, type Refusal, refuse } from "../../bpf/probe.ts";
import type { Expr } from "../../filter/ast.ts";
import { cgroup2Mount } from "../../origin/cgroup_paths.ts";
import { readMountinfo } from "../../proc/mountinfo.ts";
import { ProcRoot } from "../../proc/root.ts";
import { currentNetns } from "../../proc/ns.ts";
import type { KernelContext } from "./code.ts";
import { kernelPart } from "./condition.ts";
import { decodeRecord, type KernelRecord } from "./decode.ts";
import {
  allHooks,
  cgroupHooks,
  seesLengths,
  tracepointHooks,
  unseenWithoutLengths,
  type WatchHook,
} from "./hooks.ts";
import { EventMaps } from "./maps.ts";
import { pidSource } from "./pid_source.ts";
import { KINDS } from "./record.ts";
import { EVENT_TYPES, KernelTypes } from "./types.ts";

/** What the programs are attached to. */
type KernelRung = "all" | "tracepoints" | "cgroup";

/** What is opened. */
interface WatchWishes {
  readonly rung: KernelRung;
  /** The whole filter. */
  readonly filter: Expr | null;
  /** Bytes of the ring. */
  readonly ringSize?: number;
  /** Names of the hooks that are wanted. Absent: all of the rung. */
  readonly only?: readonly string[];
}

/** An open watch. Everything is gone from the kernel when it is closed, or its process ends. */
export class KernelWatch implements Disposable {
  readonly rung: KernelRung;
  readonly maps: EventMaps;
  /** What cannot be seen because a hook could not be attached, with the reason. */
  readonly missing: readonly { readonly what: string; readonly reason: string }[];
  /** False where nothing tells what became of a datagram. */
  readonly seesDatagrams: boolean;
  /** False where no record tells a network namespace, not even ours. */
  readonly tellsNetns: boolean;
  readonly #links: readonly number[];

  private constructor(rung: KernelRung, maps: EventMaps, attached: Attached) {
    this.rung = rung;
    this.maps = maps;
    this.#links = attached.links;
    this.missing = attached.missing;
    this.seesDatagrams = attached.seesDatagrams;
    this.tellsNetns = attached.tellsNetns;
  }

  /** Attaches the programs, or says why that is not possible here. */
  static open(
    { rung, filter, ringSize, only }: WatchWishes,
    root = new ProcRoot(),
  ): Probe<KernelWatch> {
    const cgroup = rung === "tracepoints" ? -1 : openCgroup(root);
    if (typeof cgroup !== "number") return cgroup;
    try {
      const maps = EventMaps.create(ringSize);
      if (!maps.ok) return maps;
      const opened = rung === "cgroup"
        ? attach(rung, maps.value, null, filter, cgroup, root, only)
        : probeTypes(
          (btf) => attach(rung, maps.value, btf, filter, cgroup, root, only),
          undefined,
          EVENT_TYPES,
        );
      if (!opened.ok) {
        maps.value[Symbol.dispose]();
        return opened;
      }
      return { ok: true, value: new KernelWatch(rung, maps.value, opened.value) };
    } finally {
      if (cgroup >= 0) close(cgroup);
    }
  }

  /** Reads at most `most` records. Throws DecodeError for one that is none. */
  drain(take: (record: KernelRecord) => void, most = Infinity): number {
    const { ring } = this.maps;
    return ring.drain(
      (start, length) => take(decodeRecord(ring.view, start, length)),
      most,
    );
  }

  /**
   * Takes the programs off, and reads all records that are left. Returns how many were not finished in time. Throws DecodeError for
   * one that is none.
   */
  finish(take: (record: KernelRecord) => void): number {
    this.detach();
    const { ring } = this.maps;
    return ring.finish((start, length) => take(decodeRecord(ring.view, start, length)));
  }

  /** Records that found no room in the ring, by kind. */
  lost(): number[] {
    return Array.from({ length: KINDS }, (_, kind) => this.maps.counter(kind));
  }

  /** Takes the programs off their hooks. The maps can still be read. */
  detach(): void {
    for (const link of (this.#links as number[]).splice(0)) close(link);
  }

  /** Takes the programs off and gives everything back. */
  [Symbol.dispose](): void {
    this.detach();
    this.maps[Symbol.dispose]();
  }
}

function openCgroup(root: ProcRoot): number | Refusal {
  const mount = cgroup2Mount(readMountinfo(root));
  if (mount === null) return refuse("no cgroup2 file system is mounted");
  const fd = tryOpenAt(AT_FDCWD, cString(mount), O_RDONLY | O_DIRECTORY);
  return fd >= 0 ? fd : refuse(`${mount} cannot be opened: ${errnoText(-fd)} (${errnoName(-fd)})`);
}

function ownNetns(root: ProcRoot): KernelContext["ownNetns"] {
  const inode = currentNetns(root);
  if (inode === null) return null;
  const fd = socket(AF_INET, SOCK_DGRAM, 0);
  const cookie = tryGetNamespaceCookie(fd);
  close(fd);
  return cookie === null ? null : { cookie, inode };
}

interface Attached {
  readonly links: readonly number[];
  readonly missing: readonly { readonly what: string; readonly reason: string }[];
  readonly seesDatagrams: boolean;
  readonly tellsNetns: boolean;
}

/** Why no namespace is told. */
const NO_NETNS_COOKIE =
  "the kernel does not tell our network namespace's cookie, which came with Linux 5.14";

/** Why the tracepoints of sends are not there. */
const NO_LENGTHS = "the kernel has no tracepoint sock_send_length, which came with Linux 6.3";

function attach(
  rung: KernelRung,
  maps: EventMaps,
  btf: Btf | null,
  filter: Expr | null,
  cgroup: number,
  root: ProcRoot,
  only: readonly string[] | undefined,
): Probe<Attached> {
  const context = kernelContext(maps, btf, filter, root);
  if (!context.ok) return context;
  const { types } = context.value;
  const hooks = hooksOf(rung, context.value, filter);
  const links: number[] = [];
  const seesDatagrams = types !== null && seesLengths(types);
  const missing = types === null || rung === "cgroup" || seesDatagrams
    ? []
    : unseenWithoutLengths(rung).map((what) => ({ what, reason: NO_LENGTHS }));
  const tellsNetns = types !== null || context.value.ownNetns !== null;
  if (!tellsNetns) {
    missing.push({
      what: "the network namespace of processes that are gone at once",
      reason: NO_NETNS_COOKIE,
    });
  }
  for (const { hook, needed, otherwise } of hooks) {
    if (only !== undefined && !only.includes(hook.name)) continue;
    const attached = tryAttach(() => attachHook(hook, btf, cgroup));
    if (attached.ok) links.push(attached.value);
    else if (needed) {
      for (const link of links) close(link);
      return attached;
    } else missing.push({ what: otherwise, reason: attached.reason });
  }
  return { ok: true, value: { links, missing, seesDatagrams, tellsNetns } };
}

function kernelContext(
  maps: EventMaps,
  btf: Btf | null,
  filter: Expr | null,
  root: ProcRoot,
): Probe<KernelContext> {
  const types = btf === null ? null : new KernelTypes(btf);
  const pids = pidSource(root, types, maps);
  if (!pids.ok) return pids;
  const value = {
    maps,
    types,
    pids: pids.value,
    hasNotes: types !== null && seesLengths(types),
    ownNetns: types === null ? ownNetns(root) : null,
    filter: kernelPart(filter),
  };
  return { ok: true, value };
}

function hooksOf(rung: KernelRung, context: KernelContext, filter: Expr | null): WatchHook[] {
  if (rung === "cgroup") return cgroupHooks(context);
  return rung === "tracepoints"
    ? tracepointHooks(context, context.types!)
    : allHooks(context, context.types!, filter);
}

/** How a program of a rung fares on this kernel. */
export interface HookTrial {
  /** As the kernel has it: `sockeye_open`. */
  readonly name: string;
  /** Without it the rung cannot be had. */
  readonly needed: boolean;
  /** What is not seen without it: a clause for a person; empty for one that is needed. */
  readonly otherwise: string;
  /** Why the kernel does not take it; `null` if it does. */
  readonly reason: string | null;
}

/** What the kernel has no place to see from. */
interface AbsentPlace {
  readonly name: string;
  readonly reason: string;
  /** As in {@linkcode HookTrial}. */
  readonly otherwise: string;
}

/** What loading the programs of a rung tells. */
interface RungTrial {
  readonly hooks: readonly HookTrial[];
  readonly absent: readonly AbsentPlace[];
}

/**
 * Loads the programs of a rung and attaches none of them, so that nothing changes for anybody. Or says why that is not possible.
 */
export function tryRung(
  rung: KernelRung,
  root = new ProcRoot(),
): Probe<RungTrial> {
  const maps = EventMaps.create(SMALLEST_RING);
  if (!maps.ok) return maps;
  const load = (btf: Btf | null): Probe<RungTrial> => {
    const context = kernelContext(maps.value, btf, null, root);
    if (!context.ok) return context;
    const { types } = context.value;
    const hooks = hooksOf(rung, context.value, null).map(({ hook, needed, otherwise }) => {
      const loaded = tryAttach(() => loadHook(hook, btf));
      if (loaded.ok) close(loaded.value);
      const reason = loaded.ok ? null : loaded.reason;
      return { name: hook.name, needed, otherwise, reason };
    });
    const absent = types === null || rung === "cgroup" || seesLengths(types) ? [] : [{
      name: "sock_send_length",
      reason: NO_LENGTHS,
      otherwise: unseenWithoutLengths(rung).join(", "),
    }];
    return { ok: true, value: { hooks, absent } };
  };
  try {
    return rung === "cgroup" ? load(null) : probeTypes(load, undefined, EVENT_TYPES);
  } finally {
    maps.value[Symbol.dispose]();
  }
}

/** Of a trial, which writes nothing into it. A ring is a power of 2 and whole pages, of which no kernel has larger ones. */
const SMALLEST_RING = 64 * 1024;

function tryAttach(attach: () => Probe<number>): Probe<number> {
  try {
    return attach();
  } catch (error) {
    if (error instanceof MissingKernelType) return refuse(error.message);
    throw error;
  }
}
