import { describe, expect, test } from "bun:test";
import type { Comparison, Difference, Service } from "../../src/audit/diff.ts";
import { writeDiff } from "../../src/audit/diff_text.ts";
import type { Writer } from "../../src/text/writer.ts";

const NOTHING: Service["values"] = {
  reach: [],
  v6only: [],
  mode: [],
  exe: [],
  user: [],
  unit: [],
  container: [],
};

function difference(some: Partial<Difference>): Difference {
  return {
    kind: "changed",
    id: "id",
    key: "key",
    endpoint: "tcp 0.0.0.0:22",
    netns: "host",
    before: null,
    after: null,
    fields: [],
    reason: null,
    ...some,
  };
}

function text(some: Partial<Comparison>, color = false): string {
  let written = "";
  const writer = { write: (part: string) => written += part } as unknown as Writer;
  const none = {
    verdict: { answer: "no" } as const,
    differences: [],
    compared: 0,
    ephemeralUdp: { before: 0, after: 0 },
  };
  writeDiff({ ...none, ...some }, writer, color);
  return written;
}

describe("writeDiff()", () => {
  test("says that nothing differs, and of how many services", () => {
    expect(text({ compared: 1 })).toBe("no differences; 1 service on both sides\n");
    expect(text({ compared: 2 })).toBe("no differences; 2 services on both sides\n");
    expect(text({ verdict: { answer: "undecided", because: ["unix closed"] }, compared: 2 })).toBe(
      "no difference was found, but not everything could be compared: unix closed; 2 services on both sides\n",
    );
  });

  test("has a line for each difference, with what is known of the service, and counts them", () => {
    const values = { ...NOTHING, reach: ["any"], exe: ["/usr/sbin/sshd"], user: ["root", "me"] };
    expect(
      text({
        compared: 3,
        differences: [
          difference({ kind: "appeared", after: values }),
          difference({ kind: "vanished", before: values, netns: "red" }),
          difference({
            before: { ...values, exe: [] },
            after: values,
            fields: ["exe", "user"],
          }),
          difference({ kind: "undecided", reason: "the owners are not known" }),
        ],
      }),
    ).toBe(
      "+ tcp 0.0.0.0:22: reach any; exe /usr/sbin/sshd; user root, me\n" +
        "- tcp 0.0.0.0:22 (red): reach any; exe /usr/sbin/sshd; user root, me\n" +
        "~ tcp 0.0.0.0:22: exe none -> /usr/sbin/sshd; user root, me -> root, me\n" +
        "? tcp 0.0.0.0:22: the owners are not known\n" +
        "1 appeared, 1 vanished, 1 changed, 1 undecided; 3 services on both sides\n",
    );
  });

  test("says what it left out", () => {
    expect(text({ ephemeralUdp: { before: 0, after: 2 } })).toEndWith(
      "; UDP sockets on ephemeral ports are not compared (0 before, 2 now)\n",
    );
  });

  test("writes nothing from outside to the terminal as it is, with colours or without", () => {
    const evil = "\x1b[31mred\nline";
    const all = difference({
      kind: "appeared",
      endpoint: evil,
      netns: evil,
      after: { ...NOTHING, exe: [evil] },
    });
    expect(text({ differences: [all] })).not.toContain("\x1b");
    expect(text({ differences: [all] }).split("\n")).toHaveLength(3);
    expect(text({ differences: [all] }, true)).not.toContain("\x1b[31mred");
  });
});
