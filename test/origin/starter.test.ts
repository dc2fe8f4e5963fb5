/**
 * Who started a process, by chains of parents that are made up.
 */
import { describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Process } from "../../src/model/owner.ts";
import { managedBy, shellWord } from "../../src/origin/manager.ts";
import { storyOf } from "../../src/origin/starter.ts";
import { lastSetting, restartOf } from "../../src/origin/unit_file.ts";
import { utf8Bytes } from "../../src/text/encoding.ts";

/** Names from process 1 downwards; the last is the process that is asked about. */
function tell(
  names: readonly string[],
  more: Partial<Process> = {},
  { cgroup = null, env = {}, cwd = null }: {
    cgroup?: string | null;
    env?: Record<string, string>;
    cwd?: string | null;
  } = {},
) {
  const chain = names.map((name, i) => ({
    pid: i === 0 ? 1 : 10 * i,
    ppid: i === 0 ? 0 : i === 1 ? 1 : 10 * (i - 1),
    comm: utf8Bytes(name),
    startTimeMs: 1000 * i,
    container: null,
    unit: null,
    unitManager: null,
    ...(i === names.length - 1 ? more : {}),
  } as unknown as Process));
  const facts = {
    get: (pid: number) => chain.find((process) => process.pid === pid)!,
    cgroup: () => cgroup,
    environment: (_: number, name: string) => env[name] ?? null,
    cwd: () => cwd === null ? null : utf8Bytes(cwd),
  };
  return { process: chain.at(-1)!, facts };
}

function story(...given: Parameters<typeof tell>) {
  const { process, facts } = tell(...given);
  return storyOf(process, facts, process.container?.name ?? null, "/there/is/none");
}

const service = (unit: string) => ({ unit, unitManager: "system" }) as const;

describe("the story of a process", () => {
  test("leads from process 1 down to it", () => {
    const { chain } = story(["systemd", "sshd", "bash", "npm run dev", "node"]);
    expect(chain.map(({ pid }) => pid)).toEqual([1, 10, 20, 30, 40]);
    expect(chain.at(-1)!.startTimeMs).toBe(4000);
  });

  test("ends where a parent cannot be read, and does not run in circles", () => {
    const { process, facts } = tell(["systemd", "a", "b"]);
    const blind = { ...facts, get: () => ({ comm: null }) as Process };
    expect(storyOf(process, blind, null).chain).toHaveLength(1);
    // That there is one is known.
    const refused = {
      ...facts,
      get: () =>
        ({ pid: 10, comm: null, ppid: null, unread: { stat: "EPERM" } }) as unknown as Process,
    };
    expect(storyOf(process, refused, null).chain.map(({ pid, comm }) => [pid, comm === null]))
      .toEqual([[10, true], [20, false]]);
    const circle = { ...facts, get: () => ({ ...process, pid: 10, ppid: 20 }) as Process };
    expect(storyOf(process, circle, null).chain.length).toBeLessThan(4);
  });

  const cases: [string, Parameters<typeof tell>, object | null][] = [
    ["cron, whatever unit it has", [
      ["systemd", "cron", "cron", "sh", "node"],
      service("cron.service"),
    ], { kind: "cron", pid: 20 }],
    ["an SSH session", [["systemd", "sshd", "sshd-session", "bash", "node"], {}, {
      cgroup: "/user.slice/user-1000.slice/session-3.scope",
    }], { kind: "ssh", name: "3", pid: 20 }],
    ["tmux in no session that lives", [["systemd", "tmux: server", "bash", "node"], {}, {
      cgroup: "/user.slice/user-1000.slice/session-3.scope",
    }], { kind: "login", name: "3", multiplexer: 10 }],
    ["a timer", [["systemd", "backup"], service("backup.service"), {
      env: { TRIGGER_UNIT: "backup.timer" },
    }], { kind: "timer", name: "backup.timer" }],
    ["a service", [["systemd", "app"], service("app.service")], {
      kind: "service",
      name: "app.service",
      restart: null,
    }],
    ["the user's own systemd", [["systemd", "systemd", "app"], {
      unit: "app.service",
      unitManager: "user",
    }], { kind: "user_service", name: "app.service" }],
    ["a name that its own cgroup gave itself", [["systemd", "app"], {
      unit: "app.service",
      unitManager: "delegated",
    }], null],
    ["a supervisor", [["runit", "runsvdir", "runsv", "app"]], { kind: "supervisor", pid: 20 }],
    ["a container", [["systemd", "containerd-shim-runc-v2", "node"], {
      container: { id: "3f4b", runtime: "docker", name: "web" },
    }], { kind: "container", name: "web", pid: 10 }],
    ["sshd itself is no session", [["systemd", "sshd"], service("ssh.service")], {
      kind: "service",
    }],
    ["nothing that is known", [["init", "sh", "node"]], null],
  ];
  for (const [what, given, expected] of cases) {
    test(`knows ${what}`, () => {
      const { starter } = story(...given);
      if (expected === null) expect(starter).toBeNull();
      else expect(starter).toMatchObject(expected);
    });
  }

  test("says that what started it has ended only of a session", () => {
    const cgroup = "/user.slice/user-1000.slice/session-3.scope";
    expect(story(["systemd", "node"], {}, { cgroup }).orphaned).toBe(true);
    expect(story(["systemd", "bash", "node"], {}, { cgroup }).orphaned).toBe(false);
    expect(story(["systemd", "app"], service("app.service")).orphaned).toBe(false);
  });
});

