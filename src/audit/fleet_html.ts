/**
 * A fleet as one HTML page that loads nothing. It can be opened from disk, and a security policy in its head allows only its
 * own style and script.
 *
 * @module
 */
import { namespaceText } from "../snapshot/identity.ts";
import { reachRank } from "./policy.ts";
import { sanitize } from "../text/sanitize.ts";
import type { Scope } from "../model/socket.ts";
import type { Fleet, FleetHost, FleetService } from "./fleet.ts";
import { plural } from "../text/plural.ts";

const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #fff; --text: #1b1f24; --quiet: #626b76; --line: #e3e6ea; --accent: #0b5cad;
  --near: #e7f4ec; --near-text: #1d6b3a; --mid: #fdf3dc; --mid-text: #7a5200; --far: #fde8e6; --far-text: #a3221a;
  font: 15px/1.5 system-ui, sans-serif;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14171b; --card: #1c2026; --text: #e4e7eb; --quiet: #98a2ae; --line: #2e343c; --accent: #7db7f5;
    --near: #173325; --near-text: #86d3a4; --mid: #3a2e10; --mid-text: #ecc671; --far: #44201d; --far-text: #ff9d94;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 84rem; padding: 2rem 1.25rem 4rem; background: var(--page); color: var(--text); }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0; }
