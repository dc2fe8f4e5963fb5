/**
 * Examines what this program can see on this host, and what would help it to see more.
 *
 * @module
 */
import { EIO, ENOENT, errnoName, errnoText, SyscallError } from "../../../ffi/errno.ts";
import { AT_FDCWD, tryReadFileAt } from "../../../ffi/files.ts";
import { cString } from "../../../ffi/memory.ts";
import { effectiveUserId } from "../../../ffi/process.ts";
import { type Probe, probePermission, probeTypes } from "../../bpf/probe.ts";
import { checkFeatures } from "./features.ts";
import { NamespaceFinder, visitNamespace } from "../../snapshot/namespaces.ts";
import { gapLines } from "../../model/gap.ts";
import { Diagnostics } from "../../diagnostics.ts";
import type { DiagRequest } from "../../families/family.ts";
import { familiesNamed, FAMILY_NAMES } from "../../families/mod.ts";
import type {
  AbilityCheck,
  CapabilityCheck,
  Checkup,
  FeatureCheck,
  NamespaceCheck,
  TableCheck,
} from "../../model/checkup.ts";
import { DecodeError } from "../../model/decode_error.ts";
import { TRANSPORTS } from "../../model/socket.ts";
import { Connection, NETLINK_SOCK_DIAG, type NetlinkSocket } from "../../netlink/connection.ts";
import { dump } from "../../netlink/dump.ts";
import { NetlinkError } from "../../netlink/error.ts";
import {
  CAP_BPF,
  CAP_PERFMON,
  CAP_SYS_ADMIN,
  CAP_SYS_PTRACE,
  holds,
} from "../../proc/capabilities.ts";
import { readHost, UNKNOWN_KERNEL } from "../../proc/host.ts";
import { type Mount, tryReadMountinfo } from "../../proc/mountinfo.ts";
import { currentNetns, insidePidNamespace } from "../../proc/ns.ts";
import { ProcRoot } from "../../proc/root.ts";
import { hasNoSocketsOf, parseProtocols } from "../../proc/protocols.ts";
import { DescriptorScanner, failedReads, type Scan } from "../../proc/scan.ts";
import { protocolsHeld } from "../../snapshot/unlisted_protocols.ts";
import { effectiveCapabilities } from "../../proc/status.ts";
import { Users } from "../../etc/users.ts";
import { readInterfaces, UnreadInterfaces } from "../../reach/interfaces.ts";
import { utf8Text } from "../../text/encoding.ts";
import { plural } from "../../text/plural.ts";

/** Source: include/uapi/linux/capability.h. */
const CAP_NET_BIND_SERVICE = 10;
const CAP_NET_ADMIN = 12;

const CAPABILITIES: readonly (readonly [name: string, bit: number, use: string])[] = [
  ["CAP_SYS_PTRACE", CAP_SYS_PTRACE, "owners of other users' sockets"],
  ["CAP_SYS_ADMIN", CAP_SYS_ADMIN, "other network namespaces"],
  ["CAP_NET_ADMIN", CAP_NET_ADMIN, "firewall marks, packet filters, the hooks of watch"],
  ["CAP_BPF", CAP_BPF, "owners by BPF, with CAP_PERFMON"],
  ["CAP_PERFMON", CAP_PERFMON, "owners by BPF, with CAP_BPF"],
  ["CAP_NET_BIND_SERVICE", CAP_NET_BIND_SERVICE, "trying to bind low ports"],
];

const NO_MODULE = "no diag module";

/** Kernel modules that list sockets, by the first word of a table's label. */
const MODULES: Readonly<Record<string, string | readonly string[]>> = {
  tcp: "tcp_diag",
  mptcp: "mptcp_diag",
  sctp: "sctp_diag",
  udp: "udp_diag",
  udplite: "udp_diag",
  raw: "raw_diag",
  unix: "unix_diag",
  packet: "af_packet_diag",
  netlink: "netlink_diag",
  vsock: "vsock_diag",
  xdp: "xsk_diag",
  dccp: "dccp_diag",
  // Linux 6.1 still has the second name, 6.12 the first.
  tipc: ["tipc_diag", "diag"],
};

