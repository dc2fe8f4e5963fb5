/**
 * Unix sockets are told apart by the file that they are bound to, not by its path.
 *
 * @module
 */
import { describe, expect } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { firstLine } from "../support/lines.ts";
import { pythonReason } from "../support/factory.ts";
import { Namespace, namespaceReason } from "../support/netns.ts";
import { firstReason, testIf } from "../support/skip.ts";
import { SOCKEYE } from "../support/sockeye.ts";

const root = process.getuid?.() === 0 ? null : "other mount namespaces need root";
const reason = firstReason(namespaceReason(), pythonReason(), root);

// deno-lint-ignore no-explicit-any -- the tests say what is in there.
type Json = any;

/** Runs Python until the block ends. `W` is a folder of its own; the code ends with what it does in it. */
class Server implements AsyncDisposable {
  readonly #child: Bun.Subprocess<"pipe", "pipe", "inherit">;
  readonly pid: number;

  private constructor(child: Bun.Subprocess<"pipe", "pipe", "inherit">, pid: number) {
    this.#child = child;
    this.pid = pid;
  }

  static async start(
    netns: Namespace,
    folder: string,
    code: string,
    before: readonly string[] = [],
  ): Promise<Server> {
    const program = `import os, socket, sys\nW = ${JSON.stringify(folder)}\n${code}\n` +
      "print(os.getpid(), flush=True)\nsys.stdin.read()\n";
    const command = netns.command([...before, "python3", "-c", program]);
    const child = Bun.spawn({
      cmd: [...command],
      stdin: "pipe",
      stdout: "pipe",
      stderr: "inherit",
    });
    const line = await firstLine(child.stdout);
    return new Server(child, Number(line));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin.end();
    await this.#child.exited;
  }
}

const LISTEN = (path: string) =>
  `s = socket.socket(socket.AF_UNIX); s.bind(${path}); s.listen(5); os.chmod(${path}, 0o666)`;