h2 { font-size: 1.1rem; margin: 2.5rem 0 .75rem; }
p { margin: .4rem 0; color: var(--quiet); }
.find { position: sticky; top: 0; z-index: 1; padding: .9rem 0; background: var(--page); display: flex; gap: 1rem; align-items: center; }
.find input { flex: 1; min-width: 0; font: inherit; color: inherit; padding: .5rem .8rem; background: var(--card); border: 1px solid var(--line); border-radius: .5rem; }
.find input:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
.find span { white-space: nowrap; color: var(--quiet); font-variant-numeric: tabular-nums; }
table { border-collapse: separate; border-spacing: 0; width: 100%; background: var(--card); border: 1px solid var(--line); border-radius: .6rem; overflow: hidden; }
th, td { text-align: left; vertical-align: top; padding: .5rem .8rem; border-bottom: 1px solid var(--line); font-size: .93rem; }
tr:last-child > td { border-bottom: 0; }
th { font-size: .8rem; font-weight: 600; color: var(--quiet); white-space: nowrap; }
td.nowrap { white-space: nowrap; } td.number { text-align: right; font-variant-numeric: tabular-nums; } th.number { text-align: right; }
tbody tr:hover { background: color-mix(in srgb, var(--accent) 6%, transparent); }
code { font: 13px/1.5 ui-monospace, "Cascadia Mono", "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
td.service code { font-weight: 600; }
.reach { display: inline-block; padding: 0 .55rem; border-radius: 1rem; font-size: .82rem; white-space: nowrap; background: var(--mid); color: var(--mid-text); }
.reach.near { background: var(--near); color: var(--near-text); } .reach.far { background: var(--far); color: var(--far-text); }
details summary { cursor: pointer; color: var(--accent); white-space: nowrap; }
.partial { color: var(--far-text); } .whole { color: var(--near-text); }
.none { padding: 1.5rem; text-align: center; }
@media (max-width: 46rem) {
  body { padding: 1.25rem .8rem 3rem; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  table, tbody, tr, td { display: block; border: 0; background: none; }
  table { border-radius: 0; overflow: visible; }
  tr { margin-bottom: .7rem; padding: .6rem .9rem; background: var(--card); border: 1px solid var(--line); border-radius: .6rem; }
  tr[hidden] { display: none; }
  td, td.number { padding: .15rem 0 .15rem 6rem; position: relative; text-align: left; }
  td.nowrap { white-space: normal; }
  td::before { content: attr(data-label); position: absolute; left: 0; color: var(--quiet); font-size: .82rem; }
  td.service { padding: 0 0 .3rem; } td.service::before, td:empty { display: none; }
}
@media print { .find { display: none; } body { max-width: none; background: none; } }
`;

// Shows the rows whose text contains every word.
const SCRIPT = `
const box = document.getElementById("filter");
const rows = [...document.querySelectorAll("#services tbody tr")]
  .map((row) => ({ row, text: row.textContent.toLowerCase() }));
const left = document.getElementById("left");
const none = document.getElementById("none");
const show = () => {
  const words = box.value.toLowerCase().split(/\\s+/).filter((word) => word !== "");
  let count = 0;
  for (const { row, text } of rows) {
    row.hidden = !words.every((word) => text.includes(word));
    if (!row.hidden) count++;
  }
  left.textContent = String(count);
  none.hidden = count > 0;
};
box.addEventListener("input", show);
show();
`;

/** The page. */
export function fleetPage(fleet: Fleet): string {
  const hash = (text: string) => new Bun.CryptoHasher("sha256").update(text).digest("base64");
  const policy = `default-src 'none'; style-src 'sha256-${hash(STYLE)}'; script-src 'sha256-${
    hash(SCRIPT)
  }'; base-uri 'none'; form-action 'none'`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sockeye: ${plural(fleet.hosts.length, "host")}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Services on ${plural(fleet.hosts.length, "host")}</h1>
<p>${summary(fleet)}</p>
<div class="find"><input id="filter" type="search" autocomplete="off" aria-label="Filter" placeholder="Filter: words of a service, program, user, unit or host"><span><output id="left">${fleet.services.length}</output> of ${fleet.services.length}</span></div>
<table id="services">
<thead><tr>${SERVICE_COLUMNS.map((name) => `<th>${name}</th>`).join("")}</tr></thead>
<tbody>
${fleet.services.map((service) => serviceRow(service, fleet)).join("\n")}
</tbody>
</table>
<p id="none" class="none" hidden>No service matches all of these words.</p>
<h2>Hosts</h2>
<table id="hosts">
<thead><tr>${
    HOST_COLUMNS.map((name) => `<th${name === "Services" ? ' class="number"' : ""}>${name}</th>`)
      .join("")
  }</tr></thead>
<tbody>
${fleet.hosts.map(hostRow).join("\n")}
</tbody>
</table>
<script>${SCRIPT}</script>
</body>
</html>
`;
}

const SERVICE_COLUMNS = ["Service", "Reach", "Program", "User", "Unit", "Namespace", "Hosts"];
const HOST_COLUMNS = ["Host", "Services", "Taken", "Kernel", "Boot", "Not seen"];
/** Further hosts are folded up. */
const NAMED_HOSTS = 3;

function summary({ hosts, services, superseded, fromFuture }: Fleet): string {
  const far = services.filter(({ service }) => service.values.reach.some(isFar)).length;
  const future = hosts.filter(({ future }) => future).length;
  const partial = hosts.filter(({ complete }) => !complete).length;
  return [
    plural(services.length, "service"),
    ...(far > 0 ? [`${far} reachable from everywhere`] : []),
    ...(partial > 0 ? [`not everything could be read on ${plural(partial, "host")}`] : []),
    ...(superseded > fromFuture
      ? [`${plural(superseded - fromFuture, "older snapshot")} left out`]
      : []),
    ...(fromFuture > 0 ? [`${plural(fromFuture, "snapshot")} dated in the future left out`] : []),
    ...(future > 0 ? [`${plural(future, "snapshot")} dated in the future`] : []),
  ].join(" · ");
}

/** A row of cells. Each has the name of its column, which narrow screens show beside it. */
function row(
  columns: readonly string[],
  cells: readonly (readonly [html: string, kind?: string])[],
) {
  const tds = cells.map(([html, kind], i) =>
    `<td${kind === undefined ? "" : ` class="${kind}"`} data-label="${columns[i]}">${html}</td>`
  );
  return `<tr>${tds.join("")}</tr>`;
}

function serviceRow({ service, hosts: on }: FleetService, { hosts }: Fleet): string {
  const { values } = service;
  return row(SERVICE_COLUMNS, [
    [code(service.endpoint), "service"],
    [values.reach.map(reach).join(" "), "nowrap"],
    [values.exe.map(code).join("<br>")],
    [escape(values.user.join(", "))],
    [escape(values.unit.join(", "))],
    [escape(namespaceText(service.netns)), "nowrap"],
    [hostNames(on.map((index) => hosts[index]!.host.name), hosts.length)],
  ]);
}

function hostNames(names: readonly string[], all: number): string {
  if (names.length === all && all > 1) return `all ${all}`;
  const list = escape(names.join(", "));
  return names.length <= NAMED_HOSTS
    ? list
    : `<details><summary>${names.length} of ${all}</summary>${list}</details>`;
}

function hostRow({ host, takenAt, complete, gaps, services }: FleetHost): string {
  return row(HOST_COLUMNS, [
    [`<strong>${escape(host.name)}</strong>`, "service"],
    [String(services), "number"],
    [escape(takenAt.replace("T", " ").replace(/\.\d+Z$|Z$/, " UTC")), "nowrap"],
    [escape(host.kernel)],
    [code(host.boot_id ?? "")],
    [
      complete
        ? '<span class="whole">nothing: everything was read</span>'
        : `<span class="partial">${
          [...new Set(gaps.map(({ reason }) => escape(reason)))].join("<br>")
        }</span>`,
    ],
  ]);
}

function isFar(scope: string): boolean {
  return reachRank(scope as Scope) >= reachRank("public");
}

function reach(scope: string): string {
  const near = ["loopback", "host"].includes(scope);
  return `<span class="reach${isFar(scope) ? " far" : near ? " near" : ""}">${
    escape(scope.replace("_", " "))
  }</span>`;
}

function code(text: string): string {
  return text === "" ? "" : `<code>${escape(text)}</code>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Escapes text for HTML. Control and bidirectional characters are made visible, as on a terminal. */
function escape(text: string): string {
  return sanitize(text).replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}