/** Examines this host. Throws SyscallError if /proc cannot be listed. */
export function examine(root = new ProcRoot()): Checkup {
  const host = readHost(root);
  const uid = effectiveUserId();
  const set = effectiveCapabilities(root);
  const scanner = new DescriptorScanner(root);
  const scan = scanner.scanProcesses();
  const unread: string[] = [];
  const diagnostics = new Diagnostics();
  const missed = (what: string, errno: number) => {
    unread.push(`${what}: ${errnoText(errno)} (${errnoName(errno)})`);
  };
  const read = tryReadMountinfo(root);
  if (typeof read === "number" && root.isLive) missed("the list of mounts", -read);
  const mounts = typeof read === "number" ? [] : read;
  const permission = probePermission(root);
  const types = probeTypes(() => ({ ok: true, value: null }));
  const features = checkFeatures(root);
  const failedCount = scan.denied.filter((pid) => scan.errors?.has(pid)).length;
  const failed = failedReads(scan);
  if (failed !== null) unread.push(failed);
  const { namespaces, namespacesUnread, ownUnread } = checkNamespaces(root, scan);
  if (ownUnread !== 0) missed("our own network namespace", ownUnread);
  const netns = currentNetns(root);
  const interfaces = readInterfaces(root, netns);
  const pidNamespace = insidePidNamespace(root);
  if (pidNamespace === null) {
    unread.push("our own PID namespace: whether processes outside it exist is not known");
  }
  if (set === null) unread.push("our own capabilities");
  const checkup: Omit<Checkup, "advice"> = {
    host: host.name,
    kernel: host.kernel,
    user: { uid, name: new Users().name(uid) },
    capabilities: CAPABILITIES.map(([name, bit, use]): CapabilityCheck => ({
      name,
      held: set === null ? null : holds(set, bit),
      use,
    })),
    pidNamespace,
    hidepid: hidepidOf(mounts),
    processes: { seen: scan.pids.length, denied: scan.denied.length - failedCount },
    btf: { usable: types.ok, reason: types.ok ? null : types.reason },
    bpf: ofFeature(features.find(({ group }) => group === "owners")!),
    watch: watchAbility(permission, types, set, mounts, features),
    cgroup: cgroupVersion(mounts),
    tables: checkTables(root, scan),
    features,
    addresses: interfaces instanceof UnreadInterfaces
      ? { usable: false, reason: interfaces.why }
      : { usable: true, reason: null },
    namespaces,
    namespacesUnread,
    unread,
  };
  const file = `/lib/modules/${host.kernel}/modules.dep`;
  const installed = host.kernel === UNKNOWN_KERNEL ? -EIO : tryReadFileAt(AT_FDCWD, cString(file));
  // Without the file there are no modules here. If it cannot be read, nobody knows.
  const modules = typeof installed !== "number"
    ? utf8Text(installed)
    : installed === -ENOENT
    ? null
    : undefined;
  if (typeof installed === "number" && installed !== -ENOENT && host.kernel !== UNKNOWN_KERNEL) {
    missed(file, -installed);
  }
  unread.push(
    ...gapLines([...unread.map((reason) => ({ reason })), ...diagnostics.gaps], false)
      .slice(unread.length),
  );
  return { ...checkup, advice: adviceFor(checkup, modules) };
}

/** Whether `watch` sees all that it can, as far as that can be told without attaching anything. */
function watchAbility(
  permission: Probe<null>,
  types: Probe<null>,
  set: bigint | null,
  mounts: readonly Mount[],
  features: readonly FeatureCheck[],
): Checkup["watch"] {
  const no = (reason: string) => ({ usable: false, reason });
  const hooks = features.filter(({ group }) => group === "watch");
  const loaded = RUNGS_ALONE.find(({ name }) =>
    hooks.some((hook) => hook.usable && hook.name === name)
  );
  const then = loaded?.then ??
    "it sees what lives for a tenth of a second, and no process that is gone";
  if (!permission.ok) return no(`${permission.reason}: ${then}`);
  if (!types.ok) return no(`${types.reason}: ${then}`);
  if (set !== null && !holds(set, CAP_NET_ADMIN) && !holds(set, CAP_SYS_ADMIN)) {
    return no(`CAP_NET_ADMIN is missing: ${then}`);
  }
  const cgroup = cgroupVersion(mounts);
  if (cgroup !== "v2" && cgroup !== "hybrid") {
    return no("no cgroup2 file system is mounted: it sees by tracepoints alone");
  }
  const missing = hooks.find(({ usable }) => !usable);
  if (missing === undefined) return { usable: true, reason: null };
  return no(`${missing.reason}: ${loaded === undefined ? missing.without : then}`);
}

