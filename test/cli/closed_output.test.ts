/**
 * Standard output that was closed by whoever started the program.
 */
import { expect, test } from "bun:test";
import { SOCKEYE } from "../support/sockeye.ts";

/** Runs a shell command with the program as $0. */
function shell(command: string): { readonly status: number; readonly said: string } {
  const { exitCode, stderr } = Bun.spawnSync(["sh", "-c", command, SOCKEYE]);
  return { status: exitCode, said: stderr.toString() };
}

test("an answer that nobody can get is an error", () => {
  for (const words of ["-t", "-t --json", "--version"]) {
    const { status, said } = shell(`exec "$0" ${words} >&-`);
    expect([words, status]).not.toEqual([words, 0]);
    expect(said).toContain("standard output");
    expect(said).toContain("EBADF");
  }
});

test("the modes of other tools do not notice it, as the tools do not", () => {
  for (const words of ["ss -t", "netstat -t"]) {
    const { status, said } = shell(`exec "$0" ${words} >&-`);
    expect([words, status]).toEqual([words, 0]);
    expect(said).not.toContain("EBADF");
  }
});

test("/dev/null takes every answer, however it was opened", () => {
  for (const way of [">/dev/null", "1<>/dev/null", ">/dev/null <&-"]) {
    expect([way, shell(`exec "$0" --version ${way}`).status]).toEqual([way, 0]);
  }
});
