/**
 * Finds databases and administration services that can be reached from other machines.
 *
 * @module
 */
import type { Scope } from "../../model/socket.ts";
import { program } from "../../snapshot/identity.ts";
import { reachRank } from "../policy.ts";
import type { Severity } from "../report.ts";
import { INTERNET_SERVICES, type Rule } from "./rule.ts";

interface Known {
  readonly name: string;
  /** Set if it lets anyone in without a password, or gives control of the machine. */
  readonly critical?: true;
}

/** Ports of services that should not be exposed without a reason. By the IANA registry or by custom. */
const PORTS: ReadonlyMap<number, Known> = new Map<number, Known>([
  [23, { name: "telnet", critical: true }],
  [111, { name: "rpcbind" }],
  [135, { name: "Microsoft RPC" }],
  [389, { name: "LDAP without TLS" }],
  [445, { name: "SMB" }],
  [512, { name: "rexec", critical: true }],
  [513, { name: "rlogin", critical: true }],
  [514, { name: "rsh", critical: true }],
  [623, { name: "IPMI" }],
  [873, { name: "rsync" }],
  [1433, { name: "Microsoft SQL Server" }],
  [1521, { name: "Oracle database" }],
  [2049, { name: "NFS" }],
  [2375, { name: "Docker API without TLS", critical: true }],
  [2376, { name: "Docker API" }],
  [2379, { name: "etcd", critical: true }],
  [2380, { name: "etcd peers" }],
  [3306, { name: "MySQL" }],
  [3389, { name: "Remote Desktop" }],
  [4369, { name: "Erlang port mapper" }],
  [5432, { name: "PostgreSQL" }],
  [5672, { name: "AMQP" }],
  [5858, { name: "Node.js debugger", critical: true }],
  [5900, { name: "VNC" }],
  [5984, { name: "CouchDB" }],
  [6000, { name: "X11", critical: true }],
  [6379, { name: "Redis", critical: true }],
  [7000, { name: "Cassandra between nodes" }],
  [8086, { name: "InfluxDB" }],
  [8500, { name: "Consul" }],
  [9000, { name: "PHP-FPM or ClickHouse" }],
  [9042, { name: "Cassandra" }],
  [9092, { name: "Kafka" }],
  [9200, { name: "Elasticsearch" }],
  [9229, { name: "Node.js inspector", critical: true }],
  [9300, { name: "Elasticsearch between nodes" }],
  [10250, { name: "kubelet" }],
  [10255, { name: "kubelet, read-only", critical: true }],
  [11211, { name: "memcached", critical: true }],
  [15672, { name: "RabbitMQ management" }],
  [27017, { name: "MongoDB" }],
  [50000, { name: "DB2" }],
  [50070, { name: "HDFS" }],
]);

/** Programs that are databases on any port, by file name without version. */
const PROGRAMS: ReadonlyMap<string, string> = new Map([
  ["postgres", "PostgreSQL"],
  ["mysqld", "MySQL"],
  ["mariadbd", "MariaDB"],
  ["mongod", "MongoDB"],
  ["redis-server", "Redis"],
  ["valkey-server", "Valkey"],
  ["memcached", "memcached"],
  ["etcd", "etcd"],
  ["in.telnetd", "telnet"],
]);

/** The rule. */
export const exposedService: Rule = {
  id: "exposed-service",
  severity: "high",
  title: "a database or an administrative service can be reached beyond loopback",
  worst: "critical",
  places: { ...INTERNET_SERVICES, interfaces: true },
  fix:
    "Bind it to 127.0.0.1 and ::1 or to a private network, or put a firewall and authentication before it",
  // A program may be known where the port is not.
  owner: ({ check, socket, transport }) =>
    check === "internet" && transport === "tcp" && socket.state === "listen" &&
    isBeyondHost(socket.reach.scope),
  find: ({ services }) =>
    services.flatMap((audited) => {
      const { socket, identity, transport } = audited;
      const { scope } = socket.reach;
      if (audited.check !== "internet") return [];
      if (!isBeyondHost(scope)) return [];
      const { port } = socket.local;
      const listening = transport === "tcp" && socket.state === "listen" || transport === "udp";
      if (typeof port !== "number" || !listening) return [];
      const byPort = transport === "tcp" || UDP_PORTS.has(port) ? PORTS.get(port) : undefined;
      const file = socket.owners.map((owner) => PROGRAMS.get(fileName(program(owner))))
        .find((name) => name !== undefined);
      const known = transport === "tcp" && file !== undefined ? { ...byPort, name: file } : byPort;
      if (known === undefined) return [];
      const wide = reachRank(scope) >= reachRank("public");
      // Only neighbours on the container network can reach it.
      const severity: Severity = scope === "container"
        ? "low"
        : known.critical
        ? (wide ? "critical" : "high")
        : wide
        ? "high"
        : "medium";
      return [{
        audited,
        severity,
        message: `${known.name} can be reached beyond loopback`,
        evidence: [
          `${identity.endpoint} has reach ${socket.reach.scope}`,
          ...socket.reach.reasons,
          ...(file === undefined ? [`port ${port} is known for ${known.name}`] : []),
        ],
      }];
    }),
};

function isBeyondHost(scope: Scope): boolean {
  return scope === "container" || reachRank(scope) > reachRank("host");
}

/** Those of the ports above that are used over UDP as well. */
const UDP_PORTS: ReadonlySet<number> = new Set([111, 389, 623, 2049, 11211]);

/** The file name of a program without its version: `postgres` of `/usr/lib/postgresql/15/bin/postgres`. */
function fileName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1).replace(/-?\d+(\.\d+)*$/, "");
}
