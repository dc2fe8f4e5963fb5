/**
 * Who would start a process again that has been ended, and how to stop that.
 *
 * @module
 */
import type { ExplainedSockets } from "../../model/explanation.ts";
import type { Process } from "../../model/owner.ts";
import type { Facts } from "../../origin/facts.ts";
import { managedBy } from "../../origin/manager.ts";
import { restartOf } from "../../origin/unit_file.ts";
import { sanitize } from "../../text/sanitize.ts";

/** A line for each unit, container and supervised service that the processes belong to and that may start again. */
export function restartLines(
  processes: readonly Process[],
  subjects: readonly ExplainedSockets[],
  facts: Pick<Facts, "environment" | "cwd" | "get">,
  root = "",
): string[] {
  const lines = new Set<string>();
  const places = subjects.flatMap((subject) => subject.places);
  for (const process of processes) {
    const place = places.find(({ pids }) => pids.includes(process.pid));
    const container = place?.container ?? process.container;
    const managed = managedBy(process, container, place?.pod ?? null, facts);
    if (managed === null) continue;
    const { by, what, steps } = managed;
    const isUnit = by === "systemd" && process.unitManager === "system";
    const restart = isUnit ? restartOf(what, root) : null;
    if (restart === "no") continue;
    const stop = steps.find((step) => step.what === "stop")?.command;
    lines.add(
      sanitize(
        `${what} ${restart === "always" ? "will" : "may"} be started again by ${by}${
          restart === null ? "" : ` (Restart=${restart})`
        }${stop === undefined ? "" : `: ${stop} ends it for good`}`,
      ),
    );
  }
  return [...lines];
}
