/**
 * What lsof selects, and what counts as found.
 */
import { describe, expect, test } from "bun:test";
import { parseLsof } from "../../../../src/tools/lsof/arguments/parse.ts";
import type { LsofQuery } from "../../../../src/tools/lsof/query.ts";
import {
  BY_ADDRESS,
  BY_COMMAND,
  BY_DESCRIPTOR,
  BY_INTERNET,
  BY_PID,
  BY_UNIX,
  Selection,
} from "../../../../src/tools/lsof/gather/selection.ts";
import type { InternetEnd } from "../../../../src/tools/lsof/rows/row.ts";
import { strftime } from "../../../../src/tools/lsof/strftime.ts";

function selection(...args: string[]): Selection {
  const lookups = { service: () => null, addresses: () => [], user: () => null };
  return new Selection(parseLsof(args, lookups) as LsofQuery);
}

const nginx = { pid: 7, tid: 0, pgid: 5, uid: 33, command: "nginx" };

describe("Selection", () => {
  test("nothing asked is everything, but for what is excluded", () => {
    expect(selection().process(nginx)).toMatchObject({ excluded: false, primary: true });
    for (const option of ["-p^7", "-u^33", "-g^5", "-c^ngi"]) {
      expect(selection(option).process(nginx).excluded, option).toBe(true);
    }
  });

  test("kinds join by OR, and by AND under -a", () => {
    const or = selection("-p7", "-i");
    expect(or.lists(BY_PID)).toBe(true);
    expect(or.lists(BY_INTERNET)).toBe(true);
    expect(or.lists(0)).toBe(false);
    const and = selection("-a", "-p7", "-i");
    expect(and.lists(BY_PID)).toBe(false);
    expect(and.lists(BY_PID | BY_INTERNET)).toBe(true);
    expect(and.process({ ...nginx, pid: 8 }).excluded).toBe(true);
  });

  test("a process has to meet all its criteria under -a", () => {
    const both = selection("-a", "-p7", "-cngi");
    expect(both.process(nginx)).toEqual({
      excluded: false,
      primary: true,
      matched: BY_PID | BY_COMMAND,
    });
    expect(both.process({ ...nginx, command: "bash" }).excluded).toBe(true);
  });

  test("-d selects, or with ^ all but those", () => {
    expect(selection("-d3-5").descriptor(4)).toBe(BY_DESCRIPTOR);
    expect(selection("-d3-5").descriptor("cwd")).toBe(0);
    expect(selection("-d^cwd").descriptor("cwd")).toBe(0);
    expect(selection("-d^cwd").descriptor(4)).toBe(BY_DESCRIPTOR);
  });

  test("an address and its port have to be on one end", () => {
    const asked = selection("-i@10.0.0.1:80");
    const end = (address: string, port: number) => ({ version: 4 as const, address, port });
    const matched = (local: InternetEnd, peer: InternetEnd | null) =>
      asked.internet({ version: 4, protocol: "tcp", state: 1, local, peer });
    expect(matched(end("10.0.0.1", 80), null)).toBe(BY_ADDRESS);
    expect(matched(end("10.0.0.2", 1), end("10.0.0.1", 80))).toBe(BY_ADDRESS);
    expect(matched(end("10.0.0.1", 1), end("10.0.0.2", 80))).toBe(0);
  });

  test("states keep sockets out and are found by those they let in", () => {
    const asked = selection("-i", "-sTCP:LISTEN,CLOSE");
    expect(asked.state(1)).toBe(false);
    expect(asked.state(10)).toBe(true);
    expect(asked.found.has("state 10")).toBe(true);
    expect(asked.found.has("state 7")).toBe(false);
    expect(selection("-sTCP:^LISTEN").state(10)).toBe(false);
  });

  test("what is found is remembered", () => {
    const asked = selection("-p7,8", "-i");
    asked.process(nginx);
    asked.note(BY_INTERNET);
    expect(asked.query.pids.map((item) => asked.found.has(item))).toEqual([true, false]);
    expect(asked.found.has("internet")).toBe(true);
  });

  test("files are looked at as far as they can matter", () => {
    expect(selection().nonSockets).toBe("all");
    expect(selection("-i").nonSockets).toBe("none");
    expect(selection("-U", "-p1").nonSockets).toBe("process");
    expect(selection("-U", "-p1", "-a").nonSockets).toBe("none");
    expect(selection("-U", "-d1").nonSockets).toBe("all");
    expect(selection("-iTCP").internetOnly).toBe(true);
    expect(selection("-iTCP", "-U").internetOnly).toBe(false);
    expect(selection("-U").lists(BY_UNIX)).toBe(true);
  });
});

describe("strftime()", () => {
  test("writes what date(1) writes", () => {
    const time = new Date(2026, 1, 3, 4, 5, 6);
    const format =
      "%a %A %b %B %C %d %D %e %F %H %I %j %k %l %m %M %n %p %P %R %S %T %u %U %w %W %y %Y %%";
    const date = Bun.spawnSync(["date", "-d", `@${time.getTime() / 1000}`, `+${format}`], {
      env: { LC_ALL: "C", PATH: process.env.PATH ?? "" },
    });
    expect(strftime(format, time)).toBe(date.stdout.toString().slice(0, -1));
    expect(strftime("%Q", time)).toBeNull();
  });
});
