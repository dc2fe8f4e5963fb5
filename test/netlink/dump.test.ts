import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { EBUSY, ENOENT } from "../../ffi/errno.ts";
import { MSG_TRUNC } from "../../ffi/socket.ts";
import { DecodeError } from "../../src/model/decode_error.ts";
import { attemptDump, dump } from "../../src/netlink/dump.ts";
import { execute } from "../../src/netlink/execute.ts";
import { NetlinkError } from "../../src/netlink/error.ts";
import {
  NLM_F_ACK_TLVS,
  NLM_F_CAPPED,
  NLM_F_DUMP_INTR,
  NLM_F_MULTI,
  NLMSG_DONE,
  NLMSG_ERROR,
  NLMSG_NOOP,
  NLMSG_OVERRUN,
} from "../../src/netlink/header.ts";
import { MessageBuilder } from "../../src/netlink/builder.ts";
import { ascii, attribute, message, u32, zeros } from "../support/bytes.ts";
import { type FakeDatagram, FakeKernel } from "../support/fake_kernel.ts";

const PORT = 4711;
const request = () => new MessageBuilder(20, 0x301).u32(0).finish();
const row = (sequence: number, value: number, flags = 0) =>
  message(20, NLM_F_MULTI | flags, sequence, PORT, u32(value));
const done = (sequence: number, errno = 0) =>
  message(NLMSG_DONE, NLM_F_MULTI, sequence, PORT, u32(-errno));
const error = (sequence: number, errno: number) =>
  message(NLMSG_ERROR, 0, sequence, PORT, [...u32(-errno), ...zeros(16)]);

function run(reply: (sequence: number, attempt: number) => FakeDatagram[]) {
  const values: number[] = [];
  const kernel = new FakeKernel(reply);
  let restarts = 0;
  const outcome = () =>
    dump(kernel, request(), "test dump", {
      message(view, start) {
        values.push(view.getUint32(start, true));
      },
      restart() {
        restarts++;
        values.length = 0;
      },
    });
  return { kernel, values, outcome, restarts: () => restarts };
}

describe("dump() to a sink that takes many messages at once", () => {
  test("delivers what it delivers one by one", () => {
    const kind = fc.constantFrom("row", "row", "row", "foreign", "other port", "disturbed", "noop");
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.tuple(kind, fc.nat(9)), { maxLength: 9 }), { maxLength: 4 }),
        fc.nat(9),
        fc.boolean(),
        (datagrams, refused, cut) => {
          const reply = (sequence: number): FakeDatagram[] => [
            ...datagrams.map((messages) => ({
              bytes: messages.flatMap(([kind, value]) => {
                switch (kind) {
                  case "foreign":
                    return row(sequence + 1, value);
                  case "other port":
                    return message(20, NLM_F_MULTI, sequence, PORT + 1, u32(value));
                  case "disturbed":
                    return row(sequence, value, NLM_F_DUMP_INTR);
                  case "noop":
                    return message(NLMSG_NOOP, NLM_F_MULTI, sequence, PORT, []);
                  default:
                    return row(sequence, value);
                }
              }),
            })),
            { bytes: cut ? [...done(sequence).slice(0, 12)] : done(sequence) },
          ];
          const one = run(reply);
          const many = run(reply);
          const taken: number[] = [];
          const attempt = (outcome: () => unknown) => {
            try {
              return outcome();
            } catch (error) {
              return String(error);
            }
          };
          const outcome = attempt(() =>
            dump(many.kernel, request(), "test dump", {
              message: (view, start) => taken.push(view.getUint32(start, true)),
              messages(view, start, end) {
                let at = start;
                while (at < end && view.getUint32(at + 16, true) !== refused) {
                  taken.push(view.getUint32(at + 16, true));
                  at += view.getUint32(at, true);
                }
                return at;
              },
              restart: () => taken.splice(0),
            })
          );
          expect(outcome).toEqual(attempt(one.outcome));
          expect(taken).toEqual(one.values);
        },
      ),
    );
  });
});

