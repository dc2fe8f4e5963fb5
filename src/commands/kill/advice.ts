/**
 * Who would start a process again that has been ended, and how to stop that.
 *
 * @module
 */
import type { ExplainedSockets } from "../../model/explanation.ts";
import type { Container, Process } from "../../model/owner.ts";
import { sanitize } from "../../text/sanitize.ts";

/** A line for each unit and container that the processes belong to. */
export function restartLines(
  processes: readonly Process[],
  subjects: readonly ExplainedSockets[],
): string[] {
  const lines = new Set<string>();
  const places = subjects.flatMap((subject) => subject.places);
  for (const { pid, container, unit, unitManager } of processes) {
    const place = places.find(({ pids }) => pids.includes(pid));
    if (container !== null) lines.add(containerLine(place?.container ?? container));
    else if (unit?.endsWith(".service") === true) lines.add(unitLine(unit, unitManager === "user"));
  }
  return [...lines];
}

function unitLine(unit: string, ofUser: boolean): string {
  const name = sanitize(unit);
  return `${name} may be started again by systemd: systemctl ${
    ofUser ? "--user " : ""
  }stop ${name} ends it for good`;
}

/** The program that stops a container of a runtime. */
const STOPS: Readonly<Record<string, (name: string) => string>> = {
  docker: (name) => `docker stop ${name}`,
  podman: (name) => `podman stop ${name}`,
  containerd: (name) => `crictl stop ${name}`,
  "cri-o": (name) => `crictl stop ${name}`,
  lxc: (name) => `lxc-stop ${name}`,
  nspawn: (name) => `machinectl terminate ${name}`,
};

function containerLine({ id, name, runtime }: Container): string {
  const called = sanitize(name ?? (/^[0-9a-f]{64}$/.test(id) ? id.slice(0, 12) : id));
  const stop = runtime === null ? undefined : STOPS[runtime];
  const what = `container ${called}`;
  return stop === undefined
    ? `${what} may be started again by its runtime`
    : `${what} may be started again by ${runtime}: ${stop(called)} ends it for good`;
}
