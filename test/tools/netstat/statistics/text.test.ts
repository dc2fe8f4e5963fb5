import { describe, expect, test } from "bun:test";
import { parseCounterPairs, parseCounters6, parseCountersSctp } from "../../../../src/proc/snmp.ts";
import { StatisticsText } from "../../../../src/tools/netstat/statistics/text.ts";

const ALL = { raw: true, tcp: true, udp: true, sctp: true };
const text = (lines: string, selection = ALL) =>
  new StatisticsText(selection).sections(parseCounterPairs(lines).sections);

describe("netstat -s", () => {
  test("tells known counters in words, unknown ones by name, and the latter only when they count", () => {
    expect(text("Tcp: RtoMin ActiveOpens New Newer\nTcp: 200 0 0 7\n")).toBe(
      "Tcp:\n    0 active connection openings\n    Newer: 7\n",
    );
  });

  test("tells ICMP messages under a heading, which stays when they are none", () => {
    expect(text("Icmp: InMsgs InDestUnreachs InEchos OutMsgs OutEchos\nIcmp: 1 0 2 3 4\n")).toBe(
      "Icmp:\n    1 ICMP messages received\n    ICMP input histogram:\n        echo requests: 2\n" +
        "    3 ICMP messages sent\n    ICMP output histogram:\n        echo requests: 4\n",
    );
  });

  test("leaves an unknown section as far in as a histogram before it, until a known one comes", () => {
    const lines = "Icmp: InDestUnreachs\nIcmp: 1\nOdd: A\nOdd: 1\nTcp: B\nTcp: 2\nOdd: A\nOdd: 1\n";
    expect(text(lines, { ...ALL, tcp: false })).toBe(
      "Icmp:\n    ICMP input histogram:\n        destination unreachable: 1\n" +
        "Odd:\n        A: 1\nOdd:\n    A: 1\n",
    );
  });

  test("shows unknown sections whatever protocols were asked for", () => {
    expect(text("Tcp: A\nTcp: 1\nOdd: A\nOdd: 1\n", { ...ALL, tcp: false })).toBe(
      "Odd:\n    A: 1\n",
    );
  });

  test("a value that is missing is 0, one below it is counted from the top, as in C", () => {
    expect(text("Ip: InReceives InDelivers\nIp: -1\n")).toBe(
      "Ip:\n    18446744073709551615 total packets received\n    0 incoming packets delivered\n",
    );
  });

  test("sections of snmp6 go by what stands before the 6", () => {
    const { sections } = parseCounters6("Ip6InReceives \t3\nIp6New 1\nUdpLite6X 4\nOdd 2\n");
    expect(new StatisticsText(ALL).sections(sections)).toBe(
      "Ip6:\n    3 total packets received\n    Ip6New: 1\nUdpLite6:\n    UdpLite6X: 4\nOdd:\n    Odd: 2\n",
    );
  });

  test("SCTP has one section", () => {
    const { sections } = parseCountersSctp("SctpCurrEstab\t4\nSctpNew 0\n");
    expect(new StatisticsText(ALL).sections(sections)).toBe("Sctp:\n    4 Current Associations\n");
  });

  test("lines that do not pair end the file, and one without a colon is told", () => {
    expect(parseCounterPairs("Tcp: A\n")).toEqual({ sections: [], bad: false });
    expect(parseCounterPairs("Tcp A\nTcp 1\n")).toEqual({ sections: [], bad: true });
    expect(parseCounterPairs("")).toEqual({ sections: [], bad: false });
  });
});
