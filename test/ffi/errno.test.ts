import { describe, expect, test } from "bun:test";
import { check, ENOENT, errnoName, errnoText, SyscallError } from "../../ffi/errno.ts";
import { AT_FDCWD, open, tryOpenAt } from "../../ffi/files.ts";
import { cString } from "../../ffi/memory.ts";

describe("errno", () => {
  test("is that of the call just made, whatever is allocated around it", () => {
    const missing = cString("/nonexistent");
    const denied = cString("/proc/1/mem/x");
    const keep: unknown[] = [];
    for (let i = 0; i < 20_000; i++) {
      keep.push(new Uint8Array(64));
      if (keep.length > 500) keep.length = 0;
      expect(tryOpenAt(AT_FDCWD, missing, 0)).toBe(-ENOENT);
      expect(tryOpenAt(AT_FDCWD, denied, 0)).toBe(-20);
    }
  });

  test("is named, and an unknown number told as one", () => {
    expect(errnoName(13)).toBe("EACCES");
    expect(errnoText(13)).toBe("permission denied");
    expect(errnoName(9999)).toBe("errno 9999");
    // One that the program does not act on has a name all the same.
    expect([errnoName(88), errnoText(88)]).toEqual(["ENOTSOCK", "not a socket"]);
    expect([errnoName(95), errnoText(95)]).toEqual(["EOPNOTSUPP", "operation not supported"]);
  });
});

describe("SyscallError", () => {
  test("tells the call, its object and the reason", () => {
    expect(() => open("/nonexistent/file", 0)).toThrow(
      "open /nonexistent/file: no such file or directory (ENOENT)",
    );
  });

  test("is thrown by check() for -1 alone", () => {
    expect(check("call", 0)).toBe(0);
    expect(() => check("call", -1)).toThrow(SyscallError);
  });
});
