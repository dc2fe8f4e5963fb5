import { expect, test } from "bun:test";
import { EACCES, EIO, ENOENT, ENOTDIR, ESRCH } from "../../ffi/errno.ts";
import { Refusal } from "../../src/files/refusal.ts";

test("only an error that says so of a file itself proves that there is none", () => {
  const why = [ENOENT, ENOTDIR, EACCES, EIO, ESRCH].map((errno) => Refusal.of(errno).why);
  expect(why).toEqual(["absent", "absent", "denied", "failed", "failed"]);
});
