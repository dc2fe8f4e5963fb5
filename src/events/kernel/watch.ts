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
import { attachHook } from "../../bpf/attachment.ts";
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
import { allHooks, cgroupHooks, tracepointHooks, type WatchHook } from "./hooks.ts";
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
  readonly #links: readonly number[];

  private constructor(
    rung: KernelRung,
    maps: EventMaps,
    links: readonly number[],
    missing: readonly { readonly what: string; readonly reason: string }[],
  ) {
    this.rung = rung;
    this.maps = maps;
    this.#links = links;
    this.missing = missing;
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
      const { links, missing } = opened.value;
      return { ok: true, value: new KernelWatch(rung, maps.value, links, missing) };
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

  /** Passes over all records. Returns how many there were. */
  skip(): number {
    return this.maps.ring.drain(() => {});
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
}

function attach(
  rung: KernelRung,
  maps: EventMaps,
  btf: Btf | null,
  filter: Expr | null,
  cgroup: number,
  root: ProcRoot,
  only: readonly string[] | undefined,
): Probe<Attached> {
  const types = btf === null ? null : new KernelTypes(btf);
  const pids = pidSource(root, types, maps);
  if (!pids.ok) return pids;
  const context = {
    maps,
    types,
    pids: pids.value,
    ownNetns: types === null ? ownNetns(root) : null,
    filter: kernelPart(filter),
  };
  const hooks: WatchHook[] = rung === "cgroup"
    ? cgroupHooks(context)
    : rung === "tracepoints"
    ? tracepointHooks(context, types!)
    : allHooks(context, types!, filter);
  const links: number[] = [];
  const missing: { what: string; reason: string }[] = [];
  for (const { hook, needed, otherwise } of hooks) {
    if (only !== undefined && !only.includes(hook.name)) continue;
    const attached = tryAttach(() => attachHook(hook, btf, cgroup));
    if (attached.ok) links.push(attached.value);
    else if (needed) {
      for (const link of links) close(link);
      return attached;
    } else missing.push({ what: otherwise, reason: attached.reason });
  }
  return { ok: true, value: { links, missing } };
}

function tryAttach(attach: () => Probe<number>): Probe<number> {
  try {
    return attach();
  } catch (error) {
    if (error instanceof MissingKernelType) return refuse(error.message);
    throw error;
  }
}