async function withFolder(
  body: (netns: Namespace, folder: string) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "sockeye-files-"));
  try {
    await using netns = await Namespace.create();
    await body(netns, folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function explain(netns: Namespace, target: string): Promise<Json> {
  const { stdout } = await netns.run([SOCKEYE, "explain", target, "--json"]);
  return JSON.parse(new TextDecoder().decode(stdout)).explanations[0].subjects;
}

async function snapshot(netns: Namespace): Promise<Json> {
  const text = await netns.output([SOCKEYE, "snapshot", "--own-netns"]);
  return JSON.parse(text).sockets.filter(({ family }: Json) => family === "unix");
}

const ownersOf = (subject: Json) => subject.sockets[0].owners.map(({ pid }: Json) => pid);

const ownersOf0 = (socket: Json) => ownersOf({ sockets: [socket] })[0];

describe("a unix socket", () => {
  testIf(reason, "whose path another one took is not taken for it", async () => {
    await withFolder(async (netns, folder) => {
      const path = join(folder, "app");
      await using old = await Server.start(
        netns,
        folder,
        `${LISTEN('W + "/app"')}; c = socket.socket(socket.AF_UNIX); c.connect(W + "/app")
a = s.accept()`,
      );
      await using now = await Server.start(
        netns,
        folder,
        `os.unlink(W + "/app"); ${LISTEN('W + "/app"')}; os.chmod(W + "/app", 0o620)`,
      );
      const subjects = await explain(netns, `unix:${path}`);
      expect(subjects.map(ownersOf)).toEqual([[now.pid], [old.pid]]);
      expect(subjects[0].reach.file.mode).toBe(0o620);
      expect(subjects[1].reach.file).toBeNull();
      expect(subjects[1].reach.reasons.join()).toContain("the file is gone");
      // The connection belongs to the first.
      const [first, second] = subjects.map(({ sockets }: Json) => sockets[0].peer_owners);
      expect(first).toEqual([]);
      expect(second.map(({ pid }: Json) => pid)).toEqual([old.pid]);
      const sockets = await snapshot(netns);
      const of = (pid: number) =>
        sockets.find(({ state, owners }: Json) => state === "listen" && owners[0].pid === pid)
          .local;
      expect(of(now.pid)).toMatchObject({ mode: "0620", host_path: path });
      expect(of(old.pid)).toMatchObject({ path, host_path: null });
      expect(of(old.pid).mode).toBeUndefined();
    });
  });

  testIf(reason, "is meant by a path in a filter, however it was bound", async () => {
    await withFolder(async (netns, folder) => {
      mkdirSync(join(folder, "real"));
      symlinkSync(join(folder, "real"), join(folder, "link"));
      const listed = async (filter: string): Promise<Json[]> => {
        const flags = ["-x", "-a", "--json"];
        const { sockets } = JSON.parse(await netns.output([SOCKEYE, ...flags, filter]));
        return sockets;
      };
      const pids = async (filter: string) => (await listed(filter)).map(ownersOf0);
      await using old = await Server.start(netns, folder, LISTEN('W + "/real/app"'));
      expect(await pids(`src ${folder}/real/app`)).toEqual([old.pid]);
      await using now = await Server.start(
        netns,
        folder,
        `os.unlink(W + "/real/app"); os.chdir(W + "/real"); ${LISTEN('"app"')}
c = socket.socket(socket.AF_UNIX); c.connect("app")`,
      );
      for (const path of [`${folder}/real/app`, `${folder}/link/app`, `unix:${folder}/link/app`]) {
        const states = (await listed(`src ${path} and state listen`)).map(ownersOf0);
        expect(states).toEqual([now.pid]);
        // The client names nothing itself.
        expect(await pids(`dst ${path}`)).toEqual([now.pid]);
        const killed = await netns.run([SOCKEYE, "kill", "--yes", "--socket", `src ${path}`]);
        const text = new TextDecoder().decode(killed.stdout);
        expect(text).toContain(`(pid=${now.pid},`);
        expect(text).not.toContain(`(pid=${old.pid},`);
      }
      // A pattern is one of names.
      expect(await pids(`src ${folder}/real/ap?`)).toEqual([old.pid]);
      expect(await pids("src unix:app and state listen")).toEqual([now.pid]);
      rmSync(join(folder, "real/app"));
      expect(await pids(`src ${folder}/real/app`)).toEqual([old.pid]);
    });
  });

  testIf(reason, "that was renamed, within its folder or out of it, is found", async () => {
    for (const to of ["app", "other/app"]) {
      await withFolder(async (netns, folder) => {
        mkdirSync(join(folder, "other"));
        const path = join(folder, to);
        await using server = await Server.start(
          netns,
          folder,
          `${LISTEN('W + "/app.1.tmp"')}; os.rename(W + "/app.1.tmp", W + "/${to}")`,
        );
        const [subject, ...more] = await explain(netns, `unix:${path}`);
        expect(more).toEqual([]);
        expect(ownersOf(subject)).toEqual([server.pid]);
        expect(subject.reach.file.mode).toBe(0o666);
        expect(subject.reach.reasons).toContain(`the file is now ${path}`);
        const [listener] = await snapshot(netns);
        expect(listener.local).toMatchObject({ mode: "0666", host_path: path });
      });
    }
  });

  testIf(
    reason,
    "is found by links, hard links, bind mounts and from a relative path",
    async () => {
      await withFolder(async (netns, folder) => {
        mkdirSync(join(folder, "deep"));
        symlinkSync(join(folder, "deep/app"), join(folder, "link"));
        await using server = await Server.start(
          netns,
          folder,
          `os.chdir(W + "/deep"); ${LISTEN('"app"')}; os.link("app", W + "/hard")`,
        );
        const [{ local }] = await snapshot(netns);
        expect([local.path, local.host_path]).toEqual(["app", join(folder, "deep/app")]);
        // A path alone is a target, too.
        const bare = await netns.output([SOCKEYE, join(folder, "link")]);
        expect(bare).toContain(`(${server.pid})`);
        for (const name of ["deep/app", "link", "hard"]) {
          const subjects = await explain(netns, `unix:${join(folder, name)}`);
          expect(subjects.map(ownersOf), name).toEqual([[server.pid]]);
        }
        const script = 'mkdir "$1/m" && mount --bind "$1/deep" "$1/m" && exec "$0" explain ' +
          '"unix:$1/m/app" --json';
        const text = await netns.output(["unshare", "-m", "sh", "-c", script, SOCKEYE, folder]);
        expect(JSON.parse(text).explanations[0].subjects.map(ownersOf)).toEqual([[server.pid]]);
      });
    },
  );

  testIf(reason, "at the same path of another mount namespace is another one", async () => {
    await withFolder(async (netns, folder) => {
      const path = join(folder, "run/app");
      mkdirSync(join(folder, "run"));
      await using ours = await Server.start(netns, folder, LISTEN('W + "/run/app"'));
      const mount = [
        "unshare",
        "-m",
        "sh",
        "-c",
        'mount -t tmpfs none "$0/run" && exec "$@"',
        folder,
      ];
      await using theirs = await Server.start(netns, folder, LISTEN('W + "/run/app"'), mount);
      expect((await explain(netns, `unix:${path}`)).map(ownersOf)).toEqual([[ours.pid]]);
      const [subject] = await explain(netns, `pid:${theirs.pid}`);
      expect(subject.reach.file.mode).toBe(0o666);
      expect(subject.reach.reasons.join()).toContain("another root directory or mount namespace");
      const listener = (await snapshot(netns))
        .find(({ owners }: Json) => owners[0].pid === theirs.pid);
      expect(listener.local).toMatchObject({ path, host_path: null, mode: "0666" });
    });
  });

  testIf(reason, "of datagrams stays a service when a sender connects", async () => {
    await withFolder(async (netns, folder) => {
      const path = join(folder, "log");
      await using server = await Server.start(
        netns,
        folder,
        `s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind(W + "/log")
t = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); t.bind("\\0notify")`,
      );
      const before = join(folder, "before.json");
      await Bun.write(before, await netns.output([SOCKEYE, "snapshot", "--own-netns"]));
      await using _client = await Server.start(
        netns,
        folder,
        `c = [socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) for i in range(2)]
c[0].connect(W + "/log"); c[1].connect("\\0notify")`,
      );
      for (const target of [`unix:${path}`, "@notify"]) {
        expect((await explain(netns, target)).map(ownersOf), target).toEqual([[server.pid]]);
      }
      const { status, stdout } = await netns.run([SOCKEYE, "diff", "--own-netns", before]);
      expect([status, new TextDecoder().decode(stdout)]).toEqual([
        0,
        expect.stringContaining("no differences"),
      ]);
    });
  });

  testIf(reason, "that is neither bound nor connected takes nothing from anybody", async () => {
    await withFolder(async (netns, folder) => {
      await using server = await Server.start(
        netns,
        folder,
        `s = socket.socket(socket.AF_UNIX); d = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
b = socket.socket(socket.AF_UNIX); b.bind(W + "/b")`,
      );
      const text = await netns.output([SOCKEYE, `pid:${server.pid}`]);
      expect(text).toContain("neither bound nor connected: nobody can reach it");
      expect(text).toContain("has no name: nobody can send to it");
      expect(text).toContain("bound, but it does not listen: nobody can connect");
      expect(text).not.toContain("every sender");
      expect(text).not.toContain("may connect");
    });
  });
});

describe("a path that may not be looked at", () => {
  testIf(
    firstReason(reason, Bun.which("setpriv") === null ? "there is no setpriv program" : null),
    "is not said to be nobody's: a socket may have been moved there",
    () =>
      withFolder(async (netns, folder) => {
        chmodSync(folder, 0o755);
        const closed = join(folder, "closed");
        mkdirSync(closed, { mode: 0o700 });
        const path = join(closed, "app.sock");
        const moved = `${LISTEN("W + '/new.sock'")}; os.rename(W + '/new.sock', '${path}')`;
        await using _ = await Server.start(netns, folder, moved);
        const asked = async (...args: string[]) => {
          const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", SOCKEYE];
          const { status, stdout, stderr } = await netns.run([...nobody, ...args]);
          return { status, said: new TextDecoder().decode(stdout) + stderr };
        };
        const why = `what is at ${path} is not known: it cannot be read: permission denied`;
        for (
          const args of [
            ["explain", `unix:${path}`],
            ["wait", `unix:${path}`, "--timeout", "0"],
            ["wait", `unix:${path}`, "--gone", "--timeout", "0"],
          ]
        ) {
          const { status, said } = await asked(...args);
          expect([args[0], status]).toEqual([args[0]!, 3]);
          expect(said).toContain(why);
        }
        // Where the path can be looked at, that is an answer.
        expect((await netns.run([SOCKEYE, "explain", `unix:${path}`])).status).toBe(0);
        expect((await asked("wait", `unix:${folder}/none`, "--gone", "--timeout", "0")).status)
          .toBe(0);
      }),
    60_000,
  );
});
