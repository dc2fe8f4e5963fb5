/**
 * A fleet as one HTML page that loads nothing: it opens from disk, and a policy in its head forbids everything but its own
 * style and script.
 *
 * @module
 */
import { reachRank } from "./policy.ts";
import { sanitize } from "../views/text/sanitize.ts";
import type { Scope } from "../model/socket.ts";
import type { Fleet, FleetHost, FleetService } from "./fleet.ts";

const STYLE = `
:root { color-scheme: light dark; font: 15px/1.45 system-ui, sans-serif; }
body { margin: 2rem auto; max-width: 80rem; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
input { font: inherit; padding: .35rem .6rem; width: 100%; box-sizing: border-box; margin: .5rem 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid #8884; overflow-wrap: anywhere; }
th { font-weight: 600; }
code { font: 13px/1.4 ui-monospace, monospace; }
.far { color: #b3261e; font-weight: 600; } .near { color: #777; }
.partial { color: #b3261e; }
@media (prefers-color-scheme: dark) { .far, .partial { color: #ff8a80; } .near { color: #999; } }
`;

// Rows whose text holds every word stay.
const SCRIPT = `
const box = document.getElementById("filter");
const rows = [...document.querySelectorAll("#services tbody tr")];
const left = document.getElementById("left");
const show = () => {
  const words = box.value.toLowerCase().split(/\\s+/).filter((word) => word !== "");
  let count = 0;
  for (const row of rows) {
    const text = row.textContent.toLowerCase();
    row.hidden = !words.every((word) => text.includes(word));
    if (!row.hidden) count++;
  }
  left.textContent = String(count);
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
<title>Sockeye: ${fleet.hosts.length} hosts</title>
<style>${STYLE}</style>
</head>
<body>
<h1>What can be talked to on ${fleet.hosts.length} ${
    fleet.hosts.length === 1 ? "host" : "hosts"
  }</h1>
<label>Filter, by any words <input id="filter" type="search" autocomplete="off"></label>
<p><output id="left">${fleet.services.length}</output> of ${fleet.services.length} services</p>
<table id="services">
<thead><tr><th>Service</th><th>Namespace</th><th>Reach</th><th>Program</th><th>User</th><th>Unit</th><th>Hosts</th></tr></thead>
<tbody>
${fleet.services.map((service) => serviceRow(service, fleet)).join("\n")}
</tbody>
</table>
<h2>Hosts</h2>
<table id="hosts">
<thead><tr><th>Host</th><th>Boot</th><th>Kernel</th><th>Taken</th><th>Services</th><th>Not seen</th></tr></thead>
<tbody>
${fleet.hosts.map(hostRow).join("\n")}
</tbody>
</table>
<script>${SCRIPT}</script>
</body>
</html>
`;
}

function serviceRow({ service, hosts: on }: FleetService, { hosts }: Fleet): string {
  const { values } = service;
  const names = on.length === hosts.length && hosts.length > 1
    ? `all ${hosts.length}`
    : on.map((index) => hosts[index]!.host.name).join(", ");
  const cells = [
    code(service.endpoint),
    escape(service.netns),
    values.reach.map(reach).join(" "),
    values.exe.map(code).join("<br>"),
    escape(values.user.join(", ")),
    escape(values.unit.join(", ")),
    escape(names),
  ];
  return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`;
}

function hostRow({ host, takenAt, complete, gaps, services }: FleetHost): string {
  const cells = [
    escape(host.name),
    code(host.boot_id ?? ""),
    escape(host.kernel),
    escape(takenAt),
    String(services),
    complete
      ? "everything was seen"
      : `<span class="partial">${gaps.map(({ reason }) => escape(reason)).join("<br>")}</span>`,
  ];
  return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`;
}

function reach(scope: string): string {
  const rank = reachRank(scope as Scope);
  const kind = rank >= reachRank("public") ? "far" : rank === reachRank("loopback") ? "near" : "";
  return `<span class="${kind}">${escape(scope.replace("_", " "))}</span>`;
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

/** Text for between tags. Control and bidirectional characters are shown, as on a terminal. */
function escape(text: string): string {
  return sanitize(text).replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}
