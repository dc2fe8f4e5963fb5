/**
 * The `-i` part of a TCP row, from struct tcp_info written field by field.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  INET_DIAG_BBRINFO,
  INET_DIAG_CONG,
  INET_DIAG_DCTCPINFO,
  INET_DIAG_INFO,
  INET_DIAG_VEGASINFO,
} from "../../src/families/inet/uapi.ts";
import { TCP_INFO_FIELDS } from "../../src/families/inet/tcp_info.ts";
import { TCP_ESTABLISHED, TCP_LISTEN } from "../../src/model/state.ts";
import { CELLS, INPUT, OPTIONS } from "../../src/core/arena.ts";
import {
  OPTION_DETAILS,
  OPTION_NUMERIC,
  OPTION_ONELINE,
  OPTION_TIMER,
} from "../../src/core/ss_row.ts";
import { latin1Text } from "../../src/text/encoding.ts";
import { formatFixed, formatGeneral } from "../../src/tools/ss/rows/printf.ts";
import { ascii, attribute, u16, u32, u64, viewOf, zeros } from "../support/bytes.ts";
import { inBothGears } from "../support/core.ts";

type Fields = Readonly<Record<string, number | bigint>>;

/** The bytes of struct tcp_info with these fields, by the kernel's names without `tcpi_`; the rest is 0. */
function tcpInfo(fields: Fields, length = 280): number[] {
  const view = new DataView(new ArrayBuffer(280));
  for (const [name, value] of Object.entries(fields)) {
    if (name === "scales") view.setUint8(6, Number(value));
    else if (name === "bits") view.setUint8(7, Number(value));
    else {
      const { offset, width } = TCP_INFO_FIELDS.find(({ kernel }) => kernel === `tcpi_${name}`)!;
      if (width === 8) view.setBigUint64(offset, BigInt(value), true);
      else if (width === 4) view.setUint32(offset, Number(value), true);
      else view.setUint8(offset, Number(value));
    }
  }
  return [...new Uint8Array(view.buffer, 0, length)];
}

/** What is written for attributes of a message, by their numbers. */
function written(
  attributes: Readonly<Record<number, readonly number[]>>,
  { options = true, numeric = false, state = TCP_ESTABLISHED } = {},
): string {
  const body = zeros(72);
  body[1] = state;
  for (const [number, content] of Object.entries(attributes)) {
    body.push(...attribute(Number(number), [...content]));
  }
  return inBothGears((core) => {
    const view = viewOf(body);
    core.view.setUint32(
      OPTIONS,
      OPTION_DETAILS | OPTION_ONELINE | (options ? OPTION_TIMER : 0) |
        (numeric ? OPTION_NUMERIC : 0),
      true,
    );
    expect(core.input(view, 0, body.length)).toBe(INPUT);
    const end = core.functions.writeDetails(INPUT, INPUT + body.length, CELLS);
    return latin1Text(core.bytes, CELLS, end);
  });
}

/** As the kernel has it for a connection that says nothing: the defaults that ss leaves out. */
const QUIET = { rto: 3_000_000, reordering: 3, min_rtt: 0xffff_ffff };
const of = (fields: Fields, how = {}) =>
  written({ [INET_DIAG_INFO]: tcpInfo({ ...QUIET, ...fields }) }, how);

