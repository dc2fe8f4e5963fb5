import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  decodeRecording,
  encodeRecording,
  type Entry,
  type Recording,
} from "../../src/snapshot/recording/format.ts";
import { Replayer } from "../../src/snapshot/recording/replayer.ts";
import { Diagnostics } from "../../src/diagnostics.ts";
import { DecodeError } from "../../src/model/decode_error.ts";
import { runs } from "../support/runs.ts";

const ENTRIES: readonly Entry[] = [
  { kind: "file", scope: null, path: "/proc/a\n\u202e", answer: new Uint8Array([0, 255, 10]) },
  { kind: "file", scope: 4026532000, path: "/proc/b", answer: -13 },
  { kind: "link", scope: null, path: "/proc/self/ns/net", answer: new Uint8Array([110]) },
  { kind: "socket", scope: null, protocol: 4, portId: 4711, errno: null },
  { kind: "socket", scope: 4026532000, protocol: 0, portId: null, errno: 93 },
  {
    kind: "reply",
    scope: null,
    protocol: 4,
    request: new Uint8Array([1, 2, 3]),
    sequence: 7,
    portId: 4711,
    datagrams: [{ bytes: new Uint8Array([9]), flags: 0x20 }, { bytes: new Uint8Array(), flags: 0 }],
    errno: 105,
  },
  { kind: "interface", scope: null, index: 2, name: "eth0" },
  { kind: "interface", scope: null, index: 3, name: null },
  { kind: "processes", pids: [1, 80] },
  {
    kind: "owners",
    rows: [80, 0, 3, 4242, 7, 0],
    cookies: true,
    scan: {
      pids: [80],
      denied: [90],
      errors: [[90, 12]],
      sockets: [[4026532001, 80, 3]],
      unlisted: 0,
      vanished: 1,
      hidden: false,
      namespaces: [[4026532000, "80/fd/4"]],
    },
    searched: null,
  },
  {
    kind: "found",
    wanted: "web",
    netns: { inode: 4026532000, name: "web", path: "/run/netns/web", pid: null, own: false },
  },
  {
    kind: "visit",
    scope: 4026532000,
    entered: false,
    gap: { kind: "netns", reason: "no", detail: { netns: 1 } },
  },
];
const RECORDING: Recording = { program: "0.1.0", takenAtMs: 1_790_000_000_000, entries: ENTRIES };
const TEXT = [...encodeRecording(RECORDING)].join("");

const refused = (text: string) => {
  try {
    decodeRecording(text);
  } catch (error) {
    expect(error).toBeInstanceOf(DecodeError);
    return (error as DecodeError).message;
  }
  return null;
};

describe("a recording", () => {
  test("is read as it was written, every kind of entry", () => {
    expect(decodeRecording(TEXT)).toEqual(RECORDING);
  });

  test("is lines of JSON with a header and a trailer", () => {
    const lines = TEXT.split("\n");
    expect(JSON.parse(lines[0]!)).toEqual({
      format: "sockeye.recording",
      version: 1,
      program: "0.1.0",
      taken_at_ms: 1_790_000_000_000,
    });
    expect(JSON.parse(lines.at(-2)!)).toEqual({ kind: "end", entries: ENTRIES.length });
    expect(lines.at(-1)).toBe("");
  });

  test("that was cut is refused, wherever that was", () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: TEXT.length - 2 }), (length) => {
      expect(refused(TEXT.slice(0, length))).not.toBeNull();
    }));
  });

  test("of another kind or version is refused, and told so", () => {
    expect(refused("")).toContain("it is empty");
    expect(refused("{}\n")).toContain("not a recording");
    expect(refused(TEXT.replace('"version":1', '"version":2'))).toContain("version 2 is not known");
    expect(refused(`${TEXT}x`)).toContain("something follows");
    expect(refused(TEXT.replace(`"entries":${ENTRIES.length}`, '"entries":3'))).toContain("number");
  });

  test("with a field of the wrong type is refused at its line", () => {
    const start = TEXT.indexOf('{"kind":"processes"');
    expect(refused(TEXT.replace("[1,80]", '["1"]'))).toBe(
      `Cannot decode the recording at byte ${start}: pids holds "1", which is not a count`,
    );
    for (
      const [good, bad] of [
        ['"AP8K"', '"%"'],
        ['"errno":13', '"errno":-1'],
        ['"scope":null', '"scope":-1'],
        ['"kind":"netns"', '"kind":"none"'],
        ['"taken_at_ms":1790000000000', '"taken_at_ms":1e300'],
        ["[80,0,3,4242,7,0]", "[80,0,3,4242,7]"],
        ['"flags":[32,0]', '"flags":[32]'],
      ] as const
    ) {
      expect(TEXT).toContain(good);
      expect(refused(TEXT.replace(good, bad))).not.toBeNull();
    }
  });

  test("gives a value or a DecodeError, whatever the text", () => {
    fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
      refused(text);
    }));
    // One place of a good one changed.
    fc.assert(
      fc.property(
        fc.nat(TEXT.length - 1),
        fc.oneof(
          fc.string({ maxLength: 3 }),
          fc.constantFrom("null", "{}", "[]", "-1", "1e99", '""'),
        ),
        fc.nat(4),
        (at, text, cut) => {
          refused(TEXT.slice(0, at) + text + TEXT.slice(at + cut));
        },
      ),
      runs(2000),
    );
    // A value of one entry replaced by any other.
    fc.assert(
      fc.property(fc.nat(ENTRIES.length - 1), fc.nat(8), fc.jsonValue(), (line, field, value) => {
        const lines = TEXT.split("\n");
        const entry = JSON.parse(lines[line + 1]!);
        const keys = Object.keys(entry);
        entry[keys[field % keys.length]!] = value;
        lines[line + 1] = JSON.stringify(entry);
        refused(lines.join("\n"));
      }),
      runs(2000),
    );
  });
});

describe("Replayer", () => {
  const replayer = new Replayer(RECORDING);

  test("answers what was asked, and says of the rest that it does not know", () => {
    expect(replayer.root.read("a\n\u202e")).toEqual(new Uint8Array([0, 255, 10]));
    expect(replayer.root.read("a\n\u202e", 1)).toEqual(new Uint8Array([0]));
    expect(replayer.root.link("self/ns/net")).toEqual(new Uint8Array([110]));
    expect(replayer.root.read("never/asked")).toBe(-61);
    expect(replayer.now()).toBe(RECORDING.takenAtMs);
  });

  test("does not enter what could not be entered, and has the gap", () => {
    const diagnostics = new Diagnostics();
    const entered = replayer.visit(replayer.find("web"), diagnostics, () => {
      throw new Error("It was entered");
    });
    expect(entered).toBe(false);
    expect(diagnostics.gaps).toHaveLength(1);
  });

  test("does not hang on a message of any length", () => {
    for (const length of [0, 15, 0xffff_fffd, 0xffff_ffff]) {
      const bytes = new Uint8Array(32);
      new DataView(bytes.buffer).setUint32(0, length, true);
      const transport = new Replayer({
        ...RECORDING,
        entries: [
          { kind: "socket", scope: null, protocol: 4, portId: 1, errno: null },
          {
            kind: "reply",
            scope: null,
            protocol: 4,
            request: new Uint8Array(16),
            sequence: 0,
            portId: 0,
            datagrams: [{ bytes, flags: 0 }],
            errno: null,
          },
        ],
      }).open(4);
      transport.send(new Uint8Array(16));
      expect(transport.receive()).toBe(1);
      expect(() => transport.receive()).toThrow(DecodeError);
    }
  });
});
