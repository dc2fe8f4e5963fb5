import { describe, expect, test } from "bun:test";
import { failureOf } from "../../ffi/errno.ts";
import { AT_FDCWD } from "../../ffi/files.ts";
import { cString } from "../../ffi/memory.ts";
import { tryStatAt } from "../../ffi/stat.ts";
import { testIf } from "../support/skip.ts";

const PATHS = ["/", "/dev/null", "/proc/self/exe", "/nonexistent", "/etc/passwd", "/proc/self/fd"];

/**
 * The status of every path, as a new program gets it; `before` is the command that starts it. Without the mount's ID, which
 * only statx(2) tells.
 */
function statuses(before: readonly string[], nofollow: boolean): unknown[] {
  const script = `
    const { tryStatAt } = await import("${import.meta.dir}/../../ffi/stat.ts");
    const { cString } = await import("${import.meta.dir}/../../ffi/memory.ts");
    const { AT_FDCWD } = await import("${import.meta.dir}/../../ffi/files.ts");
    console.log(JSON.stringify(${JSON.stringify(PATHS)}.map((path) => {
      const status = tryStatAt(AT_FDCWD, cString(path), ${nofollow});
      // What counts the descriptors of the program itself, and its own process.
      return typeof status === "number" ? status : { ...status, size: path.startsWith("/proc") ? 0 : status.size,
        inode: path.startsWith("/proc") ? 0 : status.inode, mountId: 0 };
    })));
  `;
  const ran = Bun.spawnSync([...before, process.execPath, "-e", script], { stdin: "ignore" });
  return JSON.parse(ran.stdout.toString());
}

describe("tryStatAt()", () => {
  test("tells what a file is, and the error where there is none", () => {
    const status = tryStatAt(AT_FDCWD, cString("/dev/null"));
    expect(status).toMatchObject({ specialDevice: { major: 1, minor: 3 }, linkCount: 1 });
    expect(tryStatAt(AT_FDCWD, cString("/nonexistent"))).toBe(-2);
  });

  for (const error of ["ENOSYS", "EPERM"]) {
    testIf(
      Bun.which("strace") === null ? "there is no strace program" : null,
      `tells the same where statx(2) fails with ${error}`,
      () => {
        const strace = [
          "strace",
          "-f",
          "-qq",
          "-o",
          "/dev/null",
          "-e",
          `inject=statx:error=${error}`,
        ];
        for (const nofollow of [false, true]) {
          const plain = statuses([], nofollow);
          expect(plain[0]).toHaveProperty("linkCount");
          expect(statuses(strace, nofollow)).toEqual(plain);
        }
      },
    );
  }
});

describe("failureOf()", () => {
  test.each(
    [
      [2, "absent"],
      [-3, "absent"],
      [20, "absent"],
      [13, "denied"],
      [-1, "denied"],
      [5, "failed"],
      [-12, "failed"],
      [24, "failed"],
      [40, "failed"],
    ] as const,
  )("of %d is %s", (errno, failure) => expect(failureOf(errno)).toBe(failure));
});
