/**
 * ./scripts/run in a checkout of its own, with an npm and a Bun that only write down what they were asked for: what is
 * installed and built, and when.
 */
import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const arch = process.arch === "arm64" ? "arm64" : "x64";

// Two that overlap are seen: each of them notes its beginning and its end.
const NPM = `#!/bin/bash
if [ "$1" = --version ]; then echo "\${NPM_VERSION:-11.0.0}"; exit; fi
echo "npm $1 begins" >> "$LOG"
sleep 0.2
if [ -n "\${NPM_FAILS:-}" ]; then echo "npm error code ENOTFOUND" >&2; exit 1; fi
mkdir -p "node_modules/@oven/bun-linux-${arch}/bin"
cp "$FAKES/bun" "node_modules/@oven/bun-linux-${arch}/bin/bun"
echo "npm $1 ends" >> "$LOG"
`;
const BUN = `#!/bin/bash
echo "build begins" >> "$LOG"
sleep 0.2
[ -z "\${BUILD_FAILS:-}" ] || { echo "the build failed" >&2; exit 2; }
mkdir -p "$SOCKEYE_ROOT/dist"
printf '#!/bin/bash\\necho "built $#: $*"\\n' > "$SOCKEYE_ROOT/dist/sockeye"
chmod +x "$SOCKEYE_ROOT/dist/sockeye"
echo "build ends" >> "$LOG"
`;
const INSTALLED = ["npm ci begins", "npm ci ends"];
const BUILT = ["build begins", "build ends"];

let folder: string;
let root: string;
let log: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sockeye-run-"));
  // Blanks in the path are part of every one of these tests.
  root = join(folder, "a checkout with blanks");
  log = join(folder, "log");
  for (const path of ["bin", "fakes"]) mkdirSync(join(folder, path));
  mkdirSync(join(root, "scripts/release"), { recursive: true });
  for (const name of ["run", "setup"]) {
    cpSync(join(repository, "scripts", name), join(root, "scripts", name));
  }
  for (const path of ["src", "ffi"]) mkdirSync(join(root, path));
  for (
    const path of [
      "src/main.ts",
      "scripts/build.ts",
      "package.json",
      "package-lock.json",
      "tsconfig.json",
    ]
  ) {
    writeFileSync(join(root, path), "{}");
  }
  writeFileSync(log, "");
  writeFileSync(join(folder, "bin/npm"), NPM, { mode: 0o755 });
  writeFileSync(join(folder, "fakes/bun"), BUN, { mode: 0o755 });
});
afterEach(() => rmSync(folder, { recursive: true }));

interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number;
}

async function run(args: string[] = [], env: Record<string, string> = {}): Promise<Ran> {
  const child = Bun.spawn([join(root, "scripts/run"), ...args], {
    cwd: folder,
    env: {
      PATH: `${join(folder, "bin")}:/usr/bin:/bin`,
      LOG: log,
      FAKES: join(folder, "fakes"),
      ...env,
    },
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, status] = await Promise.all([
    child.stdout.text(),
    child.stderr.text(),
    child.exited,
  ]);
  return { stdout, stderr, status };
}

const done = (): string[] => readFileSync(log, "utf8").split("\n").filter((line) => line !== "");
/** Makes a file look as if it had been saved an hour from now. */
const touch = (path: string): void => {
  const later = Date.now() / 1000 + 3600;
  utimesSync(join(root, path), later, later);
};

test("the first run installs, builds and passes the arguments on", async () => {
  expect(await run(["-t", "two words"])).toEqual({
    stdout: "built 2: -t two words\n",
    stderr: "",
    status: 0,
  });
  expect(done()).toEqual([...INSTALLED, ...BUILT]);
});

test("the second run does neither", async () => {
  await run();
  await run();
  expect(done()).toEqual([...INSTALLED, ...BUILT]);
});

for (const path of ["src/main.ts", "scripts/build.ts", "package.json", "tsconfig.json"]) {
  test(`a change of ${path} builds anew and installs nothing`, async () => {
    await run();
    touch(path);
    await run();
    expect(done()).toEqual([...INSTALLED, ...BUILT, ...BUILT]);
  });
}

test("a source that is gone builds anew", async () => {
  await run();
  rmSync(join(root, "src/main.ts"));
  // The folder's own time tells; it may be the second of the build.
  touch("src");
  await run();
  expect(done()).toEqual([...INSTALLED, ...BUILT, ...BUILT]);
});

test("another lock file installs anew", async () => {
  await run();
  writeFileSync(join(root, "package-lock.json"), "{ }");
  await run();
  expect(done().filter((line) => line.startsWith("npm"))).toEqual([...INSTALLED, ...INSTALLED]);
});

test("two runs at once install and build once, and both run", async () => {
  const both = await Promise.all([run(["one"]), run(["two"])]);
  expect(both.map(({ stdout, status }) => ({ stdout, status }))).toEqual([
    { stdout: "built 1: one\n", status: 0 },
    { stdout: "built 1: two\n", status: 0 },
  ]);
  expect(done()).toEqual([...INSTALLED, ...BUILT]);
});

test("an npm that cannot read the lock file is told in one line", async () => {
  expect(await run([], { NPM_VERSION: "6.14.18" })).toEqual({
    stdout: "",
    stderr: "sockeye: npm 6.14.18 cannot read package-lock.json: 7 or newer is needed\n",
    status: 2,
  });
  expect(done()).toEqual([]);
});

test("no npm is told in one line", async () => {
  rmSync(join(folder, "bin/npm"));
  for (const name of ["bash", "dirname", "uname", "cmp", "flock"]) {
    const path = Bun.which(name);
    if (path !== null) await Bun.$`ln -s ${path} ${join(folder, "bin", name)}`.quiet();
  }
  const { stderr, status } = await run([], { PATH: join(folder, "bin") });
  expect({ stderr, status }).toEqual({
    stderr: "sockeye: npm is needed to fetch the pinned Bun, and there is none here\n",
    status: 2,
  });
});

test("an installation that fails leaves nothing that looks installed", async () => {
  const { stderr, status } = await run([], { NPM_FAILS: "1" });
  expect(status).toBe(2);
  expect(stderr).toStartWith("npm error code ENOTFOUND\nsockeye: npm ci failed");
  expect((await run()).status).toBe(0);
});

test("a build that fails runs nothing, and the next run builds again", async () => {
  const { stdout, stderr, status } = await run([], { BUILD_FAILS: "1" });
  expect({ stdout, stderr, status }).toEqual({
    stdout: "",
    stderr: "the build failed\n",
    status: 2,
  });
  expect(existsSync(join(root, "dist/sockeye"))).toBe(false);
  expect((await run()).status).toBe(0);
});