/** Rungs below the first, by what the features call them. */
const RUNGS_ALONE = [
  { name: "tracepoints alone", then: "it sees by tracepoints alone" },
  { name: "hooks alone", then: "it sees by hooks alone" },
];

function ofFeature({ usable, reason }: FeatureCheck): AbilityCheck {
  return { usable, reason };
}

/** The hidepid option of the mount at /proc; `null` without one. */
export function hidepidOf(mounts: readonly Mount[]): string | null {
  // A later mount hides earlier ones.
  const mount = mounts.findLast(({ directory, type }) => directory === "/proc" && type === "proc");
  const option = /(?:^|,)hidepid=(\w+)/.exec(mount?.superOptions ?? "")?.[1] ?? null;
  // Linux 5.8 and later write words. 0 and "off" are the default.
  return option === "0" || option === "off" ? null : option;
}

/** Which versions of control groups are mounted. */
export function cgroupVersion(mounts: readonly Mount[]): Checkup["cgroup"] {
  const v2 = mounts.some(({ type }) => type === "cgroup2");
  const v1 = mounts.some(({ type }) => type === "cgroup");
  return v1 && v2 ? "hybrid" : v2 ? "v2" : v1 ? "v1" : null;
}

function checkTables(root: ProcRoot, scan: Scan): TableCheck[] {
  let transport: NetlinkSocket | null = null;
  let refusal = "";
  try {
    transport = new Connection(NETLINK_SOCK_DIAG);
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    refusal = `sock_diag is not available: ${error.message}`;
  }
  let held: ReadonlySet<string> | null | undefined;
  const hasNone = (protocol: string) => {
    if (hasNoSocketsOf(root.readNet("protocols"), protocol)) return true;
    if (held === undefined) held = protocolsHeld(scan, root, () => false);
    return held?.has(protocol) === false;
  };
  const query = {
    families: new Set(FAMILY_NAMES),
    transports: new Set(TRANSPORTS),
    // Services are enough to see whether the kernel answers.
    states: null,
    ports: null,
    pids: null,
    processes: null,
    users: null,
  };
  try {
    return familiesNamed(query.families).flatMap((family) => family.requests(query)).map(
      (request) => {
        const reason = transport === null ? refusal : askNetlink(transport, request);
        return reason === null
          ? { label: request.label, source: "netlink", reason: null }
          : { label: request.label, ...askProc(root, request, reason, hasNone) };
      },
    );
  } finally {
    transport?.close();
  }
}

// Returns why netlink does not answer; `null` if it does.
function askNetlink(transport: NetlinkSocket, { message, label }: DiagRequest): string | null {
  if (message === null) return "sock_diag has no handler for it";
  try {
    dump(transport, message, label, { message() {}, restart() {} });
    return null;
  } catch (error) {
    if (error instanceof NetlinkError) {
      return error.errno === ENOENT ? NO_MODULE : error.message;
    }
    if (error instanceof DecodeError || error instanceof SyscallError) return error.message;
    throw error;
  }
}

const NO_SUCH_SOCKETS = "this kernel has no such sockets";

function askProc(
  root: ProcRoot,
  { table, protocol }: DiagRequest,
  reason: string,
  hasNone: (protocol: string) => boolean,
) {
  if (table === null) {
    const registered = protocol === undefined ? null : root.readNet("protocols");
    // A protocol whose module is not loaded is not there, and has no sockets.
    if (registered instanceof Uint8Array && !parseProtocols(registered).has(protocol!)) {
      return { source: "absent", reason: NO_SUCH_SOCKETS } as const;
    }
    return reason === NO_MODULE && protocol !== undefined && hasNone(protocol)
      ? { source: "absent", reason: `${reason}, and no such sockets` } as const
      : { source: "none", reason } as const;
  }
  const bytes = root.readNet(table.file);
  if (typeof bytes !== "number") return { source: "proc", reason } as const;
  return bytes === -ENOENT
    ? { source: "absent", reason: NO_SUCH_SOCKETS } as const
    : { source: "none", reason: `${reason}, and /proc/net/${table.file} cannot be read` } as const;
}

