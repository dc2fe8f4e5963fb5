/**
 * `-s`: counters of sockets, from three files of /proc.
 *
 * @module
 */
import { ENOENT } from "../../../ffi/errno.ts";
import { latin1Text } from "../../text/encoding.ts";
import type { Writer } from "../../text/writer.ts";
import type { SsFiles } from "./files.ts";

/** `NAME: key value key value …` lines: the value, 0 where it is missing. */
function counter(text: string, line: string, key: string): number {
  const words = text.split("\n").find((candidate) => candidate.startsWith(`${line}:`))?.split(
    /\s+/,
  );
  const at = words?.indexOf(key, 1) ?? -1;
  const value = at < 0 ? NaN : Number(words![at + 1]);
  return Number.isSafeInteger(value) ? value : 0;
}

/** A value of /proc/net/snmp, where each protocol has a line of names and a line of values. */
function snmp(text: string, protocol: string, key: string): number {
  const [names, values] = text.split("\n").filter((line) => line.startsWith(`${protocol}:`));
  const at = names?.split(/\s+/).indexOf(key) ?? -1;
  const value = at < 0 ? NaN : Number(values?.split(/\s+/)[at]);
  return Number.isSafeInteger(value) ? value : 0;
}

/**
 * Writes the summary, and on `err` which files could not be read: their counters are 0, as in ss. Without /proc/net/sockstat there is
 * no summary.
 */
export function writeSummary(files: SsFiles, out: Writer, err: Writer): void {
  const text = (variable: string): string | null => {
    const bytes = files.read(variable);
    if (typeof bytes !== "number") return latin1Text(bytes);
    // A kernel without IPv6 has no counters of it.
    if (bytes !== -ENOENT) err.write(`ss: ${files.failure(variable, -bytes)}\n`);
    return null;
  };
  const ipv4 = text("PROC_NET_SOCKSTAT");
  if (ipv4 === null) {
    err.write("ss: the counters of sockets cannot be read\n");
    return;
  }
  const ipv6 = text("PROC_NET_SOCKSTAT6") ?? "";
  const established = snmp(text("PROC_NET_SNMP") ?? "", "Tcp", "CurrEstab");
  const tcp4 = counter(ipv4, "TCP", "inuse");
  const tcp6 = counter(ipv6, "TCP6", "inuse");
  const timeWait = counter(ipv4, "TCP", "tw");
  const allocated = counter(ipv4, "TCP", "alloc");
  const orphaned = counter(ipv4, "TCP", "orphan");
  const closed = allocated - (tcp4 + tcp6 - timeWait);
  out.write(`Total: ${counter(ipv4, "sockets", "used")}\n`);
  out.write(
    `TCP:   ${allocated + timeWait} (estab ${established}, closed ${closed}, ` +
      `orphaned ${orphaned}, timewait ${timeWait})\n\n`,
  );
  const rows: [string, number, number][] = [
    ["RAW", counter(ipv4, "RAW", "inuse"), counter(ipv6, "RAW6", "inuse")],
    ["UDP", counter(ipv4, "UDP", "inuse"), counter(ipv6, "UDP6", "inuse")],
    ["TCP", tcp4, tcp6],
  ];
  const sum = (i: 1 | 2) => rows.reduce((total, row) => total + row[i], 0);
  rows.push(["INET", sum(1), sum(2)]);
  rows.push(["FRAG", counter(ipv4, "FRAG", "inuse"), counter(ipv6, "FRAG6", "inuse")]);
  out.write("Transport Total     IP        IPv6\n");
  for (const [name, four, six] of rows) {
    const cells = [four + six, four, six].map((value) => String(value).padEnd(9));
    out.write(`${name}\t  ${cells.join(" ")}\n`);
  }
  out.write("\n");
}
