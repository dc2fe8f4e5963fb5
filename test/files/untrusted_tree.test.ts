import { afterAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { S_IFIFO, S_IFLNK, S_IFMT, S_IFSOCK } from "../../ffi/stat.ts";
import { Refusal } from "../../src/files/refusal.ts";
import { statBelow, UntrustedTree } from "../../src/files/untrusted_tree.ts";

const folder = mkdtempSync(join(tmpdir(), "tree-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const inside = join(folder, "root");
mkdirSync(join(inside, "a/b"), { recursive: true });
writeFileSync(join(folder, "secret"), "secret");
writeFileSync(join(inside, "secret"), "bait");
writeFileSync(join(inside, "a/b/file"), "text");
writeFileSync(join(inside, "sparse"), "");
truncateSync(join(inside, "sparse"), 2 ** 40);
Bun.spawnSync(["mkfifo", join(inside, "pipe")]);
const links: Readonly<Record<string, string>> = {
  kmsg: "/proc/kmsg",
  absolute: "/a/b/file",
  relative: "a/../a/b/./file",
  up: "../../../../secret",
  "a/out": "../../../../../secret",
  loop: "loop",
  folder: "a/b",
  dangling: "/a/nothing",
  environment: "/proc/self/environ",
};
for (const [name, target] of Object.entries(links)) symlinkSync(target, join(inside, name));

function using<T>(prefix: string, byParts: boolean, use: (tree: UntrustedTree) => T): T {
  const tree = UntrustedTree.open(prefix, byParts);
  if (tree instanceof Refusal) throw new Error(tree.text);
  try {
    return use(tree);
  } finally {
    tree.close();
  }
}

const why = (result: unknown) =>
  result instanceof Refusal
    ? result.why
    : result instanceof Uint8Array
    ? new TextDecoder().decode(result)
    : "found";

describe.each([["by the kernel", false], ["part by part", true]])(
  "a path walked %s",
  (_, byParts) => {
    test.each([
      ["a/b/file", "text"],
      ["/a/b/file", "text"],
      ["//a/./b//file", "text"],
      ["../../a/b/file", "text"],
      ["absolute", "text"],
      ["relative", "text"],
      ["folder/file", "text"],
      ["folder/../b/file", "text"],
      // Out of the tree there is nothing: its top is above itself.
      ["up", "bait"],
      ["a/out", "bait"],
      ["a/b/file/", "absent"],
      ["a/b/file/x", "absent"],
      ["nothing", "absent"],
      ["nothing/x", "absent"],
      ["dangling", "absent"],
      ["with\0nul", "absent"],
      ["kmsg", "absent"],
      ["loop", "failed"],
      ["n".repeat(300), "failed"],
      ["a", "unfit"],
      ["", "unfit"],
      ["pipe", "unfit"],
      ["sparse", "large"],
    ])("%p is read as %p", (path, expected) => {
      expect(why(using(inside, byParts, (tree) => tree.read(path, { limit: 1000 })))).toBe(
        expected,
      );
    });

    test("from the top of all, files of /proc are none, and links of /proc lead nowhere", () => {
      const read = (path: string) =>
        using("", byParts, (tree) => why(tree.read(path, { limit: 1000 })));
      expect(read("/proc/kmsg")).toBe("unfit");
      expect(read(join(inside, "kmsg"))).toBe("unfit");
      expect(read(join(inside, "environment"))).toBe("unfit");
      expect(read(join(inside, "a/b/file"))).toBe("text");
      expect(read(`/proc/${process.pid}/root${inside}/a/b/file`)).not.toBe("text");
    });

    test("a file of exactly the limit is read, one of a byte more is not", () => {
      const read = (limit: number) =>
        using(inside, byParts, (tree) => why(tree.read("a/b/file", { limit })));
      expect(read(4)).toBe("text");
      expect(read(3)).toBe("large");
    });

    test("a file of the wrong user is not read", () => {
      const read = (owners: number[]) =>
        using(inside, byParts, (tree) => why(tree.read("a/b/file", { limit: 9, owners })));
      const { geteuid } = process;
      expect(read([geteuid!()])).toBe("text");
      expect(read([geteuid!() + 1])).toBe("unfit");
    });

    test("stat follows a link at the end or does not, and a socket and a pipe are told", async () => {
      const path = join(inside, "socket");
      const server = createServer().listen(path);
      await new Promise((ready) => server.once("listening", ready));
      const type = (name: string, nofollow = false) =>
        using(inside, byParts, (tree) => {
          const status = tree.stat(name, nofollow);
          return status instanceof Refusal ? status.why : status.mode & S_IFMT;
        });
      expect(type("socket")).toBe(S_IFSOCK);
      expect(type("pipe")).toBe(S_IFIFO);
      expect(type("dangling")).toBe("absent");
      expect(type("dangling", true)).toBe(S_IFLNK);
      expect(type("loop", true)).toBe(S_IFLNK);
      server.close();
    });

    test("a directory is listed up to a limit, and only its regular files are read", () => {
      const found = new Map<string, string>();
      const list = (limit: number) =>
        using(inside, byParts, (tree) =>
          tree.list("/", limit, (name, read) => {
            found.set(new TextDecoder().decode(name), why(read({ limit: 1000 })));
          }));
      expect(list(100)).toBe("all");
      expect(found.get("secret")).toBe("bait");
      for (const name of ["kmsg", "absolute", "pipe", "a", "loop"]) {
        expect(found.get(name)).toBe(
          "unfit",
        );
      }
      expect(found.get("sparse")).toBe("large");
      found.clear();
      expect(list(3)).toBe("limit");
      expect(found.size).toBe(3);
      const ended = using(inside, byParts, (tree) => tree.list("a/b", 10, () => true));
      expect(ended).toBe("ended");
      expect(why(using(inside, byParts, (tree) => tree.list("secret", 10, () => {})))).toBe(
        "absent",
      );
    });

    test.skipIf(process.geteuid!() !== 0)("a folder that may not be searched is denied", () => {
      // Root may search everything, so a process of another user looks.
      const path = join(folder, "closed");
      mkdirSync(path, { recursive: true });
      writeFileSync(join(path, "x"), "x");
      chmodSync(path, 0o700);
      chmodSync(folder, 0o755);
      chownSync(path, 0, 0);
      const script = `
      const { statBelow, UntrustedTree } = await import(${
        JSON.stringify(join(import.meta.dir, "../../src/files/untrusted_tree.ts"))
      });
      process.seteuid(65534);
      const tree = UntrustedTree.open(${JSON.stringify(folder)}, ${byParts});
      process._rawDebug(tree.stat("closed/x").why, tree.stat("closed").mode & 0o777);`;
      const { stderr } = Bun.spawnSync([process.execPath, "-e", script]);
      expect(stderr.toString()).toBe(`denied ${0o700}\n`);
    });
  },
);

test("a process is looked into from its own root and directory", () => {
  const child = Bun.spawn(["sleep", "60"], { cwd: join(inside, "a") });
  try {
    const prefix = `/proc/${child.pid}`;
    expect(why(statBelow(`${prefix}/root`, join(inside, "a/b/file")))).toBe("found");
    expect(why(statBelow(`${prefix}/cwd`, "b/file"))).toBe("found");
    expect(why(statBelow(`${prefix}/cwd`, "none"))).toBe("absent");
  } finally {
    child.kill();
  }
});

test("of a process that has ended nothing is known", async () => {
  const child = Bun.spawn(["true"]);
  await child.exited;
  expect(why(statBelow(`/proc/${child.pid}/root`, "/etc/passwd"))).toBe("failed");
});

test("no descriptor is left open", () => {
  // Descriptors of files; the runtime opens and closes pipes and the like of its own.
  const open = () =>
    readdirSync("/proc/self/fd").flatMap((fd) => {
      try {
        return [readlinkSync(`/proc/self/fd/${fd}`)];
      } catch {
        return [];
      }
    }).filter((target) => target.startsWith(inside) || target === "/proc/kmsg").sort();
  const before = open();
  for (const byParts of [false, true]) {
    for (
      const path of [
        "a/b/file",
        "absolute",
        "folder/",
        "loop",
        "kmsg",
        "a/b/file/x",
        "pipe",
        "up",
        "",
      ]
    ) {
      using(inside, byParts, (tree) => {
        tree.read(path, { limit: 1000 });
        tree.stat(path);
        tree.list(path, 100, (_, read) => void read({ limit: 1 }));
      });
    }
  }
  expect(open()).toEqual(before);
});
