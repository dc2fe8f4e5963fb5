/**
 * The details that a protocol reports of a socket, as short items: `rtt:0.05/0.02ms`, `cwnd:10`. Zeros that mean nothing are
 * left out; JSON has all values.
 *
 * @module
 */
import type { InfoValue, Socket, SocketInfo } from "../model/socket.ts";
import { sanitize } from "../text/sanitize.ts";

/** The items, sanitised and without blanks; none if the source reported nothing. */
export function infoItems({ info, transport, state, timer }: Socket): string[] {
  if (!info) return [];
  const items: string[] = [];
  // That the timer of a TIME-WAIT record runs is in its state, but not when it ends.
  if (timer !== null && timer.kind === "time_wait") items.push(`ends:${timer.expiresMs}ms`);
  if (timer !== null && timer.kind !== "time_wait") {
    items.push(
      `timer:${timer.kind},${timer.expiresMs}ms${
        timer.retransmits === 0 ? "" : `,${timer.retransmits}`
      }`,
    );
  }
  const told = new Set<string>();
  const take = (key: string, write: (value: InfoValue) => readonly string[]) => {
    told.add(key);
    const value = info[key];
    if (value !== undefined && value !== null) items.push(...write(value));
  };
  take("cong", (name) => [String(name)]);
  if (transport === "tcp" || transport === "dccp") {
    take("info", (value) => tcpItems(value as SocketInfo, state === "listen"));
  }
  take("bbrinfo", (value) => bbrItems(value as SocketInfo));
  take("tos", (tos) => tos === 0 ? [] : [`tos:${hex(tos)}`]);
  take("tclass", (tclass) => tclass === 0 ? [] : [`tclass:${hex(tclass)}`]);
  take("mark", (mark) => mark === 0 ? [] : [`mark:${hex(mark)}`]);
  take("shutdown", (how) => how === 0 ? [] : [`shutdown:${SHUTDOWN[Number(how)] ?? String(how)}`]);
  take("sockopt", (value) => optionItems(value as SocketInfo));
  // Internet sockets report this array as `skmeminfo` and something else as `meminfo`. Other families call it `meminfo`.
  take(
    info.skmeminfo === undefined ? "meminfo" : "skmeminfo",
    (value) => memoryItems(value as SocketInfo),
  );
  told.add("meminfo");
  // These have columns of their own, or mean nothing by themselves.
  for (const key of ["skv6only", "protocol", "class_id", "name", "peer", "icons", "rqlen", "uid"]) {
    told.add(key);
  }
  for (const [key, value] of Object.entries(info)) {
    if (!told.has(key)) items.push(...generic(key, value));
  }
  return items.map((item) => sanitize(item).replaceAll(" ", "\\x20"));
}

const SHUTDOWN: Readonly<Record<number, string>> = { 1: "read", 2: "write", 3: "both" };

/** TCPI_OPT_*: include/uapi/linux/tcp.h. */
const OPTIONS: readonly (readonly [bit: number, name: string])[] = [
  [1, "ts"],
  [2, "sack"],
  [8, "ecn"],
  [16, "ecnseen"],
  [32, "fastopen"],
  [64, "usec_ts"],
];