describe("the text of tcp_info", () => {
  test("is nothing without the attribute, and nothing where every field is its default", () => {
    expect(written({})).toBe("");
    expect(of({})).toBe("");
  });

  test("names options in their order, and only where options are wanted", () => {
    expect(of({ options: 1 | 2 | 8 | 16 | 32 | 64 })).toBe(" ts usec_ts sack ecn ecnseen fastopen");
    expect(of({ options: 1 | 2 }, { options: false })).toBe("");
  });

  test("has the window scales wherever they were negotiated: that of the sender first", () => {
    expect(of({ options: 4, scales: 0x97 })).toBe(" wscale:7,9");
    expect(of({ options: 4, scales: 0x97 }, { options: false })).toBe(" wscale:7,9");
    expect(of({ scales: 0x97 })).toBe("");
  });

  test("has times in milliseconds with as many digits as they need", () => {
    expect(of({ rto: 204_000, rtt: 1, rttvar: 10, ato: 40_500 }))
      .toBe(" rto:204 rtt:0.001/0.01 ato:40.5");
    expect(of({ rtt: 1_234_567, rttvar: 2_000_000 })).toBe(" rtt:1234.57/2000");
    expect(of({ rcv_rtt: 999_999, min_rtt: 37 })).toBe(" rcv_rtt:999.999 minrtt:0.037");
  });

  test("has sizes, and the threshold of slow start only when one was set", () => {
    expect(of({ snd_mss: 1448, pmtu: 1500, rcv_mss: 536, advmss: 1460, snd_cwnd: 10 }))
      .toBe(" mss:1448 pmtu:1500 rcvmss:536 advmss:1460 cwnd:10");
    expect(of({ snd_ssthresh: 7 })).toBe(" ssthresh:7");
    expect(of({ snd_ssthresh: 0x7fff_ffff })).toBe("");
  });

  test("has counters of 64 bits to the last digit", () => {
    expect(of({ bytes_sent: 2n ** 53n + 1n, bytes_acked: 1, segs_out: 3 }))
      .toBe(" bytes_sent:9007199254740993 bytes_acked:1 segs_out:3");
    expect(of({ bytes_received: 2n ** 64n - 1n })).toBe(" bytes_received:18446744073709551615");
  });

  test("computes the rate of sending from window, segment size and round trip", () => {
    const fields = { snd_mss: 1000, snd_cwnd: 10, rtt: 1000 };
    expect(of(fields)).toBe(" rtt:1/0 mss:1000 cwnd:10 send 80Mbps");
    expect(of(fields, { numeric: true })).toBe(" rtt:1/0 mss:1000 cwnd:10 send 80000000bps");
  });

  test("has rates of pacing with their limit, unless they are unlimited", () => {
    expect(of({ pacing_rate: 125_000, max_pacing_rate: 1_250_000 }))
      .toBe(" pacing_rate 1Mbps/10Mbps");
    const unlimited = 2n ** 64n - 1n;
    expect(of({ pacing_rate: 125_000, max_pacing_rate: unlimited })).toBe(" pacing_rate 1Mbps");
    expect(of({ pacing_rate: unlimited })).toBe("");
    expect(of({ delivery_rate: 125, delivered: 4, delivered_ce: 1, bits: 1 }))
      .toBe(" delivery_rate 1kbps delivered:4 delivered_ce:1 app_limited");
  });

  test("has the shares of the busy time, and none without busy time", () => {
    expect(of({ busy_time: 2_000_999, rwnd_limited: 1_000_499, sndbuf_limited: 500_000 }))
      .toBe(" busy:2000ms rwnd_limited:1000ms(50.0%) sndbuf_limited:500ms(25.0%)");
    expect(of({ rwnd_limited: 5000 })).toBe("");
  });

  test("has losses; what a listener has in their place is the limit of its queue", () => {
    expect(of({ unacked: 1, retrans: 2, total_retrans: 3, lost: 4, sacked: 5, dsack_dups: 6 }))
      .toBe(" unacked:1 retrans:2/3 lost:4 sacked:5 dsack_dups:6");
    expect(of({ unacked: 1, sacked: 128 }, { state: TCP_LISTEN })).toBe(" unacked:1");
    expect(of({ total_retrans: 3 })).toBe(" retrans:0/3");
    expect(of({ reordering: 300, reord_seen: 0xffff_ffff })).toBe(" reordering:300 reord_seen:-1");
  });

  test("takes fields that an older kernel does not have for 0", () => {
    const short = tcpInfo({ ...QUIET, snd_cwnd: 10, pacing_rate: 125_000, bytes_acked: 9 }, 104);
    expect(written({ [INET_DIAG_INFO]: short })).toBe(" cwnd:10");
  });

  test("has the congestion control's name up to its NUL", () => {
    const info = tcpInfo(QUIET);
    expect(written({ [INET_DIAG_INFO]: info, [INET_DIAG_CONG]: [...ascii("cubic"), 0, 1, 2] }))
      .toBe(" cubic");
    expect(written({ [INET_DIAG_INFO]: info, [INET_DIAG_CONG]: [0] })).toBe("");
  });

  test("has what BBR, DCTCP and Vegas tell of themselves", () => {
    const info = tcpInfo({ ...QUIET, rtt: 500 });
    const bbr = [...u64(125_000n), ...u32(1500), ...u32(739), ...u32(512)];
    expect(written({ [INET_DIAG_INFO]: info, [INET_DIAG_BBRINFO]: bbr }))
      .toBe(" rtt:0.5/0 bbr:(bw:1Mbps,mrtt:1.5,pacing_gain:2.88672,cwnd_gain:2)");
    const dctcp = [...u16(1), ...u16(0), ...u32(3), ...u32(4), ...u32(5)];
    expect(written({ [INET_DIAG_INFO]: info, [INET_DIAG_DCTCPINFO]: dctcp }))
      .toBe(" rtt:0.5/0 dctcp:(ce_state:0,alpha:3,ab_ecn:4,ab_tot:5)");
    expect(
      written({ [INET_DIAG_INFO]: info, [INET_DIAG_DCTCPINFO]: [...u16(0), ...dctcp.slice(2)] }),
    ).toBe(" rtt:0.5/0 dctcp:fallback_mode");
    // Vegas's own measurement is what the rate of sending is reckoned with, and nothing else.
    const sending = tcpInfo({ ...QUIET, rtt: 500, snd_cwnd: 10, snd_mss: 1000 });
    const vegas = [...u32(1), ...u32(0), ...u32(2000), ...u32(0)];
    const disabled = [...u32(0), ...vegas.slice(4)];
    const rates = [vegas, disabled].map((bytes) =>
      written({ [INET_DIAG_INFO]: sending, [INET_DIAG_VEGASINFO]: bytes })
    );
    expect(rates[0]).toBe(" rtt:0.5/0 mss:1000 cwnd:10 send 40Mbps");
    expect(rates[1]).toBe(" rtt:0.5/0 mss:1000 cwnd:10 send 160Mbps");
  });

  test("is printable for any bytes of any length", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, numeric) => {
      expect(written({ [INET_DIAG_INFO]: [...bytes] }, { numeric })).toMatch(/^( [ -~]+)?$/);
    }));
  });
});

