/**
 * The options of ss 7.1.0.
 *
 * @module
 */
import type { GetoptFlag } from "../getopt.ts";

/** Receives the options in their order. */
export type SsFlagSink = (id: SsFlag, value: string) => void;

/** An option of ss, by its long name. */
export type SsFlag = typeof SS_FLAGS[number]["id"];

/** An option with its identifier. */
interface Flag<T extends string> extends GetoptFlag<(id: T, value: string) => void> {
  readonly id: T;
}

/** Makes an option. Its long name is `id`, unless `extra` has others. */
const flag = <const T extends string>(
  id: T,
  short: string | null,
  help: string,
  extra: { readonly value?: string; readonly long?: readonly string[]; readonly extension?: true } =
    {},
): Flag<T> => ({
  id,
  long: extra.long ?? [id],
  help,
  ...(short === null ? {} : { short }),
  ...(extra.value === undefined ? {} : { value: extra.value }),
  ...(extra.extension ? { extension: true } : {}),
  set: (sink, value) => sink(id, value),
});

/** Every option, in the order of help. */
export const SS_FLAGS = [
  flag("help", "h", "show this help"),
  flag("version", "V", "show the version that this mode is compatible with"),
  flag("version", "v", "the same", { long: [] }),
  flag("no-header", "H", "leave the titles out"),
  flag("no-queues", "Q", "leave the queues out"),
  flag("oneline", "O", "keep each socket on one line"),
  flag("numeric", "n", "show numbers where services and protocols have names"),
  flag("resolve", "r", "show names of hosts that /etc/hosts knows"),
  flag("all", "a", "sockets in every state"),
  flag("listening", "l", "listening sockets"),
  flag("bound-inactive", "B", "TCP sockets that are bound and nothing else"),
  flag("options", "o", "timers"),
  flag("extended", "e", "user, inode, cookie and more; implies --options"),
  flag("memory", "m", "memory of the socket"),
  flag("processes", "p", "processes that hold the socket"),
  flag("threads", "T", "threads that hold the socket"),
  flag("info", "i", "what the protocol tells of itself"),
  flag("tipcinfo", null, "what TIPC tells of itself"),
  flag("summary", "s", "counts of sockets"),
  flag("tos", null, "type of service, traffic class and class of priority"),
  flag("cgroup", null, "control group"),
  flag("bpf", "b", "filter programs of packet sockets; implies --options"),
  flag("bpf-maps", null, "values that BPF programs keep for the socket (refused)"),
  flag("bpf-map-id", null, "the same from one map (refused)", { value: "ID" }),
  flag("events", "E", "wait, and show sockets as they end"),
  flag("context", "Z", "security contexts of processes"),
  flag("contexts", "z", "security contexts of processes and sockets"),
  flag("net", "N", "look into a named network namespace", { value: "NAME" }),
  flag("ipv4", "4", "IPv4"),
  flag("ipv6", "6", "IPv6"),
  flag("packet", "0", "packet sockets"),
  flag("tcp", "t", "TCP"),
  flag("mptcp", "M", "MPTCP"),
  flag("sctp", "S", "SCTP"),
  flag("udp", "u", "UDP"),
  flag("dccp", "d", "DCCP"),
  flag("raw", "w", "raw sockets"),
  flag("unix", "x", "unix sockets"),
  flag("tipc", null, "TIPC"),
  flag("vsock", null, "vsock"),
  flag("xdp", null, "XDP"),
  flag("family", "f", "unix, inet, inet6, link, netlink, vsock, tipc or xdp", {
    value: "FAMILY",
  }),
  flag("kill", "K", "close the sockets, and show those that were closed"),
  flag("query", "A", "tables, parted by commas; ! before a name removes it", {
    value: "LIST",
    long: ["query", "socket"],
  }),
  flag("inet-sockopt", null, "options that the socket has set"),
  flag("diag", "D", "write the replies of the kernel for TCP to a file", { value: "FILE" }),
  flag("filter", "F", "read the filter from a file", { value: "FILE" }),
  flag("trace", null, "print every netlink message on standard error (not in ss)", {
    extension: true,
  }),
] as const;