/** The items of a struct tcp_info. Missing values and zeros are left out. */
function tcpItems(info: SocketInfo, listening: boolean): string[] {
  const items: string[] = [];
  /** What the state column has, and the options, whose bits are taken one by one. */
  const told = new Set(["state", "options"]);
  const n = (key: string): number => {
    told.add(key);
    const value = info[key];
    return typeof value === "number" || typeof value === "bigint" ? Number(value) : 0;
  };
  const add = (label: string, key: string, write: (value: number) => string = String) => {
    if (n(key) !== 0) items.push(`${label}:${write(n(key))}`);
  };
  const options = n("options");
  for (const [bit, name] of OPTIONS) if ((options & bit) !== 0) items.push(name);
  if ((options & 4) !== 0) items.push(`wscale:${n("snd_wscale")},${n("rcv_wscale")}`);
  add("rto", "rto_us", ms);
  if (n("rtt_us") !== 0) items.push(`rtt:${n("rtt_us") / 1000}/${n("rttvar_us") / 1000}ms`);
  add("minrtt", "min_rtt_us", ms);
  add("ato", "ato_us", ms);
  add("backoff", "backoff");
  add("mss", "snd_mss_bytes");
  add("pmtu", "pmtu_bytes");
  add("rcvmss", "rcv_mss_bytes");
  add("advmss", "advmss_bytes");
  add("cwnd", "snd_cwnd");
  if (n("snd_ssthresh") < UNLIMITED) add("ssthresh", "snd_ssthresh");
  // For a listener these fields are its accept queue.
  if (listening) { for (const key of ["unacked", "sacked"]) told.add(key); }
  else {
    add("unacked", "unacked");
    add("sacked", "sacked");
  }
  if (n("retrans") + n("total_retrans") > 0) {
    items.push(`retrans:${n("retrans")}/${n("total_retrans")}`);
  }
  add("lost", "lost");
  add("sent", "bytes_sent", bytes);
  add("resent", "bytes_retrans", bytes);
  add("acked", "bytes_acked", bytes);
  add("received", "bytes_received", bytes);
  add("unsent", "notsent_bytes", bytes);
  if (n("segs_out") + n("segs_in") > 0) items.push(`segs:${n("segs_out")}/${n("segs_in")}`);
  // How long nothing was sent, received or acknowledged. A listener has never done so, and the kernel counts from its start.
  if (listening) { for (const key of SILENCES) told.add(key); }
  else {
    const silent = (value: number) => `${value}ms`;
    add("lastsnd", "last_data_sent_ms", silent);
    add("lastrcv", "last_data_recv_ms", silent);
    add("lastack", "last_ack_recv_ms", silent);
  }
  add("pacing", "pacing_rate_bytes_per_sec", rate);
  add("delivery", "delivery_rate_bytes_per_sec", rate);
  told.add("delivery_rate_app_limited");
  if (info.delivery_rate_app_limited === true) items.push("app_limited");
  add("busy", "busy_time_us", ms);
  add("rwnd_limited", "rwnd_limited_us", ms);
  add("sndbuf_limited", "sndbuf_limited_us", ms);
  add("rcvrtt", "rcv_rtt_us", ms);
  add("rcvspace", "rcv_space_bytes", bytes);
  add("rcvooo", "rcv_ooopack");
  add("sndwnd", "snd_wnd_bytes", bytes);
  add("reordering", "reord_seen");
  add("ce", "delivered_ce");
  add("rto_timeouts", "total_rto");
  add("probes", "probes");
  // The bits that have no name above.
  const unnamed = OPTIONS.reduce((rest, [bit]) => rest & ~bit, options & ~4);
  if (unnamed !== 0) items.push(`options:${hex(unnamed)}`);
  // As the kernel begins, with nothing having come out of order, and no limit to the pace.
  if (n("reordering") === 3) told.add("reordering");
  else add("reorder", "reordering");
  if (Number(info.max_pacing_rate_bytes_per_sec ?? 0) >= Number.MAX_SAFE_INTEGER) {
    told.add("max_pacing_rate_bytes_per_sec");
  } else add("max_pacing", "max_pacing_rate_bytes_per_sec", rate);
  // Whatever else the kernel tells, under the name that it has in the JSON.
  for (const [key, value] of Object.entries(info)) {
    if (!told.has(key)) items.push(...generic(key, value));
  }
  return items;
}

/** The kernel's value for a threshold that is not set yet. */
const UNLIMITED = 0x7fff_ffff;
const SILENCES = ["last_data_sent_ms", "last_data_recv_ms", "last_ack_recv_ms"];

/** Options that are set by default, or only tell the kind of socket. */
const USUAL_OPTIONS = ["is_icsk", "mc_loop", "mc_all"];

function optionItems(options: SocketInfo): string[] {
  return Object.entries(options).flatMap(([name, set]) => {
    if (name === "is_icsk") return [];
    return set === USUAL_OPTIONS.includes(name) ? [] : [set ? name : `no_${name}`];
  });
}

function bbrItems(info: SocketInfo): string[] {
  return [
    `bbr_bw:${rate(Number(info.bw_bytes_per_sec ?? 0))}`,
    `bbr_minrtt:${ms(Number(info.min_rtt_us ?? 0))}`,
  ];
}

function memoryItems(memory: SocketInfo): string[] {
  const n = (key: string) => Number(memory[key] ?? 0);
  const items = [
    `rcvbuf:${bytes(n("rmem_alloc"))}/${bytes(n("rcvbuf"))}`,
    `sndbuf:${bytes(n("wmem_alloc") + n("wmem_queued"))}/${bytes(n("sndbuf"))}`,
  ];
  if (n("backlog") > 0) items.push(`backlog:${bytes(n("backlog"))}`);
  if (n("drops") > 0) items.push(`drops:${n("drops")}`);
  return items;
}

/** The items of any value: its leaves, each with its path. False and empty values are left out. */
function generic(key: string, value: InfoValue): string[] {
  if (value === null || value === false || value === 0 || value === 0n || value === "") return [];
  if (value === true) return [key];
  if (value instanceof Uint8Array) return value.length === 0 ? [] : [`${key}:${value.toHex()}`];
  if (Array.isArray(value)) {
    return value.flatMap((item, i) => generic(`${key}[${i}]`, item as InfoValue));
  }
  if (typeof value === "object") {
    return Object.entries(value).flatMap(([name, inner]) =>
      generic(`${key}.${name}`, inner as InfoValue)
    );
  }
  return [`${key}:${value}`];
}

function hex(value: InfoValue): string {
  return `0x${Number(value).toString(16)}`;
}

function ms(us: number): string {
  return `${us / 1000}ms`;
}

const UNITS = ["", "K", "M", "G", "T", "P", "E"] as const;

function scaled(value: number, base: number): string {
  let unit = 0;
  while (value >= base && unit < UNITS.length - 1) {
    value /= base;
    unit++;
  }
  return `${Number(value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0))}${UNITS[unit]}`;
}

/** A number of bytes, in powers of 1024. */
function bytes(value: number): string {
  return `${scaled(value, 1024)}B`;
}

/** A rate in bits per second, in powers of 1000. */
function rate(bytesPerSec: number): string {
  return `${scaled(bytesPerSec * 8, 1000)}bit/s`;
}
