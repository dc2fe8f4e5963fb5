/**
 * The listing by each gear of the core alone, over sockets of many kinds, beside what TypeScript writes where there are few.
 *
 * @module
 */
import { expect } from "bun:test";
import { makeSocket, pythonReason } from "../support/factory.ts";
import { programOfGear } from "../support/gear_program.ts";
import { Namespace, namespaceReason } from "../support/netns.ts";
import { firstReason, testIf } from "../support/skip.ts";
import { DIST } from "../support/sockeye.ts";

/** Shared, inherited and passed sockets, threads, devices, zones, waiting and closed ones, and tables of /proc. */
const FACTORIES = [
  "bound_inactive",
  "bound_to_device",
  "fin_wait_close_wait",
  "forked_listener",
  "link_local",
  "many_owners",
  "named_comm",
  "private_table_thread",
  "queues",
  "raw",
  "reuseport",
  "scm_rights",
  "syn_recv",
  "tcp6_pair",
  "tcp_listen6_v6only",
  "tcp_listen_dual",
  "tcp_mapped_pair",
  "time_wait",
  "udp6_bound",
  "udp_connected",
  "unaccepted",
] as const;

const LISTS = [
  ["-a"],
  ["-t", "-a", "--no-header"],
  [],
  ["-a", "--json"],
  ["-a", "--ndjson"],
  ["-a", "--netns", "all", "--port", "1-65535"],
  ["-a", "--color", "always"],
  ["-a", "--sort", "local"],
  ["-a", "--count"],
];

/** Without what goes on between two runs. */
function still(text: string): string {
  return text.replace(/"taken_at":"[^"]*"/, "").replace(/"expires_ms":\d+/g, "");
}

testIf(
  firstReason(namespaceReason(), pythonReason()),
  "each gear of the core lists what TypeScript lists",
  async () => {
    using first = await programOfGear(1);
    using second = await programOfGear(2);
    await using netns = await Namespace.create();
    await using made = new AsyncDisposableStack();
    for (const name of FACTORIES) made.use(await makeSocket(name, {}, { netns }));
    const listed = (program: string, args: readonly string[]) => {
      const { stdout, exitCode } = Bun.spawnSync(netns.command([program, ...args]));
      return [exitCode, still(stdout.toString())];
    };
    for (const args of LISTS) {
      // A connection may end between two runs.
      for (let attempt = 1;; attempt++) {
        const before = listed(DIST, args);
        const gears = [first, second].map(({ path }) => listed(path, args));
        const after = listed(DIST, args);
        if (attempt < 5 && !Bun.deepEquals(before, after)) continue;
        expect([args, ...gears]).toEqual([args, after, after]);
        break;
      }
    }
  },
  240_000,
);