function checkNamespaces(
  root: ProcRoot,
  scan: { readonly pids: readonly number[]; readonly namespaces: ReadonlyMap<number, string> },
): { namespaces: NamespaceCheck[]; namespacesUnread: number; ownUnread: number } {
  const finder = new NamespaceFinder(root);
  finder.addProcesses(scan.pids);
  finder.addMounts();
  finder.addDescriptors(scan.namespaces);
  const namespaces = finder.list().map((found) => ({
    netns: found.netns,
    own: found.own,
    enterable: visitNamespace(found, new Diagnostics(), () => {}),
  }));
  const { denied, errors, own: ownUnread } = finder.unread;
  const namespacesUnread = [denied, ...errors.values()].flat().length;
  return { namespaces, namespacesUnread, ownUnread };
}

/**
 * What modprobe could load. `installed` is modules.dep of this kernel; `null` if there is none, as in a container; absent if it
 * could not be read.
 */
export function moduleAdvice(
  modules: readonly string[],
  kernel: string,
  installed: string | null | undefined,
): string[] {
  if (modules.length === 0) return [];
  // Without -a, all names but the first are taken for parameters of the first.
  const load = (names: readonly string[]) =>
    `modprobe ${names.length > 1 ? "-a " : ""}${names.join(" ")}`;
  if (installed === undefined) return [`As root: ${load(modules)}, if this kernel has them`];
  if (installed === null) {
    return [
      `On the host, as root: ${
        load(modules)
      }, if its kernel has them; there are none here in /lib/modules/${kernel}`,
    ];
  }
  const there = modules.filter((name) => new RegExp(`/${name}\\.ko[^/]*:`).test(installed));
  return there.length === 0 ? [] : [`As root: ${load(there)}`];
}

function adviceFor(
  checkup: Omit<Checkup, "advice">,
  installed: string | null | undefined,
): string[] {
  const advice: string[] = [];
  const lacks = (name: string) =>
    checkup.capabilities.some((capability) =>
      capability.name === name && capability.held === false
    );
  const root = checkup.user.uid === 0;
  if (checkup.processes.denied > 0 || checkup.hidepid !== null && lacks("CAP_SYS_PTRACE")) {
    advice.push(
      !root
        ? "Run as root (sudo sockeye) to see who holds other users' sockets"
        : lacks("CAP_SYS_PTRACE")
        ? "Give CAP_SYS_PTRACE (in a container: --cap-add SYS_PTRACE) to see who holds other users' sockets"
        : `${
          plural(checkup.processes.denied, "process is", "processes are")
        } protected, even from root with CAP_SYS_PTRACE, by the kernel or a security module: nothing helps here`,
    );
  }
  if (checkup.hidepid !== null && !root) {
    advice.push(`/proc is mounted with hidepid=${checkup.hidepid}: root sees all processes`);
  }
  if (checkup.pidNamespace === true) {
    advice.push(
      "Run on the host, or in a container with its PID namespace (--pid=host), to see processes outside",
    );
  }
  if (
    checkup.namespaces.some(({ enterable }) => !enterable) || checkup.namespacesUnread > 0 && !root
  ) {
    advice.push(
      root
        ? "Give CAP_SYS_ADMIN in the host's user namespace to enter the other network namespaces"
        : "Run as root on the host to enter the other network namespaces",
    );
  }
  const modules = new Set(
    checkup.tables.filter(({ source, reason }) => source !== "absent" && reason === NO_MODULE)
      .flatMap(({ label }) => {
        const words = label.split(" ");
        const word = words.find((word) => Object.hasOwn(MODULES, word));
        return word === undefined ? [] : MODULES[word]!;
      }),
  );
  advice.push(...moduleAdvice([...modules], checkup.kernel, installed));
  if (!checkup.bpf.usable) {
    const held = ["CAP_BPF", "CAP_PERFMON"].every((name) =>
      checkup.capabilities.some((capability) => capability.name === name && capability.held)
    );
    advice.push(
      checkup.btf.usable && held
        ? "Run on the host, outside of user namespaces and seccomp filters, to find owners quicker by BPF on hosts with many descriptors"
        : checkup.btf.usable
        ? "Give CAP_BPF and CAP_PERFMON, or run as root, to find owners quicker on hosts with many descriptors"
        : "A kernel with BTF (CONFIG_DEBUG_INFO_BTF) finds owners quicker on hosts with many descriptors",
    );
  }
  if (checkup.bpf.usable && lacks("CAP_NET_ADMIN") && lacks("CAP_SYS_ADMIN")) {
    advice.push("Give CAP_NET_ADMIN to let sockeye watch see sockets that are opened and bound");
  }
  return advice;
}
