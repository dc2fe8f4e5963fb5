/**
 * Ladder: opens the source that sees most of what this host lets us see.
 *
 * @module
 */
import type { Expr } from "../filter/ast.ts";
import { type Rung, RUNGS } from "../model/event.ts";
import type { ProcRoot } from "../proc/root.ts";
import { mayBe } from "./kernel/condition.ts";
import { KernelSource } from "./kernel_source.ts";
import { PerfSource } from "./perf_source.ts";
import { ScanSource } from "./scan_source.ts";
import type { EventSource } from "./source.ts";

/** What a person calls a rung in a reason. */
const NAMES: Readonly<Record<Rung, string>> = {
  all: "hooks and tracepoints",
  tracepoints: "tracepoints alone",
  cgroup: "hooks alone",
  perf: "samples of tracepoints",
  destroy: "notices of closed sockets",
  scan: "scans",
};

/** Opens the highest rung that can be had, not above `from`. */
export function openSource(
  filter: Expr | null,
  root: ProcRoot,
  from: Rung = "all",
): EventSource {
  const reasons: string[] = [];
  for (const rung of RUNGS.slice(RUNGS.indexOf(from))) {
    if (rung === "destroy" || rung === "scan") {
      return new ScanSource(
        root,
        { destroy: rung === "destroy", unix: mayBe(filter, "unix") },
        reasons,
      );
    }
    const opened = rung === "perf"
      ? PerfSource.open(root, reasons)
      : KernelSource.open(rung, filter, root, reasons);
    if (opened.ok) return opened.value;
    reasons.push(`${NAMES[rung]}: ${opened.reason}`);
  }
  throw new Error(`There is no rung ${from}`);
}
