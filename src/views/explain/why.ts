/**
 * The sections Why, Uses and Next: who started the processes, what they use, and what can be done to them.
 *
 * @module
 */
import type { ExplainedSockets } from "../../model/explanation.ts";
import type { Starter, Story, Usage } from "../../model/story.ts";
import type { Span } from "../../text/flow.ts";
import { plural } from "../../text/plural.ts";
import { sanitize } from "../../text/sanitize.ts";
import { bytes, type Line, type Page, plain, unbroken } from "./page.ts";
import { sizeText } from "./where.ts";
import { ageText } from "./who.ts";

/** Stories that differ are told up to this number. */
const MOST = 4;
/** From this share of its limit on, a process will soon be unable to open files. */
const NEARLY = 0.8;

/** Processes that have the same parents and the same starter share a story. */
export function whyLines({ stories }: ExplainedSockets, page: Page): Line[] {
  const groups = new Map<string, { readonly story: Story; count: number }>();
  for (const story of stories) {
    if (story.chain.length < 2 && story.starter === null) continue;
    const { chain, starter, orphaned } = story;
    const key = [
      ...chain.slice(0, -1).map(({ pid }) => pid),
      starter?.kind,
      starter?.name,
      orphaned,
    ]
      .join();
    const known = groups.get(key);
    if (known === undefined) groups.set(key, { story, count: 1 });
    else known.count++;
  }
  const told = [...groups.values()].slice(0, MOST);
  const lines = told.flatMap(({ story, count }) => storyLines(story, count, page));
  if (groups.size > told.length) {
    lines.push(plain([`and ${groups.size - told.length} more`, "dim"]));
  }
  return lines;
}

function storyLines({ chain, starter, orphaned }: Story, count: number, page: Page): Line[] {
  const lines: Line[] = [];
  if (chain.length > 1) {
    const spans: Span[] = ["Started by "];
    for (const [i, { pid, comm, startTimeMs }] of chain.entries()) {
      if (i > 0) spans.push(unbroken(" → ").replace(/^\u00a0/, " "));
      spans.push([unbroken(`${bytes(comm)} (${pid})`), "name"]);
      if (startTimeMs !== null) {
        spans.push([unbroken(` ${ageText(page.format.now - startTimeMs)}`), "dim"]);
      }
    }
    if (count > 1) spans.push([` and ${count - 1} more like it`, "dim"]);
    lines.push(plain(...spans));
  }
  const said = starter === null ? null : starterText(starter);
  const parts = [
    ...said === null ? [] : [said],
    ...starter?.multiplexer == null
      ? []
      : [`inside a terminal multiplexer (${starter.multiplexer})`],
    ...orphaned ? ["the process that started it has ended"] : [],
  ];
  if (parts.length > 0) lines.push(plain(parts.join(", ")));
  return lines;
}

function starterText({ kind, name, pid, restart }: Starter): string {
  const called = name === null ? "" : sanitize(name);
  const through = pid === null ? "" : ` (${pid})`;
  switch (kind) {
    case "container":
      return `in container ${shortened(called)}${
        pid === null ? "" : `, which process ${pid} looks after`
      }`;
    case "cron":
      return `a job of cron${through}`;
    case "ssh":
      return `in ${name === null ? "an SSH session" : `SSH session ${called}`}`;
    case "login":
      return `in login session ${called}`;
    case "timer":
    case "path":
      return `started by ${called}`;
    case "service":
      return `the service ${called}${restartText(restart)}`;
    case "user_service":
      return `the service ${called} of the user's own systemd`;
    case "supervisor":
      return `supervised by ${called}${through}`;
  }
}

const shortened = (id: string) => /^[0-9a-f]{64}$/.test(id) ? id.slice(0, 12) : id;

function restartText(restart: string | null): string {
  switch (restart) {
    case null:
      return "";
    case "no":
      return "; systemd does not restart it (Restart=no)";
    case "always":
      return "; systemd restarts it when it ends (Restart=always)";
    case "on-failure":
      return "; systemd restarts it when it fails (Restart=on-failure)";
    default:
      return `; when systemd restarts it: Restart=${sanitize(restart)}`;
  }
}

export function usesLines({ usage, unexamined = 0 }: ExplainedSockets): Line[] {
  const sum = (of: (one: Usage) => number | null) => {
    const known = usage.map(of).filter((value) => value !== null);
    return known.length === 0 ? null : known.reduce((a, b) => a + b, 0);
  };
  const [memory, cpu] = [sum(({ memoryBytes }) => memoryBytes), sum(({ cpuMs }) => cpuMs)];
  const many = usage.length > 1;
  const parts = [
    ...memory === null
      ? []
      : [`${sizeText(memory)} of memory${many ? " (what they share counted for each)" : ""}`],
    ...cpu === null ? [] : [`${cpuText(cpu)} of CPU time`],
  ];
  const fullest =
    usage.filter(({ openFiles, openFilesLimit }) => openFiles !== null && openFilesLimit !== null)
      .sort((a, b) => b.openFiles! / b.openFilesLimit! - a.openFiles! / a.openFilesLimit!)[0];
  if (parts.length === 0 && fullest === undefined) return [];
  const spans: Span[] = [
    ...unexamined > 0
      ? [`${usage.length} of ${usage.length + unexamined} processes: `]
      : many
      ? [`${plural(usage.length, "process", "processes")}: `]
      : [],
    parts.join(", "),
  ];
  if (fullest !== undefined) {
    const { openFiles, openFilesLimit, comm, pid } = fullest;
    const near = openFiles! >= NEARLY * openFilesLimit!;
    spans.push(
      parts.length === 0 ? "" : ", ",
      [
        `${many ? `${bytes(comm)} (${pid}) has ` : ""}${openFiles} of ${
          openFilesLimit === Infinity ? "any number of" : openFilesLimit
        } open files`,
        near ? "warning" : "plain",
      ],
    );
  }
  return [plain(...spans)];
}

function cpuText(ms: number): string {
  return ms < 10_000 ? `${(ms / 1000).toFixed(ms < 1000 ? 2 : 1)} s` : ageText(ms);
}

export function nextLines({ next }: ExplainedSockets): Line[] {
  return next.map(({ what, command }) =>
    plain([`${what}:`.padEnd(9), "dim"], sanitize(command).replaceAll(" ", "\u00a0"))
  );
}
