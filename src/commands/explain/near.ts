/**
 * What is close to a port that nobody has: ports that are nearly the same, and the service that usually is there.
 *
 * @module
 */
import { Diagnostics } from "../../diagnostics.ts";
import { Services } from "../../etc/services.ts";
import type { Nearby, UsualService } from "../../model/explanation.ts";
import type { Process } from "../../model/owner.ts";
import type { Socket } from "../../model/socket.ts";
import { DescriptorScanner } from "../../proc/scan.ts";
import { processIsCalled } from "../../snapshot/owner_match.ts";
import { takeNetnsSnapshot } from "../../snapshot/netns_snapshot.ts";
import type { ExplainInput } from "./input.ts";
import { isServer } from "./match.ts";
import type { PortTarget } from "./target.ts";

/** So many neighbours are told. */
const MOST = 3;
/** Ports that differ by less are neighbours, whatever their digits are. */
const NEAR = 5;

/** What usually serves a port: the name of the service, and those of programs. */
const USUAL: Readonly<Record<number, readonly [service: string, ...programs: string[]]>> = {
  21: ["ftp", "vsftpd", "proftpd"],
  22: ["ssh", "sshd", "dropbear"],
  25: ["smtp", "master", "exim4", "sendmail"],
  53: ["domain", "named", "dnsmasq", "unbound", "systemd-resolved", "coredns", "pdns_server"],
  80: ["http", "nginx", "apache2", "httpd", "caddy", "haproxy", "traefik", "lighttpd"],
  111: ["sunrpc", "rpcbind"],
  123: ["ntp", "ntpd", "chronyd"],
  143: ["imap", "dovecot"],
  389: ["ldap", "slapd"],
  443: ["https", "nginx", "apache2", "httpd", "caddy", "haproxy", "traefik", "lighttpd"],
  631: ["ipp", "cupsd"],
  1433: ["ms-sql-s", "sqlservr"],
  1883: ["mqtt", "mosquitto"],
  2375: ["docker", "dockerd"],
  2379: ["etcd", "etcd"],
  3306: ["mysql", "mysqld", "mariadbd"],
  3389: ["ms-wbt-server", "xrdp"],
  4222: ["nats", "nats-server"],
  5432: ["postgresql", "postgres", "pgbouncer"],
  5672: ["amqp", "beam.smp", "rabbitmq-server"],
  5900: ["vnc", "Xvnc", "x11vnc"],
  6379: ["redis", "redis-server", "valkey-server"],
  6443: ["kubernetes", "kube-apiserver", "k3s-server"],
  8086: ["influxdb", "influxd"],
  8123: ["clickhouse", "clickhouse-serv"],
  9090: ["prometheus", "prometheus"],
  9092: ["kafka", "java"],
  9100: ["node-exporter", "node_exporter"],
  9200: ["elasticsearch", "java"],
  10250: ["kubelet", "kubelet"],
  11211: ["memcached", "memcached"],
  27017: ["mongodb", "mongod"],
};

/** Looks for both. It reads all services of the namespace, and is asked only where nobody has the port. */
export function nearPort(
  { port, transport }: PortTarget,
  input: ExplainInput,
): Pick<Nearby, "neighbours" | "usual"> {
  const { root, choice, namespaces } = input;
  // What cannot be read here hides a hint at most.
  const { sockets } = takeNetnsSnapshot(
    {
      families: new Set(["inet", "inet6"] as const),
      transports: new Set(["tcp", "udp"] as const),
      states: null,
      ports: null,
      pids: null,
      processes: null,
      users: null,
    },
    choice,
    new Diagnostics(),
    { root },
  );
  const services = sockets.filter(isServer);
  const range = [...namespaces.values()][0]?.ports.ephemeral ?? null;
  const near = services.filter((socket) => {
    const { local, state } = socket;
    if (!("address" in local) || transport !== null && socket.transport !== transport) return false;
    // Most UDP sockets on ports of the kernel's choice are clients.
    const chosen = range !== null && local.port >= range[0] && local.port <= range[1];
    return isNearPort(local.port, port) && (state === "listen" || !chosen);
  });
  const distance = ({ local }: Socket) => "port" in local ? Math.abs(local.port - port) : Infinity;
  return {
    neighbours: near.sort((a, b) => distance(a) - distance(b)).slice(0, MOST),
    usual: usualAt(port, transport, services, input),
  };
}

/** True for two ports that one may take for the other: by a small difference, one other digit, or two that changed places. */
export function isNearPort(one: number, other: number): boolean {
  if (one === other) return false;
  if (Math.abs(one - other) < NEAR) return true;
  const [a, b] = [String(one), String(other)];
  if (a.length === b.length) {
    const differ = [...a].flatMap((digit, i) => digit === b[i] ? [] : [i]);
    if (differ.length === 1) return true;
    const [i, j, more] = differ;
    return more === undefined && j === i! + 1 && a[i!] === b[j] && a[j] === b[i!];
  }
  // One digit more or less.
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  return long.length === short.length + 1 &&
    [...long].some((_, i) => long.slice(0, i) + long.slice(i + 1) === short);
}

function usualAt(
  port: number,
  transport: string | null,
  services: readonly Socket[],
  { root, facts }: ExplainInput,
): UsualService | null {
  const [known, ...programs] = USUAL[port] ?? [];
  const service = known ?? new Services().name(port, transport ?? "tcp");
  if (service === null) return null;
  const isProgram = (process: Process) => programs.some((name) => processIsCalled(process, name));
  const processes = programs.length === 0
    ? []
    : new DescriptorScanner(root).listProcesses().map((pid) => facts.get(pid)).filter(isProgram);
  return {
    service,
    programs,
    processes,
    sockets: services.filter(({ state, owners }) =>
      state === "listen" && owners.some(({ process }) => isProgram(process))
    ),
  };
}
