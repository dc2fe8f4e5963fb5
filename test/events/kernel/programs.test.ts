import { expect, test } from "bun:test";
import { close } from "../../../ffi/files.ts";
import { assemble } from "../../../src/bpf/assembler.ts";
import { loadHook } from "../../../src/bpf/attachment.ts";
import { probePermission, probeTypes } from "../../../src/bpf/probe.ts";
import type { KernelContext, PidSource } from "../../../src/events/kernel/code.ts";
import { kernelPart } from "../../../src/events/kernel/condition.ts";
import {
  allHooks,
  cgroupHooks,
  tracepointHooks,
  type WatchHook,
} from "../../../src/events/kernel/hooks.ts";
import { EventMaps } from "../../../src/events/kernel/maps.ts";
import { EVENT_TYPES, KernelTypes } from "../../../src/events/kernel/types.ts";
import { parseFilter } from "../../../src/filter/mod.ts";
import { describeIf } from "../../support/skip.ts";
import { disassemble } from "../../support/disassembler.ts";

const permission = probePermission();
const reason = permission.ok ? null : permission.reason;

const INITIAL: PidSource = { kind: "initial" };
const LEVEL: PidSource = { kind: "level", level: 1, inode: 4026531836 };
const HELPER: PidSource = { kind: "helper", device: 4, inode: 4026531836 };

const FILTER = parseFilter(
  "(udp or tcp) and (dst 10.0.0.0/8 or not port 80,443,8000-8100) and not pid 7",
);

/** Those of a kernel before 6.3, as far as its tracepoints go. */
class OlderTypes extends KernelTypes {
  override hasTracepoint(name: Parameters<KernelTypes["hasTracepoint"]>[0]): boolean {
    return !name.endsWith("_length") && super.hasTracepoint(name);
  }
}

/** Calls `use` with every program of every watch. */
function eachProgram(use: (hook: WatchHook, types: KernelTypes, name: string) => void): void {
  const maps = EventMaps.create(64 * 1024);
  if (!maps.ok) throw new Error(maps.reason);
  try {
    const probed = probeTypes(
      (btf) => {
        const types = new KernelTypes(btf);
        for (const filter of [null, FILTER]) {
          for (const pids of [INITIAL, LEVEL, HELPER]) {
            const context: KernelContext = {
              maps: maps.value,
              types,
              pids,
              hasNotes: true,
              ownNetns: { cookie: 5n, inode: 4026531840 },
              filter: kernelPart(filter),
            };
            const name = `${pids.kind}${filter === null ? "" : ", filtered"}`;
            if (pids !== HELPER) {
              for (const hook of allHooks(context, types, null)) use(hook, types, `all, ${name}`);
              // What a filter excludes is left out of the programs.
              for (const text of ["tcp", "udp", "family unix"]) {
                for (const hook of allHooks(context, types, parseFilter(text))) {
                  use(hook, types, `${text}, ${name}`);
                }
              }
              for (const hook of tracepointHooks(context, types)) {
                use(hook, types, `tracepoints, ${name}`);
              }
              if (filter !== null) continue;
              const older = new OlderTypes(btf);
              const before = { ...context, types: older, hasNotes: false };
              for (const hook of allHooks(before, older, filter)) {
                use(hook, older, `all before 6.3, ${name}`);
              }
              for (const hook of tracepointHooks(before, older)) {
                use(hook, older, `tracepoints before 6.3, ${name}`);
              }
            }
            if (pids !== LEVEL) {
              const blind = { ...context, types: null, hasNotes: false };
              for (const hook of cgroupHooks(blind)) use(hook, types, `cgroup, ${name}`);
            }
          }
        }
        return { ok: true, value: null };
      },
      undefined,
      EVENT_TYPES,
    );
    if (!probed.ok) throw new Error(probed.reason);
  } finally {
    maps.value[Symbol.dispose]();
  }
}

describeIf(reason, "programs of watch", () => {
  test(
    "pass the verifier of this kernel, with and without a filter, inside and outside of PID namespaces",
    () => {
      const refused: string[] = [];
      let count = 0;
      eachProgram(({ hook }, types, name) => {
        count++;
        const loaded = loadHook(hook, types.btf);
        if (loaded.ok) close(loaded.value);
        else refused.push(`${name}: ${hook.name}: ${loaded.reason}`);
      });
      expect(refused).toEqual([]);
      expect(count).toBeGreaterThan(80);
    },
    300_000,
  );

  test("return 1 where they stand in the way of traffic, and nothing else anywhere", () => {
    eachProgram(({ hook }) => {
      const lines = disassemble(assemble(hook.code)).map((line) => line.replace(/^\d+: /, ""));
      const exits = lines.flatMap((line, i) => line === "exit" ? [lines[i - 1]!] : []);
      expect(exits).toEqual(["tracepoint" in hook.on ? "r0 = 0" : "r0 = 1"]);
      // The one exit is the end, so that no path falls off it.
      expect(lines.at(-1)).toBe("exit");
    });
  }, 120_000);

  test("keep nothing with a socket where they are to run on kernels that cannot", () => {
    let count = 0;
    eachProgram(({ hook }, _types, name) => {
      if (!/before|cgroup/.test(name)) return;
      count++;
      const text = disassemble(assemble(hook.code)).join("\n");
      expect(text).not.toMatch(/call 107$|lock (cmpxchg|xadd)/m);
    });
    expect(count).toBeGreaterThan(10);
  }, 120_000);

  test("have names that the kernel takes, each its own", () => {
    const names = new Map<string, Set<string>>();
    eachProgram(({ hook }, _types, name) => {
      expect(hook.name).toMatch(/^\w{1,15}$/);
      const known = names.get(name) ?? new Set();
      expect(known.has(hook.name)).toBe(false);
      names.set(name, known.add(hook.name));
    });
  }, 120_000);
});
