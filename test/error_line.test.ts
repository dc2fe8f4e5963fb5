/**
 * The message about an error that ended the run.
 */
import { expect, test } from "bun:test";
import { EACCES, SyscallError } from "../ffi/errno.ts";
import { UsageError } from "../src/cli/usage_error.ts";
import { errorLine } from "../src/error_line.ts";
import { parseFilter } from "../src/filter/mod.ts";
import { NoSuchNamespace, NoSuchUser } from "../src/query.ts";
import { InputError } from "../src/snapshot/input.ts";
import { RecordingError } from "../src/snapshot/recording/file.ts";

function thrown(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

test.each([
  new UsageError("there is no flag --x; sockeye --help lists them"),
  new InputError("a.json is not UTF-8 text"),
  new SyscallError("open /proc", EACCES),
  new NoSuchNamespace("no network namespace blue"),
  new NoSuchUser("--user nobody: no such name"),
  new RecordingError("--replay x: this is not a recording"),
].map((error) => [error.name, error] as const))("%s is its own message", (_, error) => {
  expect(errorLine(error)).toBe(error.message);
});

test("a filter that cannot be read is three lines, with carets under the word", () => {
  const lines = errorLine(thrown(() => parseFilter("sport = = 80"))).split("\n");
  expect(lines).toHaveLength(3);
  expect(lines[1]!.trim()).toBe("sport = = 80");
  expect(lines[2]!.indexOf("^")).toBe(lines[1]!.lastIndexOf("="));
});

test("any other error is a bug to be reported, whatever was thrown", () => {
  const report =
    /^this is a bug, please report it with the command line and the output of --version: /;
  expect(errorLine(new TypeError("x is undefined"))).toMatch(report);
  expect(errorLine(new TypeError("x is undefined"))).toEndWith("TypeError: x is undefined");
  expect(errorLine("text")).toEndWith(": text");
  expect(errorLine(undefined)).toEndWith(": undefined");
});

test("what steers a terminal does not get through", () => {
  for (const error of [new UsageError("--port \x1b[2J"), new Error("\x1b]52;c;eA==\x07")]) {
    const line = errorLine(error);
    expect(line).toContain("\\x1b");
    expect(line).not.toContain("\x1b");
  }
});
