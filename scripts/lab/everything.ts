/**
 * Sockets of every kind in the network namespace that we are in, for scripts that compare what programs print of them.
 *
 * @module
 */
import { statSync } from "node:fs";
import {
  type FactoryInfo,
  type FactorySocket,
  type Made,
  makeSocket,
} from "../../test/support/factory.ts";
import { Namespace } from "../../test/support/netns.ts";

/** TIME-WAIT lasts a minute, and connections that cannot be made time out: those factories are started again this often. */
const REFRESH_MS = 30_000;

type FactoryOptions = Readonly<Record<string, string | number>>;

/** Factories whose sockets stay, with their options. Fixed ports are those that argument lists name. */
const LASTING: readonly (readonly [string, FactoryOptions])[] = [
  ["tcp_listen", { port: 8080 }],
  ["tcp_listen", { address: "0.0.0.0", port: 22 }],
  ["tcp_listen", { address: "10.9.0.1", port: 5432 }],
  ["tcp_listen6_v6only", { port: 8443 }],
  ["tcp_listen_dual", { port: 80 }],
  ["tcp_pair", {}],
  ["tcp6_pair", {}],
  ["tcp_mapped_pair", {}],
  ["unaccepted", {}],
  ["fin_wait_close_wait", {}],
  ["fin_wait_1", {}],
  ["last_ack", {}],
  ["closing", {}],
  ["bound_inactive", { port: 7000 }],
  ["reuseport", { port: 9100 }],
  ["bound_to_device", {}],
  ["mptcp", {}],
  ["queues", {}],
  ["forked_listener", { port: 8081 }],
  ["many_owners", { owners: 20 }],
  ["inherited_listener", { port: 8082 }],
  ["inherited_listener", { close: 1 }],
  ["socket_activation", { port: 8083 }],
  ["scm_rights", {}],
  ["passed_to_other_process", {}],
  ["deleted_exe", {}],
  ["deleted_log", {}],
  ["udp_bound", { port: 5353 }],
  ["udp_bound", { address: "0.0.0.0", port: 53 }],
  ["udp6_bound", {}],
  ["udp_connected", {}],
  ["udp_multicast", {}],
  ["udplite", {}],
  ["raw", {}],
  ["raw6", {}],
  ["ping", {}],
  ["link_local", {}],
  ["packet_raw", {}],
  ["packet_dgram", {}],
  ["packet_ring", {}],
  ["filtered_packet", {}],
  ["netlink_route", {}],
  ["vsock", {}],
  ["with_options", {}],
  ["in_cgroup", {}],
  ["unix_stream", {}],
  ["unix_abstract", {}],
  ["unix_dgram", {}],
  ["unix_seqpacket", {}],
  ["unix_socketpair", {}],
];

/** What some originals do not find, lose or show in a way that breaks their own output. */
const ODD: readonly (readonly [string, FactoryOptions])[] = [
  ["zombie_leader", {}],
  ["private_table_thread", {}],
  ["passed_to_other_process", { keep: 1, other_netns: 1 }],
  ["socket_in_other_netns", {}],
  ["named_comm", {}],
  ["unix_odd_names", {}],
];

/** Factories whose sockets the kernel drops after a while. */
const FLEETING = ["time_wait", "half_closed", "orphan", "syn_sent", "syn_recv"];

/** A second namespace, by its name in /run/netns. */
export const OTHER_NAMESPACE = "sockeye-other";

