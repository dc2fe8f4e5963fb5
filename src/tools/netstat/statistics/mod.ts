/**
 * `netstat -s`: the kernel's counters.
 *
 * @module
 */
import { ENOENT, errnoText } from "../../../../ffi/errno.ts";
import {
  type CounterFile,
  parseCounterPairs,
  parseCounters6,
  parseCountersSctp,
} from "../../../proc/snmp.ts";
import { StatisticsText } from "./text.ts";
import type { Writer } from "../../../text/writer.ts";
import { latin1Text } from "../../../text/encoding.ts";
import type { NetstatEnvironment } from "../environment.ts";
import type { StatisticsQuery } from "../query.ts";

/** Prints the counters of the protocols. Returns the exit status. Throws what the writers throw. */
export function printStatistics(
  query: StatisticsQuery,
  environment: NetstatEnvironment,
  out: Writer,
  err: Writer,
): number {
  const { protocols, ipv6 } = query;
  const text = new StatisticsText({
    raw: protocols.has("raw"),
    tcp: protocols.has("tcp"),
    udp: protocols.has("udp"),
    sctp: protocols.has("sctp"),
  });
  const read = (file: string, parse: (text: string) => CounterFile, only: string | null = null) => {
    const bytes = environment.root.readNet(file);
    if (typeof bytes === "number") {
      // The module of SCTP is rarely loaded, so it is no error to lack its file.
      if (file !== "sctp/snmp" || bytes !== -ENOENT) {
        err.write(`cannot open /proc/net/${file}: ${errnoText(-bytes)}\n`);
      }
      return false;
    }
    const { sections, bad } = parse(latin1Text(bytes));
    out.write(text.sections(sections, only));
    if (bad) err.write(`Problem while parsing /proc/net/${file}\n`);
    return true;
  };
  if (ipv6) {
    if (read("snmp6", parseCounters6)) read("snmp", parseCounterPairs, "Tcp");
  } else if (read("snmp", parseCounterPairs)) {
    read("netstat", parseCounterPairs);
    if (protocols.has("sctp")) read("sctp/snmp", parseCountersSctp);
  }
  out.flush();
  err.flush();
  return 0;
}
