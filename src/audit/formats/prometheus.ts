/**
 * An audit as metrics in the text format of Prometheus, for the textfile collector of node_exporter.
 *
 * Labels contain only what stays the same after a restart: no process ID and no inode.
 *
 * @module
 */
import type { SnapshotDocument, SocketDocument } from "../../snapshot/document.ts";
import {
  endpointText,
  identify,
  isService,
  program,
  stableUnit,
  transportText,
} from "../../snapshot/identity.ts";
import { escapeHarmful } from "../../text/sanitize.ts";
import { type AuditReport, countVerdicts } from "../report.ts";

interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The metrics. */
export function prometheusReport(report: AuditReport, document: SnapshotDocument): string {
  const services = document.sockets.filter(isService).filter(({ family }) => family !== "unix");
  const queues = services.filter(({ accept_queue: queue }) => queue !== null);
  const violation = report.outcome === "violation";
  const host = { host: report.host.name, boot_id: report.host.boot_id ?? "" };
  return [
    metric("sockeye_host_info", "The host and boot that the other metrics describe.", [
      { labels: host, value: 1 },
    ]),
    metric(
      "sockeye_listen_info",
      "A socket that accepts connections or datagrams.",
      distinct(services.map((socket) => ({ labels: listenLabels(socket, document), value: 1 }))),
    ),
    metric(
      "sockeye_listen_accept_queue",
      "Connections that wait to be accepted.",
      sum(queues.map((socket) => ({
        labels: placeLabels(socket, document),
        value: socket.accept_queue!.length,
      }))),
    ),
    metric(
      "sockeye_listen_backlog",
      "Connections that may wait to be accepted.",
      sum(
        queues.filter(({ accept_queue: queue }) => queue!.limit !== null).map((socket) => ({
          labels: placeLabels(socket, document),
          value: socket.accept_queue!.limit!,
        })),
      ),
    ),
    report.policy === null
      ? metric("sockeye_audit_findings", "Findings by rule and severity.", findings(report))
      : metric(
        "sockeye_policy_results",
        "Services by the verdict of the policy.",
        Object.entries(countVerdicts(report)).map(([verdict, value]) => ({
          labels: { verdict },
          value,
        })),
      ),
    metric("sockeye_audit_violation", "1 when the audit found a violation.", [
      { labels: {}, value: Number(violation) },
    ]),
    metric("sockeye_audit_undecidable", "1 when the audit could not decide.", [
      { labels: {}, value: Number(report.outcome === "undecidable") },
    ]),
    metric("sockeye_snapshot_complete", "1 when everything could be read.", [
      { labels: {}, value: Number(report.complete) },
    ]),
    metric("sockeye_snapshot_timestamp_seconds", "When the host was read.", [
      { labels: {}, value: Date.parse(report.takenAt) / 1000 },
    ]),
  ].join("");
}

function placeLabels(socket: SocketDocument, document: SnapshotDocument): Record<string, string> {
  const { netns, ephemeral } = identify(socket, document.host);
  const { address, port } = socket.local;
  return {
    transport: transportText(socket),
    address: address ?? endpointText(socket),
    // A port that the kernel picked would start a new series at every restart.
    port: ephemeral ? "ephemeral" : String(socket.protocol ?? port ?? ""),
    netns,
  };
}

function listenLabels(socket: SocketDocument, document: SnapshotDocument): Record<string, string> {
  const units = new Set(socket.owners.map(({ unit }) => stableUnit(unit) ?? ""));
  const exes = new Set(socket.owners.map(program));
  return {
    ...placeLabels(socket, document),
    reach: socket.reach.scope,
    unit: [...units].sort().filter((unit) => unit !== "").join(","),
    exe: [...exes].sort().join(","),
    ownership: socket.ownership,
  };
}

function findings(report: AuditReport): Sample[] {
  return sum(report.results.map(({ rule, severity }) => ({
    labels: { rule: rule.replace("advice/", ""), severity },
    value: 1,
  })));
}

/** Adds up samples with the same labels, which Prometheus would refuse. */
function sum(samples: readonly Sample[]): Sample[] {
  const totals = new Map<string, Sample>();
  for (const { labels: given, value } of samples) {
    // Before they are compared: two names may look the same afterwards, and no series may be there twice.
    const labels = Object.fromEntries(
      Object.entries(given).map(([key, text]) => [key, escapeHarmful(text)]),
    );
    const key = JSON.stringify(labels);
    totals.set(key, { labels, value: value + (totals.get(key)?.value ?? 0) });
  }
  return [...totals.values()];
}

function distinct(samples: readonly Sample[]): Sample[] {
  return sum(samples).map(({ labels }) => ({ labels, value: 1 }));
}

function metric(name: string, help: string, samples: readonly Sample[]): string {
  if (samples.length === 0) return "";
  const lines = samples.map(({ labels, value }) => {
    const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escape(text)}"`);
    return `${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${value}`;
  });
  return [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, ...lines.sort()]
    .map((line) => `${line}\n`).join("");
}

// The format itself lets everything through but these; a terminal that the metrics are shown on does not.
function escape(text: string): string {
  return escapeHarmful(text).replaceAll("\\", "\\\\").replaceAll('"', '\\"');
}