/** The scene. It stands from {@linkcode Everything.build} to {@linkcode Everything.stop}. */
export class Everything {
  /** What this machine cannot have, once each, with the reason. */
  readonly missing: string[] = [];
  /** The namespace that we are in; factories that make devices ask for its inode. */
  readonly #here = {
    inode: statSync("/proc/self/ns/net").ino,
    command: (inner: readonly string[]) => [...inner],
  };
  readonly #standing: Made[] = [];
  #fleeting: Made[] = [];
  #refreshedAt = 0;
  #other: Namespace | null = null;
  #more: Bun.Subprocess<"pipe", "pipe", "inherit"> | null = null;

  private constructor() {}

  /** Builds all of it but what {@linkcode addOdd} adds. */
  static async build(): Promise<Everything> {
    const scene = new Everything();
    try {
      scene.#makeNetwork();
      scene.#other = await Namespace.create(OTHER_NAMESPACE);
      // One after another: process IDs and inodes then come in the order of the list.
      for (const [name, options] of LASTING) {
        const made = await scene.#start(name, options);
        if (made !== null) scene.#standing.push(made);
      }
      await scene.#startMore();
      await scene.refresh();
    } catch (error) {
      await scene.stop();
      throw error;
    }
    return scene;
  }

  /** Adds names that break outputs, threads that are no processes, and owners in other namespaces. */
  async addOdd(): Promise<void> {
    for (const [name, options] of ODD) {
      const made = await this.#start(name, options);
      if (made !== null) this.#standing.push(made);
    }
    if (this.#other === null) return;
    const elsewhere = await makeSocket("tcp_listen", { port: 8090 }, { netns: this.#other });
    if (elsewhere.skip === null) this.#standing.push(elsewhere);
  }

  /** Sockets that stay. */
  get sockets(): FactorySocket[] {
    return this.#standing.flatMap((made) => made.info.sockets);
  }

  /** Factories that stand. */
  get factories(): number {
    return this.#standing.length + this.#fleeting.length;
  }

  /** Processes of the factories. */
  get processes(): number[] {
    return this.#standing.map((made) => made.pid);
  }

  /** What a factory told beside its sockets. */
  facts(factory: string): FactoryInfo[] {
    return this.#standing.map((made) => made.info).filter((info) => info.factory === factory);
  }

  /** Starts the factories of short life again when it is time. */
  async refresh(): Promise<void> {
    if (Date.now() - this.#refreshedAt < REFRESH_MS) return;
    await Promise.all(this.#fleeting.map((made) => made.stop()));
    const made = await Promise.all(FLEETING.map((name) => this.#start(name, {})));
    this.#fleeting = made.filter((one) => one !== null);
    this.#refreshedAt = Date.now();
  }

  async stop(): Promise<void> {
    this.#more?.stdin.end();
    await this.#more?.exited;
    await Promise.allSettled([...this.#standing, ...this.#fleeting].map((made) => made.stop()));
    await this.#other?.stop();
  }

  async #start(name: string, options: FactoryOptions): Promise<Made | null> {
    const made = await makeSocket(name, options, { netns: this.#here, timeoutMs: 30_000 });
    if (made.skip === null) return made;
    const text = `${name}: ${made.skip}`;
    if (!this.missing.includes(text)) this.missing.push(text);
    return null;
  }

  /** What more_sockets.py makes, in a process of its own. */
  async #startMore(): Promise<void> {
    this.#more = Bun.spawn(["python3", new URL("./more_sockets.py", import.meta.url).pathname], {
      stdin: "pipe",
      stdout: "pipe",
      stderr: "inherit",
    });
    const { value } = await this.#more.stdout.getReader().read();
    if (value === undefined) throw new Error("more_sockets.py has ended");
    const { missing }: { missing: Record<string, string> } = JSON.parse(
      new TextDecoder().decode(value),
    );
    this.missing.push(...Object.entries(missing).map(([kind, reason]) => `${kind}: ${reason}`));
  }

  /** Devices with a private and a public address behind which nobody is, and a forwarded port where nft is there. */
  #makeNetwork(): void {
    const commands = [
      "ip link add eth0 type veth peer name far0",
      "ip addr add 10.9.0.1/24 dev eth0",
      "ip addr add 198.51.100.7/24 dev eth0",
      "ip addr add 2001:db8::7/64 dev eth0 nodad",
      "ip link set eth0 up",
      "ip link set far0 up",
      ...Bun.which("nft") === null ? [] : [
        "nft add table ip nat",
        "nft add chain ip nat prerouting { type nat hook prerouting priority -100 ; }",
        "nft add rule ip nat prerouting tcp dport 8088 dnat to 10.9.0.1:5432",
      ],
    ];
    for (const command of commands) {
      const ran = Bun.spawnSync(command.split(" "), { stderr: "pipe" });
      if (ran.success) continue;
      this.missing.push(`${command}: ${ran.stderr.toString().trim().split("\n")[0]}`);
    }
  }
}
