/**
 * Counters of the protocols: /proc/net/snmp, netstat, snmp6 and sctp/snmp.
 *
 * @module
 */

/** One counter: an unsigned 64-bit number. A few are -1. */
interface Counter {
  readonly name: string;
  readonly value: bigint;
}

/** The counters of one protocol. */
export interface CounterSection {
  /** `Tcp`, `IpExt`; in snmp6 the prefix of the names: `Ip6`. */
  readonly title: string;
  readonly counters: readonly Counter[];
}

/** The counters of a file. */
export interface CounterFile {
  readonly sections: readonly CounterSection[];
  /** True when a line has another form. */
  readonly bad: boolean;
}

function valueOf(text: string | undefined): bigint {
  return text !== undefined && /^-?\d+$/.test(text) ? BigInt(text) : 0n;
}

/** Parses snmp and netstat: pairs of lines, the first with names, the second with values. A name without a value counts as 0. */
export function parseCounterPairs(text: string): CounterFile {
  const lines = text.split("\n");
  const sections: CounterSection[] = [];
  for (let i = 0; i + 1 < lines.length; i += 2) {
    const [title, ...names] = lines[i]!.trim().split(/\s+/);
    const [other, ...values] = lines[i + 1]!.trim().split(/\s+/);
    if (title === "" && other === "") continue;
    if (title === undefined || !title.endsWith(":") || title !== other) {
      return { sections, bad: title !== undefined && !title.endsWith(":") };
    }
    sections.push({
      title: title.slice(0, -1),
      counters: names.map((name, at) => ({ name, value: valueOf(values[at]) })),
    });
  }
  return { sections, bad: false };
}

function parseList(text: string): Counter[] {
  return text.split("\n").map((line) => line.trim().split(/\s+/)).filter(([name]) => name)
    .map(([name, value]) => ({ name: name!, value: valueOf(value) }));
}

/** Parses snmp6: one counter on each line. Names that are the same up to the 6 form a section. */
export function parseCounters6(text: string): CounterFile {
  const sections: { title: string; counters: Counter[] }[] = [];
  for (const counter of parseList(text)) {
    const six = counter.name.indexOf("6");
    const title = six < 0 ? counter.name : counter.name.slice(0, six + 1);
    if (sections.at(-1)?.title !== title) sections.push({ title, counters: [] });
    sections.at(-1)!.counters.push(counter);
  }
  return { sections, bad: false };
}

/** Parses sctp/snmp: one counter on each line, all in one section. */
export function parseCountersSctp(text: string): CounterFile {
  return { sections: [{ title: "Sctp", counters: parseList(text) }], bad: false };
}

/** One counter of a file such as snmp or netstat: `counterIn(text, "TcpExt", "ListenOverflows")`; `null` where it is not there. */
export function counterIn(text: string, title: string, name: string): number | null {
  const section = parseCounterPairs(text).sections.find((one) => one.title === title);
  const counter = section?.counters.find((one) => one.name === name);
  return counter === undefined ? null : Number(counter.value);
}
