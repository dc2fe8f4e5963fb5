import { expect, test } from "bun:test";
import { printable, processName } from "../../../../src/tools/ss/names/process.ts";
import { ProcRoot } from "../../../../src/proc/root.ts";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (name: Uint8Array | null) => name && new TextDecoder("latin1").decode(name);

test("a name ends at its first closing parenthesis, and after 15 bytes", () => {
  const folder = mkdtempSync(join(tmpdir(), "sockeye-name-"));
  try {
    for (const pid of ["1", "2", "3"]) mkdirSync(join(folder, pid));
    writeFileSync(join(folder, "1/stat"), "1 (weird (name) x) S 0 0");
    writeFileSync(join(folder, "2/stat"), "2 (a-name-of-more-than-fifteen) S 0 0");
    writeFileSync(join(folder, "3/stat"), "3");
    const root = new ProcRoot(folder);
    expect(text(processName(root, "1"))).toBe("weird (name");
    expect(text(processName(root, "2"))).toBe("a-name-of-more-");
    expect(processName(root, "3")).toBeNull();
    expect(processName(root, "4")).toBeNull();
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("controls and bytes beyond ASCII are replaced, one by one", () => {
  expect(text(printable(bytes("tab\tname")))).toBe("tab.name");
  expect(text(printable(bytes("é")))).toBe("??");
  expect(text(printable(bytes("é\x1b[2J\x7f")))).toBe("??.[2J.");
  expect(text(printable(new Uint8Array([0x61, 0xff])))).toBe("a?");
});