test("every number is written as printf writes it", () => {
  const any = fc.oneof(
    fc.nat(0xffff_ffff),
    fc.integer({ min: 900_000, max: 1_100_000 }),
    fc.nat(4_294_966).map((ms) => ms * 1000 + 500),
    fc.constantFrom(0, 1, 5, 1_000_005, 1_000_015, 999_999_500, 0x8000_0000, 0xffff_fffe),
  );
  const wide = fc.oneof(
    fc.bigInt({ min: 0n, max: 2n ** 64n - 2n }),
    fc.bigInt({ min: 0n, max: 2n ** 54n }),
    fc.bigInt({ min: 0n, max: 1_000_000n }),
    fc.constantFrom(2n ** 53n, 2n ** 53n - 1n, 999_999n, 124_999_999n, 1_249n),
  );
  const milliseconds = (us: number) => formatGeneral(us / 1000);
  const rate = (bits: number, numeric: boolean) => {
    if (numeric) return `${formatFixed(bits, 0)}bps`;
    const unit = ([[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]] as const)
      .find(([unit]) => bits >= unit);
    return unit === undefined
      ? `${formatGeneral(bits)}bps`
      : `${formatGeneral(bits / unit[0], 3)}${unit[1]}bps`;
  };
  fc.assert(
    fc.property(any, any, wide, fc.boolean(), (one, other, large, numeric) => {
      const parts = [
        ...one !== 0 ? [` rtt:${milliseconds(one)}/${milliseconds(other)}`] : [],
        ...large !== 0n ? [` bytes_acked:${large}`] : [],
        ...large !== 0n ? [` delivery_rate ${rate(Number(large) * 8, numeric)}`] : [],
      ];
      expect(of({ rtt: one, rttvar: other, bytes_acked: large, delivery_rate: large }, { numeric }))
        .toBe(parts.join(""));
      if (one === 0 || other === 0) return;
      const sent = rate(one * other * 8_000_000 / 7, numeric);
      expect(of({ rtt: 7, snd_cwnd: one, snd_mss: other }, { numeric }))
        .toBe(` rtt:0.007/0 mss:${other} cwnd:${one} send ${sent}`);
    }),
    { numRuns: 3000 },
  );
  fc.assert(
    fc.property(wide, wide, any, (busy, limited, gain) => {
      if (busy === 0n || limited === 0n || gain === 0) return;
      const share = formatFixed(100 * Number(limited) / Number(busy), 1);
      expect(of({ busy_time: busy, rwnd_limited: limited }))
        .toBe(` busy:${busy / 1000n}ms rwnd_limited:${limited / 1000n}ms(${share}%)`);
      const bbr = [...u64(0n), ...u32(1), ...u32(gain), ...u32(0)];
      expect(written({ [INET_DIAG_INFO]: tcpInfo(QUIET), [INET_DIAG_BBRINFO]: bbr }))
        .toBe(` bbr:(bw:0bps,mrtt:0.001,pacing_gain:${formatGeneral(gain / 256)})`);
    }),
    { numRuns: 3000 },
  );
});

test("a field that the attribute cuts is not there", () => {
  const full = tcpInfo(
    Object.fromEntries(TCP_INFO_FIELDS.map(({ kernel }) => [kernel.slice(5), 77])),
  );
  for (let length = 8; length <= 280; length++) {
    const whole = [...full];
    for (const { offset, width } of TCP_INFO_FIELDS) {
      if (offset + width > length) whole.fill(0, offset, offset + width);
    }
    expect(written({ [INET_DIAG_INFO]: full.slice(0, length) }))
      .toBe(written({ [INET_DIAG_INFO]: whole }));
  }
});

test("rates have three digits and a decimal prefix, or are plain numbers", () => {
  const rate = (bytesPerSec: number, numeric: boolean) =>
    of({ delivery_rate: bytesPerSec }, { numeric }).replace(" delivery_rate ", "");
  expect([1, 124, 125, 1543, 187_500, 250_000_000, 375_000_000_000].map((one) => rate(one, false)))
    .toEqual(["8bps", "992bps", "1kbps", "12.3kbps", "1.5Mbps", "2Gbps", "3Tbps"]);
  expect(rate(1543, true)).toBe("12344bps");
});