describe("who manages a process", () => {
  const commands = (...given: Parameters<typeof tell>) => {
    const { process, facts } = tell(...given);
    const managed = managedBy(process, process.container, null, facts);
    return managed === null ? null : managed.steps.map(({ command }) => command);
  };

  test("is told what to do in its own words", () => {
    expect(commands(["systemd", "app"], service("app.service"))).toEqual([
      "journalctl -u app.service",
      "systemctl restart app.service",
      "systemctl stop app.service",
    ]);
    expect(commands(["systemd", "app"], { unit: "app.service", unitManager: "user" })![1])
      .toBe("systemctl --user restart app.service");
    const container = (runtime: string, name: string | null) => ({
      container: { id: "ab".repeat(32), runtime, name },
    });
    expect(commands(["systemd", "node"], container("docker", "web"))).toEqual([
      "docker logs web",
      "docker restart web",
      "docker stop web",
    ]);
    expect(commands(["systemd", "node"], container("podman", null))![2]).toBe(
      "podman stop abababababab",
    );
    expect(commands(["systemd", "node"], container("containerd", "app"))![0])
      .toBe("crictl logs abababababab");
    expect(commands(["runit", "runsv", "app"], {}, { cwd: "/etc/sv/app" })).toEqual([
      "sv restart /etc/sv/app",
      "sv stop /etc/sv/app",
    ]);
    const env = {
      SUPERVISOR_ENABLED: "1",
      SUPERVISOR_PROCESS_NAME: "a b",
      SUPERVISOR_GROUP_NAME: "g",
    };
    expect(commands(["init", "supervisord", "app"], {}, { env })![2])
      .toBe("supervisorctl stop 'g:a b'");
    expect(commands(["init", "sh", "app"])).toBeNull();
  });

  test("of a pod is Kubernetes", () => {
    const container = { id: "ab".repeat(32), runtime: "containerd", name: "app" };
    const { process, facts } = tell(["systemd", "node"], { container });
    const managed = managedBy(process, container, { name: "app-7d9f", namespace: "shop" }, facts)!;
    expect(managed.steps[0]!.command).toBe("kubectl logs -n shop app-7d9f -c app");
  });

  test("a shell gets every name as one word", () => {
    expect(shellWord("a-b.service")).toBe("a-b.service");
    expect(shellWord("it's $(here)")).toBe("'it'\\''s $(here)'");
    expect(shellWord("")).toBe("''");
  });
});

test("a unit's file says whether it is started again", () => {
  expect(lastSetting("[Service]\nRestart=no\nRestart = x\nRestart=always\n", "Restart")).toBe(
    "always",
  );
  expect(lastSetting("[Install]\nRestart=always\n[Service]\n;Restart=no\n", "Restart")).toBeNull();
  const root = mkdtempSync(join(tmpdir(), "sockeye-unit-"));
  try {
    const write = (path: string, text: string) => {
      mkdirSync(join(root, path, ".."), { recursive: true });
      writeFileSync(join(root, path), text);
    };
    write("usr/lib/systemd/system/app.service", "[Service]\nRestart=on-failure\n");
    expect(restartOf("app.service", root)).toBe("on-failure");
    // A file of the administrator's replaces that of the package.
    write("etc/systemd/system/app.service", "[Service]\nExecStart=/app\n");
    expect(restartOf("app.service", root)).toBe("no");
    write("run/systemd/system/app.service.d/b.conf", "[Service]\nRestart=always\n");
    expect(restartOf("app.service", root)).toBe("always");
    expect(restartOf("../app.service", root)).toBeNull();
    expect(restartOf("none.service", root)).toBeNull();
  } finally {
    rmSync(root, { recursive: true });
  }
});
