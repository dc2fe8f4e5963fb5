/**
 * Who started a process, from its ancestors, its control group and its environment.
 *
 * @module
 */
import type { Process } from "../model/owner.ts";
import type { Link, Starter, Story } from "../model/story.ts";
import { utf8Text } from "../text/encoding.ts";
import { sessionOf } from "./cgroup.ts";
import type { Facts } from "./facts.ts";
import { restartOf } from "./unit_file.ts";

/** Longer chains of parents are none. */
const MAX_DEPTH = 256;

/** Names of programs, by what it means to descend from one. A name is cut at 15 bytes by the kernel. */
const PROGRAMS: readonly (readonly [
  kind: "shim" | "cron" | "ssh" | "login" | "supervisor" | "multiplexer",
  name: RegExp,
])[] = [
  [
    "shim",
    /^(containerd-shim|conmon|dockerd|lxc-start|\[lxc monitor\]|systemd-nspawn|crun|runc)/,
  ],
  ["cron", /^(cron|crond|CRON|anacron|atd|fcron|dcron)$/],
  ["ssh", /^(sshd|sshd-session|sshd-auth|dropbear)/],
  ["login", /^(login|agetty|gdm|sddm|lightdm|xdm|greetd)/],
  ["supervisor", /^(supervisord|runsv|s6-supervise|PM2|monit|circusd|perpd|god)\b/],
  ["multiplexer", /^(tmux|screen|SCREEN|zellij|dtach|abduco)\b/],
];

/** A process and its parents, the oldest first. */
function chainOf(process: Process, facts: Pick<Facts, "get">): Link[] {
  const chain: Link[] = [];
  const seen = new Set<number>();
  let next: Process | null = process;
  while (next !== null && chain.length < MAX_DEPTH) {
    const { pid, comm, startTimeMs, ppid }: Process = next;
    seen.add(pid);
    chain.push({ pid, comm, startTimeMs });
    // The first process of a PID namespace has the parent 0 there.
    next = ppid === null || ppid === 0 || seen.has(ppid) ? null : facts.get(ppid);
    // One that has ended is none. One that may not be read is there, and the chain ends with it.
    if (next?.comm === null && next.unread?.stat === undefined) next = null;
  }
  return chain.reverse();
}

/** Tells the story of a process. `containerName`: what its container is called, where it is in one. */
export function storyOf(
  process: Process,
  facts: Pick<Facts, "get" | "cgroup" | "environment">,
  containerName: string | null,
  root = "",
): Story {
  const chain = chainOf(process, facts);
  const cgroup = facts.cgroup(process.pid);
  const session = cgroup === null ? null : sessionOf(cgroup);
  const parent = chain.at(-2);
  // systemd itself starts nothing in the scope of a session: whoever did has ended.
  const orphaned = session !== null && parent?.pid === 1;
  return {
    chain,
    starter: starterOf(process, chain, session, facts, containerName, root),
    orphaned,
  };
}

function starterOf(
  process: Process,
  chain: readonly Link[],
  session: string | null,
  facts: Pick<Facts, "environment">,
  containerName: string | null,
  root: string,
): Starter | null {
  const nearest = (kind: typeof PROGRAMS[number][0]): Link | null => {
    const pattern = PROGRAMS.find(([name]) => name === kind)![1];
    // What a process is itself, it was not started by.
    return chain.slice(0, -1).findLast(({ comm }) =>
      comm !== null && pattern.test(utf8Text(comm))
    ) ??
      null;
  };
  const multiplexer = nearest("multiplexer")?.pid ?? null;
  const of = (
    kind: Starter["kind"],
    name: string | null,
    link: Link | null,
    restart: string | null = null,
  ) => ({ kind, name, pid: link?.pid ?? null, multiplexer, restart });
  const { container, unit, unitManager, pid } = process;
  if (container !== null) return of("container", containerName ?? container.id, nearest("shim"));
  const cron = nearest("cron");
  if (cron !== null) return of("cron", null, cron);
  const supervisor = nearest("supervisor");
  if (supervisor !== null) return of("supervisor", utf8Text(supervisor.comm!), supervisor);
  const ssh = nearest("ssh");
  if (ssh !== null) return of("ssh", session, ssh);
  if (session !== null) return of("login", session, nearest("login"));
  if (unit === null || !unit.endsWith(".service")) return null;
  if (unitManager === "user") return of("user_service", unit, null);
  if (unitManager !== "system") return null;
  const restart = restartOf(unit, root);
  // systemd.exec(5), since version 252.
  const trigger = facts.environment(pid, "TRIGGER_UNIT");
  if (trigger?.endsWith(".timer")) return of("timer", trigger, null, restart);
  if (trigger?.endsWith(".path")) return of("path", trigger, null, restart);
  return of("service", unit, null, restart);
}
