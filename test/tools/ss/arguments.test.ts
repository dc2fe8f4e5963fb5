import { describe, expect, test } from "bun:test";
import { readArguments, type SsArguments, Stop } from "../../../src/tools/ss/arguments.ts";
import { SS_CONNECTED } from "../../../src/tools/ss/selection.ts";
import { TABLE } from "../../../src/tools/ss/selection.ts";
import { AF_INET, AF_INET6, AF_PACKET, AF_UNIX } from "../../../src/model/address_family.ts";

function read(line: string, ordered = false): SsArguments {
  const given = readArguments(line.split(" ").filter((word) => word !== ""), ordered, "V");
  given.selection.complete();
  return given;
}

function stop(line: string): Stop {
  try {
    read(line);
  } catch (error) {
    if (error instanceof Stop) return error;
    throw error;
  }
  throw new Error(`${line} did not stop`);
}

const INET = TABLE.tcp | TABLE.mptcp | TABLE.udp | TABLE.dccp | TABLE.sctp | TABLE.raw;
const LISTENING = 1 << 10 | 1 << 7;

describe("options", () => {
  test("stand anywhere among the operands, bundled or abbreviated", () => {
    const { options, operands, header } = read("dst 127/8 -tnH --ext sport = 22");
    expect(operands).toEqual(["dst", "127/8", "sport", "=", "22"]);
    expect(options.numeric && options.extended && options.options).toBe(true);
    expect(header).toBe(false);
  });

  test("end at the first operand where POSIXLY_CORRECT is set, and at -- everywhere", () => {
    expect(read("-t sport = 22 -n", true).operands).toEqual(["sport", "=", "22", "-n"]);
    expect(read("-t -- -n").operands).toEqual(["-n"]);
  });

  test("that are wrong end with 255 and usage", () => {
    for (const line of ["-X", "--nonsense", "-A", "-f", "--no", "--tcp=1", "-A nope", "-f nope"]) {
      const { status, usage } = stop(line);
      expect([line, status, usage]).toEqual([line, 255, true]);
    }
  });

  test("help and version end with 0, also in the middle", () => {
    for (const line of ["-t -h -X", "-f help"]) {
      const { status, usage } = stop(line);
      expect([line, status, usage]).toEqual([line, 0, true]);
    }
    const { status, usage, text } = stop("-tV");
    expect([status, usage, text]).toEqual([0, false, "V"]);
  });

  test("-z shows more than -Z -z", () => {
    expect(read("-z").options.contexts).toBe(true);
    expect(read("-Z -z").options.contexts).toBe(false);
    expect(read("-Z").options.contexts).toBe(false);
  });
});

describe("states", () => {
  test("come from the tables unless something is asked for", () => {
    expect(read("-t").selection.states).toBe(SS_CONNECTED);
    expect(read("-u").selection.states).toBe(1 << 1);
    expect(read("-0").selection.states).toBe(1 << 7);
    expect(read("").selection.states).toBe(SS_CONNECTED);
  });

  test("of the last of -a -l -B count", () => {
    expect(read("-al").selection.states).toBe(LISTENING);
    expect(read("-la").selection.states).toBe(0x3fff);
    expect(read("-aB").selection.states).toBe(1 << 13);
  });

  test("are those of connections after -A, unless they were chosen before", () => {
    expect(read("-A packet").selection.states).toBe(SS_CONNECTED);
    expect(read("-l -A packet").selection.states).toBe(LISTENING);
  });
});

describe("tables and families", () => {
  test("-4 takes all internet tables, -x all of unix", () => {
    expect(read("-4").selection.tables).toBe(INET);
    expect(read("-x").selection.tables).toBe(
      TABLE.unix_stream | TABLE.unix_dgram | TABLE.unix_seqpacket,
    );
  });

  test("-t takes both families, -t4 one, and the last of -4 -6 is preferred", () => {
    const both = read("-t").selection;
    expect([both.family(AF_INET), both.family(AF_INET6)]).toEqual([true, true]);
    const one = read("-t4").selection;
    expect([one.family(AF_INET), one.family(AF_INET6)]).toEqual([true, false]);
    expect(read("-4 -6").selection.preferredFamily).toBe(AF_INET6);
  });

  test("nothing at all takes everything but TIPC", () => {
    const { tables } = read("").selection;
    expect(tables & TABLE.tipc).toBe(0);
    expect(tables | TABLE.tipc).toBe(0xffff);
  });

  test("the first -A forgets tables chosen before, and ! takes one away", () => {
    expect(read("-u -A tcp").selection.tables).toBe(TABLE.tcp);
    expect(read("-A tcp -A udp").selection.tables).toBe(TABLE.tcp | TABLE.udp);
    expect(read("-A unix,!unix_stream").selection.tables).toBe(
      TABLE.unix_dgram | TABLE.unix_seqpacket,
    );
  });

  test("a condition replaces all families by its own", () => {
    const { selection } = read("-tx");
    selection.onlyFamily(AF_INET);
    expect([AF_INET, AF_INET6, AF_UNIX, AF_PACKET].map((family) => selection.family(family)))
      .toEqual([true, false, false, false]);
  });
});

test("states that cancel each other leave those that tables and families have", () => {
  const states = (line: string) => {
    const given = readArguments(line.split(" "), false, "V");
    given.selection.wantedStates = 0;
    given.selection.complete();
    return given.selection.states;
  };
  expect(states("-A unix_dgram")).toBe(1 << 7);
  expect(states("-A unix")).toBe(SS_CONNECTED | 1 << 7);
  expect(states("-x")).toBe(SS_CONNECTED);
  expect(states("-A udp")).toBe(1 << 1);
  expect(states("-A packet")).toBe(1 << 7);
  expect(states("-f inet6 -A u_dgr")).toBe(SS_CONNECTED | 1 << 7);
});