describe("dump()", () => {
  test("delivers every message of several datagrams until DONE", () => {
    const { values, outcome } = run((sequence) => [
      { bytes: [...row(sequence, 1), ...row(sequence, 2)] },
      { bytes: row(sequence, 3) },
      { bytes: done(sequence) },
    ]);
    expect(outcome()).toEqual({ messages: 3, interrupted: false });
    expect(values).toEqual([1, 2, 3]);
  });

  test("goes on through more datagrams than one receive holds", () => {
    const { values, outcome } = run((sequence) => [
      ...Array.from({ length: 11 }, (_, i) => ({ bytes: row(sequence, i) })),
      { bytes: done(sequence) },
    ]);
    outcome();
    expect(values).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  test("throws the errno that DONE carries", () => {
    const { outcome } = run((
      sequence,
    ) => [{ bytes: row(sequence, 1) }, { bytes: done(sequence, 22) }]);
    expect(outcome).toThrow("test dump: invalid argument (EINVAL)");
  });

  test("throws the errno of ERROR", () => {
    const { outcome } = run((sequence) => [{ bytes: error(sequence, ENOENT) }]);
    expect(outcome).toThrow(NetlinkError);
    expect(outcome).toThrow("ENOENT");
  });

  test("tells the extended ack's text and offset", () => {
    const { outcome } = run((sequence) => [{
      bytes: message(NLMSG_ERROR, NLM_F_CAPPED | NLM_F_ACK_TLVS, sequence, PORT, [
        ...u32(-22),
        ...u32(500), // length of the request, of which only the header is repeated
        ...zeros(12),
        ...attribute(1, [...ascii("no such table"), 0]),
        ...attribute(2, u32(24)),
      ]),
    }]);
    try {
      outcome();
      expect.unreachable();
    } catch (thrown) {
      expect((thrown as NetlinkError).extack).toBe("no such table");
      expect((thrown as NetlinkError).offset).toBe(24);
      expect((thrown as NetlinkError).message).toBe(
        "test dump: invalid argument (EINVAL): no such table",
      );
    }
  });

  test("takes only the kernel's word, not another process's", () => {
    const { values, outcome } = run((sequence) => [
      { bytes: row(sequence, 666), sender: 1234 },
      { bytes: done(sequence), sender: 1234 },
      { bytes: row(sequence, 1) },
      { bytes: done(sequence) },
    ]);
    outcome();
    expect(values).toEqual([1]);
  });

  test("passes over replies to an earlier request and to another port", () => {
    const { values, outcome } = run((sequence) => [
      { bytes: [...row(sequence - 1, 666), ...done(sequence - 1)] },
      { bytes: message(20, NLM_F_MULTI, sequence, PORT + 1, u32(667)) },
      { bytes: [...row(sequence, 1), ...done(sequence)] },
    ]);
    outcome();
    expect(values).toEqual([1]);
  });

  test("begins anew when the kernel says the table changed", () => {
    const { values, outcome, restarts } = run((sequence, attempt) => [
      { bytes: [...row(sequence, attempt, attempt < 3 ? NLM_F_DUMP_INTR : 0), ...done(sequence)] },
    ]);
    expect(outcome()).toEqual({ messages: 1, interrupted: false });
    expect(values).toEqual([3]);
    expect(restarts()).toBe(2);
  });

  test("delivers a dump that is disturbed every time, and says so", () => {
    const { values, outcome, kernel } = run((sequence) => [
      { bytes: [...row(sequence, 1, NLM_F_DUMP_INTR), ...done(sequence)] },
    ]);
    expect(outcome()).toEqual({ messages: 1, interrupted: true });
    expect(values).toEqual([1]);
    expect(kernel.requests.length).toBe(4);
  });

  test("tries again while an earlier dump on the socket is unfinished", () => {
    const { values, outcome } = run((sequence, attempt) =>
      attempt === 1
        ? [{ bytes: error(sequence, EBUSY) }]
        : [{ bytes: [...row(sequence, 1), ...done(sequence)] }]
    );
    outcome();
    expect(values).toEqual([1]);
  });

  test("gives up after four overruns", () => {
    const { outcome, kernel } = run((sequence) => [{
      bytes: message(NLMSG_OVERRUN, 0, sequence, PORT, []),
    }]);
    expect(outcome).toThrow("no buffer space available (ENOBUFS)");
    expect(kernel.requests.length).toBe(4);
  });

  test("throws DecodeError when a datagram did not fit its slot", () => {
    const { outcome } = run((sequence) => [{ bytes: row(sequence, 1), flags: MSG_TRUNC }]);
    expect(outcome).toThrow(DecodeError);
  });

  test("does not take a message without MULTI for the end, as SCTP's associations are", () => {
    const { values, outcome } = run((sequence) => [
      { bytes: [...row(sequence, 1), ...message(20, 0, sequence, PORT, u32(2))] },
      { bytes: [...message(20, 0, sequence, PORT, u32(3)), ...row(sequence, 4)] },
      { bytes: done(sequence) },
    ]);
    expect(outcome().messages).toBe(4);
    expect(values).toEqual([1, 2, 3, 4]);
  });

  test("waits for the end of a dump that sends everything without MULTI", () => {
    const { outcome } = run((sequence) => [{ bytes: message(20, 0, sequence, PORT, u32(8)) }]);
    expect(outcome).toThrow("waits for a datagram that never comes");
  });

  test("any flags, sequences, port IDs, senders and order: ends at DONE or ERROR of its own, and nowhere else", () => {
    const ends = fc.constantFrom("done", "error", "acknowledgement", "overrun");
    const item = fc.record({
      kind: fc.oneof({ weight: 12, arbitrary: fc.constant("row") }, ends, fc.constant("noop")),
      flags: fc.constantFrom(0, 2, 4, 0x100, 0x200, 0x302, 0x10, 0x12, 0xffef),
      sequence: fc.constantFrom(0, 0, 0, 0, -1, 1, 1 << 30),
      port: fc.constantFrom(0, 0, 0, 0, 0, 1, -PORT),
      type: fc.constantFrom(16, 20, 24, 0x100, 0xffff),
      value: fc.nat(1000),
    });
    const datagram = fc.record({
      items: fc.array(item, { maxLength: 6 }),
      sender: fc.constantFrom(0, 0, 0, 0, 77),
    });
    fc.assert(
      fc.property(fc.array(datagram, { maxLength: 12 }), fc.boolean(), (datagrams, atOnce) => {
        const wire = (sequence: number): FakeDatagram[] => [
          ...datagrams.map(({ items, sender }) => ({
            sender,
            bytes: items.flatMap((it) => {
              const at = sequence + it.sequence >>> 0;
              const port = PORT + it.port;
              switch (it.kind) {
                case "row":
                  return message(it.type, it.flags, at, port, u32(it.value));
                case "done":
                  return message(NLMSG_DONE, it.flags & ~NLM_F_ACK_TLVS, at, port, u32(0));
                case "error":
                  return message(NLMSG_ERROR, 0, at, port, [...u32(-22), ...zeros(16)]);
                case "acknowledgement":
                  return message(NLMSG_ERROR, 0, at, port, zeros(20));
                case "overrun":
                  return message(NLMSG_OVERRUN, 0, at, port, []);
                default:
                  return message(NLMSG_NOOP, it.flags, at, port, []);
              }
            }),
          })),
          { bytes: done(sequence) },
        ];
        // The same, told the other way round: what is ours, up to the first end.
        const ours = datagrams.filter(({ sender }) => sender === 0).flatMap(({ items }) => items)
          .filter(({ sequence, port }) => sequence === 0 && port === 0);
        const end = ours.findIndex(({ kind }) => kind !== "row" && kind !== "noop");
        const until = end < 0 ? ours : ours.slice(0, end);
        const rows = until.filter(({ kind }) => kind === "row").map(({ value }) => value);
        const how = end < 0 ? "done" : ours[end]!.kind;
        const disturbed = (end < 0 ? ours : ours.slice(0, end + 1)).some(({ kind, flags }) =>
          (flags & NLM_F_DUMP_INTR) !== 0 && kind !== "error" && kind !== "acknowledgement" &&
          kind !== "overrun"
        );
        const kernel = new FakeKernel(wire);
        const values: number[] = [];
        const take = () =>
          attemptDump(kernel, request(), "test dump", {
            message: (view, start) => values.push(view.getUint32(start, true)),
            ...(atOnce
              ? {
                messages(view: DataView, start: number, end: number) {
                  let at = start;
                  for (; at < end; at += view.getUint32(at, true)) {
                    values.push(view.getUint32(at + 16, true));
                  }
                  return at;
                },
              }
              : {}),
          });
        if (how === "error") expect(take).toThrow("EINVAL");
        else if (how === "overrun") expect(take).toThrow("ENOBUFS");
        else expect(take()).toEqual({ messages: rows.length, interrupted: disturbed });
        expect(values).toEqual(rows);
      }),
      { numRuns: 500 },
    );
  });

  test("gives each request a sequence number of its own, and our port ID", () => {
    const { kernel, outcome } = run((sequence) => [{ bytes: done(sequence) }]);
    outcome();
    outcome();
    const [first, second] = kernel.requests.map((bytes) => new DataView(bytes.buffer));
    expect(second!.getUint32(8, true)).toBe(first!.getUint32(8, true) + 1);
    expect(first!.getUint32(12, true)).toBe(PORT);
  });
});

describe("execute()", () => {
  test("returns at the acknowledgement", () => {
    const kernel = new FakeKernel((
      sequence,
    ) => [{ bytes: row(sequence, 5) }, { bytes: error(sequence, 0) }]);
    const values: number[] = [];
    execute(kernel, request(), "test", (view, start) => values.push(view.getUint32(start, true)));
    expect(values).toEqual([5]);
  });

  test("throws the kernel's refusal", () => {
    const kernel = new FakeKernel((sequence) => [{ bytes: error(sequence, 1) }]);
    expect(() => execute(kernel, request(), "destroy")).toThrow(
      "destroy: operation not permitted (EPERM)",
    );
  });

  test("passes over what was meant for another port, and what another process sent", () => {
    const kernel = new FakeKernel((sequence) => [
      { bytes: message(20, 0, sequence, PORT + 1, u32(1)) },
      { bytes: error(sequence, 1), sender: 99 },
      { bytes: row(sequence, 5) },
      { bytes: error(sequence, 0) },
    ]);
    const values: number[] = [];
    execute(kernel, request(), "test", (view, start) => values.push(view.getUint32(start, true)));
    expect(values).toEqual([5]);
  });

  test("does not take a datagram that was cut for a whole one", () => {
    const kernel = new FakeKernel((sequence) => [{ bytes: row(sequence, 5), flags: MSG_TRUNC }]);
    expect(() => execute(kernel, request(), "test")).toThrow(DecodeError);
  });
});
