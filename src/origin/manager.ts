/**
 * Commands by which whoever manages a process shows its output, starts it again, or stops it.
 *
 * @module
 */
import type { Container, Process } from "../model/owner.ts";
import type { NextStep } from "../model/story.ts";
import { utf8Text } from "../text/encoding.ts";
import type { Facts } from "./facts.ts";

/** Who manages a process, and the commands for it. */
interface Managed {
  /** As one says it: `systemd`, `docker`. */
  readonly by: string;
  /** What it manages: `app.service`, `container web`. */
  readonly what: string;
  readonly steps: readonly NextStep[];
}

/** A word as a shell takes it. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function steps(logs: string | null, restart: string | null, stop: string | null): NextStep[] {
  return [
    ...logs === null ? [] : [{ what: "logs", command: logs } as const],
    ...restart === null ? [] : [{ what: "restart", command: restart } as const],
    ...stop === null ? [] : [{ what: "stop", command: stop } as const],
  ];
}

/** Who manages a process; `null` if nobody that is known. `pod`: that of its container. */
export function managedBy(
  process: Process,
  container: Container | null,
  pod: { readonly name: string | null; readonly namespace: string | null } | null,
  facts: Pick<Facts, "environment" | "cwd" | "get">,
): Managed | null {
  if (container !== null) return ofContainer(container, pod);
  return ofSupervisor(process, facts) ?? ofUnit(process);
}

function ofUnit({ unit, unitManager }: Process): Managed | null {
  if (unit === null || unitManager === "delegated" || !unit.endsWith(".service")) return null;
  const user = unitManager === "user" ? "--user " : "";
  const name = shellWord(unit);
  return {
    by: "systemd",
    what: unit,
    steps: steps(
      `journalctl ${user}-u ${name}`,
      `systemctl ${user}restart ${name}`,
      `systemctl ${user}stop ${name}`,
    ),
  };
}

function ofContainer(
  { id, name, runtime }: Container,
  pod: { readonly name: string | null; readonly namespace: string | null } | null,
): Managed {
  const called = name ?? (/^[0-9a-f]{64}$/.test(id) ? id.slice(0, 12) : id);
  const word = shellWord(called);
  const what = `container ${called}`;
  if (pod?.name != null && pod.namespace !== null) {
    const where = `-n ${shellWord(pod.namespace)} ${shellWord(pod.name)}`;
    return {
      by: "Kubernetes",
      what: `pod ${pod.name}`,
      steps: steps(
        `kubectl logs ${where}${name === null ? "" : ` -c ${word}`}`,
        `kubectl delete pod ${where}`,
        null,
      ),
    };
  }
  switch (runtime) {
    case "docker":
    case "podman":
      return {
        by: runtime,
        what,
        steps: steps(
          `${runtime} logs ${word}`,
          `${runtime} restart ${word}`,
          `${runtime} stop ${word}`,
        ),
      };
    case "containerd":
    case "cri-o": {
      const short = id.slice(0, 12);
      return {
        by: runtime,
        what,
        steps: steps(`crictl logs ${short}`, null, `crictl stop ${short}`),
      };
    }
    case "nspawn":
      return {
        by: "systemd-nspawn",
        what,
        steps: steps(
          `journalctl -M ${word}`,
          `machinectl reboot ${word}`,
          `machinectl terminate ${word}`,
        ),
      };
    case "lxc":
      return { by: "lxc", what, steps: steps(null, null, `lxc-stop -n ${word}`) };
    default:
      return { by: runtime ?? "its runtime", what, steps: [] };
  }
}

/** Supervisors that a process descends from directly: what they call a service stands in its environment, or is their folder. */
function ofSupervisor(
  { pid, ppid }: Process,
  facts: Pick<Facts, "environment" | "cwd" | "get">,
): Managed | null {
  const name = facts.environment(pid, "SUPERVISOR_PROCESS_NAME");
  if (name !== null && facts.environment(pid, "SUPERVISOR_ENABLED") !== null) {
    const group = facts.environment(pid, "SUPERVISOR_GROUP_NAME");
    const word = shellWord(group === null || group === name ? name : `${group}:${name}`);
    return {
      by: "supervisord",
      what: name,
      steps: steps(
        `supervisorctl tail -f ${word}`,
        `supervisorctl restart ${word}`,
        `supervisorctl stop ${word}`,
      ),
    };
  }
  const pm2 = facts.environment(pid, "pm_id");
  if (pm2 !== null && /^\d+$/.test(pm2)) {
    return {
      by: "pm2",
      what: `process ${pm2}`,
      steps: steps(`pm2 logs ${pm2}`, `pm2 restart ${pm2}`, `pm2 stop ${pm2}`),
    };
  }
  const parent = ppid === null ? null : facts.get(ppid).comm;
  const comm = parent === null ? "" : utf8Text(parent);
  if (comm !== "runsv" && comm !== "s6-supervise") return null;
  const folder = facts.cwd(ppid!);
  if (folder === null) return null;
  const word = shellWord(utf8Text(folder));
  return {
    by: comm,
    what: utf8Text(folder),
    steps: comm === "runsv"
      ? steps(null, `sv restart ${word}`, `sv stop ${word}`)
      : steps(null, `s6-svc -r ${word}`, `s6-svc -d ${word}`),
  };
}
