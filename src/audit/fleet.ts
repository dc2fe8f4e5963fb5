/**
 * Fleet: the services of many hosts, joined by identity.
 *
 * @module
 */
import { type Service, servicesOf } from "./diff.ts";
import type { GapDocument, HostDocument, SnapshotDocument } from "../snapshot/document.ts";
import { jsonText } from "../text/json_text.ts";

/** Name and version of the format of `report --format json`. */
const REPORT_SCHEMA = "sockeye.report/1";

/** A host of the fleet. */
export interface FleetHost {
  readonly host: HostDocument;
  readonly takenAt: string;
  readonly complete: boolean;
  readonly gaps: readonly GapDocument[];
  readonly services: number;
  /** True if the snapshot says that it was taken in the future: its date is wrong, and it may be older than others. */
  readonly future: boolean;
}

/** A service, and the hosts where it looks the same. */
export interface FleetService {
  readonly service: Service;
  /** Indices into {@linkcode Fleet.hosts}, ascending. */
  readonly hosts: readonly number[];
}

/** Many hosts, joined. */
export interface Fleet {
  /** Sorted by name, then by boot. */
  readonly hosts: readonly FleetHost[];
  /** Sorted by identity. An identity is listed several times if its owners differ between hosts. */
  readonly services: readonly FleetService[];
  /** How many snapshots were left out because a newer one of the same boot was given. */
  readonly superseded: number;
  /** How many of them were left out because they are dated in the future. */
  readonly fromFuture: number;
}

/** Clocks of hosts may be this much ahead. */
const CLOCK_SKEW_MS = 10 * 60 * 1000;

/**
 * Joins snapshots. If several are of the same boot, the newest counts. One that is dated after `nowMs` counts only if there is
 * no other: nobody knows when it was taken.
 */
export function joinFleet(documents: readonly SnapshotDocument[], nowMs: number): Fleet {
  const timeOf = ({ taken_at: taken }: SnapshotDocument) => Date.parse(taken);
  const isFuture = (document: SnapshotDocument) => timeOf(document) > nowMs + CLOCK_SKEW_MS;
  const supersedes = (document: SnapshotDocument, known: SnapshotDocument) =>
    isFuture(document) === isFuture(known) ? timeOf(document) > timeOf(known) : !isFuture(document);
  const newest = new Map<string, SnapshotDocument>();
  for (const document of documents) {
    const key = JSON.stringify([document.host.name, document.host.boot_id]);
    const known = newest.get(key);
    if (known === undefined || supersedes(document, known)) {
      newest.set(key, document);
    }
  }
  const chosen = [...newest.values()].sort((a, b) =>
    order(a.host.name, b.host.name) || order(a.host.boot_id ?? "", b.host.boot_id ?? "")
  );
  const joined = new Map<string, { service: Service; hosts: number[] }>();
  const hosts = chosen.map((document, index): FleetHost => {
    const services = servicesOf(document);
    for (const service of services) {
      const key = JSON.stringify([service.key, service.endpoint, service.values]);
      const known = joined.get(key);
      if (known === undefined) joined.set(key, { service, hosts: [index] });
      else if (known.hosts.at(-1) !== index) known.hosts.push(index);
    }
    const { host, taken_at: takenAt, complete, gaps } = document;
    return { host, takenAt, complete, gaps, services: services.length, future: isFuture(document) };
  });
  const services = [...joined.entries()].sort(([a, one], [b, other]) =>
    order(one.service.key, other.service.key) || other.hosts.length - one.hosts.length ||
    order(a, b)
  ).map(([, entry]) => entry);
  const fromFuture = documents.filter((one) => isFuture(one) && !chosen.includes(one)).length;
  return { hosts, services, superseded: documents.length - chosen.length, fromFuture };
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The fleet as JSON: each service with the hosts where it looks the same. */
export function fleetJson({ hosts, services, superseded, fromFuture }: Fleet): string {
  const document = {
    schema: REPORT_SCHEMA,
    hosts: hosts.map(({ host, takenAt, complete, gaps, services, future }) => ({
      name: host.name,
      boot_id: host.boot_id,
      kernel: host.kernel,
      taken_at: takenAt,
      complete,
      gaps,
      services,
      future,
    })),
    superseded,
    from_future: fromFuture,
    services: services.map(({ service, hosts: on }) => ({
      id: service.id,
      key: service.key,
      endpoint: service.endpoint,
      netns: service.netns,
      ...service.values,
      hosts: on.map((index) => ({
        name: hosts[index]!.host.name,
        boot_id: hosts[index]!.host.boot_id,
      })),
    })),
  };
  return `${jsonText(document)}\n`;
}
