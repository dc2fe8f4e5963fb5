import { afterAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { close, tryWrite } from "../../ffi/files.ts";
import { createGiven, readGiven } from "../../src/files/given_file.ts";
import { Refusal } from "../../src/files/refusal.ts";

const folder = mkdtempSync(join(tmpdir(), "given-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string) => join(folder, name);
writeFileSync(at("file"), "text");
symlinkSync("file", at("link"));
symlinkSync("/proc/kmsg", at("kmsg"));
// To open it makes a terminal, and to read it waits for ever.
symlinkSync("/dev/ptmx", at("device"));
Bun.spawnSync(["mkfifo", at("pipe")]);
writeFileSync(at("sparse"), "");
truncateSync(at("sparse"), 2 ** 40);

function read(path: string, limit = 1000): string {
  const result = readGiven(path, limit);
  return result instanceof Refusal
    ? `${result.why}: ${result.text}`
    : new TextDecoder().decode(result);
}

describe("a file that the command line names", () => {
  test("is read, through a link too, up to its limit", () => {
    expect(read(at("file"))).toBe("text");
    expect(read(at("link"))).toBe("text");
    expect(read(at("file"), 4)).toBe("text");
    expect(read(at("file"), 3)).toBe("large: is larger than 3 bytes");
    expect(read("/dev/null")).toBe("");
  });

  test.each([
    ["none", "absent: cannot be read: no such file or directory"],
    ["with\0nul", "absent: cannot be read: no such file or directory"],
    ["", "failed: cannot be read: is a directory"],
    ["kmsg", "unfit: is on proc, which has no files"],
    ["pipe", "unfit: is a named pipe"],
    ["device", "unfit: is a device"],
    ["sparse", "large: is larger than 1000 bytes"],
  ])("%p is not waited for: %s", (name, expected) => {
    expect(read(at(name))).toStartWith(expected);
  });

  test("has an end, even if the device has none", () => {
    expect(read("/dev/zero", 2 ** 30)).toBe("large: is larger than 1048576 bytes");
  });

  test("may be a pipe of the shell", () => {
    const script = `
      const { readGiven } = await import(${
      JSON.stringify(join(import.meta.dir, "../../src/files/given_file.ts"))
    });
      const text = (path) => new TextDecoder().decode(readGiven(path, 1000));
      process._rawDebug(text(process.argv[1]) + text("/dev/stdin"));`;
    const { stderr } = Bun.spawnSync(
      ["bash", "-c", `echo two | "$0" -e "$1" <(echo one)`, process.execPath, script],
    );
    expect(stderr.toString()).toBe("one\ntwo\n\n");
  });
});

describe("a file that is written", () => {
  function write(path: string): string {
    const fd = createGiven(path, 0o600);
    if (fd instanceof Refusal) return fd.text;
    tryWrite(fd, new TextEncoder().encode("new"));
    close(fd);
    return readFileSync(path, "utf8");
  }

  test("is made, or emptied first; a link of one's own is followed", () => {
    expect(write(at("made"))).toBe("new");
    expect(statSync(at("made")).mode & 0o777).toBe(0o600);
    writeFileSync(at("longer"), "longer than that");
    symlinkSync("longer", at("to"));
    expect(write(at("to"))).toBe("new");
    expect(readFileSync(at("longer"), "utf8")).toBe("new");
  });

  test.skipIf(process.geteuid!() !== 0)(
    "is not what somebody else left in a folder like /tmp",
    () => {
      const shared = at("shared");
      mkdirSync(shared);
      chmodSync(shared, 0o1777);
      const [bait, target] = [join(shared, "bait"), at("target")];
      writeFileSync(target, "keep");
      writeFileSync(bait, "theirs");
      chownSync(bait, 4321, 4321);
      expect(write(bait)).toContain("belongs to another user (4321)");
      const link = join(shared, "link");
      symlinkSync(target, link);
      lchownSync(link, 4321, 4321);
      expect(write(link)).toContain("belongs to another user (4321)");
      expect(readFileSync(target, "utf8")).toBe("keep");
    },
  );
});
