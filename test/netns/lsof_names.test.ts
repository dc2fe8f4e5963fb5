/**
 * lsof mode with names of files and sockets that hold every byte a name can hold: what is printed, and what is found by name.
 */
import { afterAll, beforeAll, describe, expect } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { firstLine } from "../support/lines.ts";
import { pythonReason } from "../support/factory.ts";
import { firstReason, testIf } from "../support/skip.ts";
import { sockeye } from "../support/sockeye.ts";

/** In UTF-8 these have bytes from 0x80 to 0x9f: `ß` is c3 9f, `É` c3 89, `ж` d0 b6, `€` e2 82 ac, `本` e6 9c ac. */
const NAMES = ["Straße.bin", "É-ж.bin", "€日本.bin"];

/** Maps a file of each name, and files and sockets of every byte from 0x80 on; then waits for the end of its input. */
const SCRIPT = `
import mmap, os, socket, sys
folder, kept = os.fsencode(sys.argv[1]), []
def held(name):
    with open(os.path.join(folder, name), "w+b") as file:
        file.truncate(4096)
        kept.append(mmap.mmap(file.fileno(), 4096))
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(os.path.join(folder, name.replace(b".bin", b".sock")))
    listener.listen(1)
    kept.append(listener)
for name in sys.argv[2:]:
    held(os.fsencode(name))
for first in range(0x80, 0x100, 8):
    held(b"raw" + bytes(range(first, first + 8)) + b".bin")
print("ready", flush=True)
sys.stdin.read()
`;

/** Why the original cannot be asked. */
function lsofReason(): string | null {
  if (Bun.which("lsof") === null) return "there is no lsof program";
  const said = Bun.spawnSync(["lsof", "-v"], { stderr: "pipe" }).stderr.toString();
  return /revision: 4\.95\./.test(said) ? null : "lsof is not 4.95";
}

const reason = pythonReason();

describe("names with bytes beyond ASCII", () => {
  let folder = "";
  let owner: Bun.Subprocess<"pipe", "pipe", "inherit">;

  beforeAll(async () => {
    if (reason !== null) return;
    folder = mkdtempSync(join(tmpdir(), "lsof-names-"));
    owner = Bun.spawn(["python3", "-c", SCRIPT, folder, ...NAMES], {
      stdin: "pipe",
      stdout: "pipe",
      env: { PATH: process.env.PATH ?? "", LC_ALL: "C.UTF-8" },
    });
    expect(await firstLine(owner.stdout)).toStartWith("ready");
  });
  afterAll(async () => {
    if (reason !== null) return;
    owner.stdin.end();
    await owner.exited;
    rmSync(folder, { recursive: true });
  });

  const ours = (args: readonly string[], locale: string) =>
    sockeye(["lsof", ...args], { env: { LC_ALL: locale } });
  const mapped = () => ["-a", "-p", String(owner.pid), "-d", "mem", "-F0n"];
  const sockets = () => ["-a", "-U", "-p", String(owner.pid), "-F0n"];

  testIf(reason, "mapped files have their names, and exist", () => {
    const { stdout } = ours(mapped(), "C.UTF-8");
    for (const name of NAMES) expect(stdout).toContain(`n${folder}/${name}\0`);
    expect(stdout).not.toContain("No such file");
    const raw = ours(mapped(), "C").stdout;
    expect(raw).toContain(`n${folder}/Stra\\xc3\\x9fe.bin\0`);
    for (let byte = 0x80; byte < 0x100; byte++) expect(raw).toContain(`\\x${byte.toString(16)}`);
  });

  testIf(reason, "unix sockets have their names, and are found by them", () => {
    const { stdout } = ours(sockets(), "C.UTF-8");
    const raw = ours(sockets(), "C").stdout;
    for (const name of NAMES) {
      const path = `${folder}/${name.replace(".bin", ".sock")}`;
      expect(stdout).toContain(`n${path} type=STREAM`);
      const found = ours(["-t", path], "C.UTF-8");
      expect(found).toEqual({ stdout: `${owner.pid}\n`, stderr: "", status: 0 });
    }
    for (let byte = 0x80; byte < 0x100; byte++) expect(raw).toContain(`\\x${byte.toString(16)}`);
  });

  testIf(firstReason(reason, lsofReason()), "lsof 4.95 prints the same", () => {
    for (const locale of ["C", "C.UTF-8"]) {
      for (const args of [mapped(), sockets()]) {
        const original = Bun.spawnSync(["lsof", ...args], {
          stdin: "ignore",
          env: { PATH: process.env.PATH ?? "", LC_ALL: locale },
        });
        expect(ours(args, locale).stdout, `${locale} ${args}`).toBe(original.stdout.toString());
      }
    }
  });
});
