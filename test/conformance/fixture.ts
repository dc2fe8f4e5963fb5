/**
 * The recorded host: the tables and processes of one network namespace, as files. See README.md.
 *
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ARCHIVE = fileURLToPath(new URL("./fixture.tar.gz", import.meta.url));

/**
 * Unpacks it into a temporary folder, whose links lead nowhere and so would not survive most other ways of keeping files.
 * `path` has `proc` and `tcp.dump`. Dispose it to remove the folder.
 */
export function unpackFixture(): Disposable & { readonly path: string } {
  const folder = mkdtempSync(join(tmpdir(), "sockeye-fixture-"));
  const unpacked = Bun.spawnSync(["tar", "-xzf", ARCHIVE, "-C", folder], { stderr: "pipe" });
  if (!unpacked.success) {
    throw new Error(`The fixture cannot be unpacked: ${unpacked.stderr.toString()}`);
  }
  return {
    path: join(folder, "fixture"),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** One recorded run. */
export interface RecordedRun {
  readonly id: string;
  readonly argv: readonly string[];
  /** A value that begins with `@` is a path in the fixture. */
  readonly env: Readonly<Record<string, string>>;
  readonly stdout: string;
  readonly exit: number;
  /** Whether anything was printed on standard error. */
  readonly stderr: boolean;
}

/** The recorded runs of a file beside this one. */
export async function recordedRuns(file: string): Promise<RecordedRun[]> {
  const text = await Bun.file(new URL(`./${file}`, import.meta.url)).text();
  return text.trim().split("\n").map((line) => JSON.parse(line));
}
