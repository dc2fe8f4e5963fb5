/**
 * Containers by the names that their runtimes keep, in snapshots and in policies.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { compare } from "../../src/audit/diff.ts";
import { Diagnostics } from "../../src/diagnostics.ts";
import { withContainers } from "../../src/snapshot/containers.ts";
import type { GapDocument } from "../../src/snapshot/document.ts";
import { owner, snapshot, socket } from "../audit/documents.ts";
import { makeSocket, pythonReason } from "../support/factory.ts";
import { Namespace, namespaceReason } from "../support/netns.ts";
import { firstReason, testIf } from "../support/skip.ts";
import { sockeye, validSnapshot } from "../support/sockeye.ts";

const ID = "3f4b8c0d9e1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4";
const DOCKER = `var/lib/docker/containers/${ID}/config.v2.json`;
const CONFIG = JSON.stringify({ Name: "/web", Config: { Image: "nginx:1" } });

describe("withContainers()", () => {
  let root: string;
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), "sockeye-test-"));
    const put = (path: string, text: string) => {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    };
    put(DOCKER, CONFIG);
    put(
      "home/ann/.local/share/containers/storage/overlay-containers/containers.json",
      JSON.stringify([{ id: "a".repeat(64), names: ["db"] }]),
    );
  });
  afterAll(() => rmSync(root, { recursive: true }));

  const named = (...owners: Parameters<typeof owner>[0][]) => {
    const document = snapshot([socket("0.0.0.0", 80, { owners: owners.map(owner) })]);
    return withContainers(document, root).sockets[0]!.owners.map(({ container }) => container);
  };
  const container = (id: string, runtime: string) => ({ id, runtime, name: null });

  test("names each by the files of its runtime, those of a user's by the user's", () => {
    expect(named(
      { container: container(ID, "docker") },
      { container: container("a".repeat(64), "podman"), user: "ann" },
      { container: container("a".repeat(64), "podman"), user: "bob" },
      { container: null },
    )).toEqual([
      { id: ID, runtime: "docker", name: "web", image: "nginx:1" },
      { id: "a".repeat(64), runtime: "podman", name: "db", image: null },
      { id: "a".repeat(64), runtime: "podman", name: null, image: null },
      null,
    ]);
  });

  test("a file that is there and tells nothing is a gap, and no other one is", () => {
    const look = (id: string) => {
      const diagnostics = new Diagnostics();
      const owners = [owner({ container: container(id, "docker") })];
      withContainers(snapshot([socket("0.0.0.0", 80, { owners })]), root, diagnostics);
      return diagnostics.gaps;
    };
    expect(look(ID)).toEqual([]);
    expect(look("b".repeat(64))).toEqual([]);
    const broken = "c".repeat(64);
    const file = join(root, `var/lib/docker/containers/${broken}/config.v2.json`);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, "{");
    const [gap, ...more] = look(broken);
    expect(more).toEqual([]);
    expect(gap).toMatchObject({
      kind: "containers",
      reason: "names and images of 1 container could not be read",
      items: [
        `container ${broken}: /var/lib/docker/containers/${broken}/config.v2.json is not JSON`,
      ],
    });
    // Nothing is there that could be a configuration.
    rmSync(file);
    mkdirSync(file);
    expect(look(broken)[0]?.items?.[0]).toContain("is not a regular file");
  });

  test("names that could not be read are no difference, and no sameness", () => {
    const side = (name: string | null, gaps: GapDocument[] = []) =>
      snapshot([
        socket("0.0.0.0", 80, {
          owners: [owner({ container: { id: ID, runtime: "docker", name } })],
        }),
      ], gaps);
    const gap = { kind: "containers", reason: "names could not be read", containers: 1 };
    expect(compare(side("web"), side("db")).verdict).toEqual({ answer: "yes" });
    expect(compare(side("web"), side(null, [gap])).verdict.answer).toBe("undecided");
    expect(compare(side(null, [gap]), side(null, [gap])).verdict.answer).toBe("undecided");
    expect(compare(side(null), side(null)).verdict.answer).toBe("no");
  });

  test("leaves sockets alone that no container holds", () => {
    const document = snapshot([socket("0.0.0.0", 80)]);
    expect(withContainers(document, root).sockets[0]).toBe(document.sockets[0]!);
  });
});

/** Where a control group can be made that /proc/PID/cgroup names before all others. */
const groups = ["/sys/fs/cgroup/unified", "/sys/fs/cgroup"].find((path) =>
  existsSync(join(path, "cgroup.procs"))
);
const group = join(groups ?? "/nonexistent", `docker-${ID}.scope`);
let refused = firstReason(
  namespaceReason(),
  pythonReason(),
  process.getuid?.() === 0 ? null : "not root",
);
if (refused === null) {
  try {
    mkdirSync(group);
    rmdirSync(group);
  } catch (error) {
    refused = `no control group can be made: ${(error as Error).message}`;
  }
}

testIf(
  refused,
  "a policy may name a container and its image",
  async () => {
    await using netns = await Namespace.create();
    await using made = await makeSocket("tcp_listen", { port: 7001 }, { netns });
    if (made.skip !== null) throw new Error(made.skip);
    mkdirSync(group);
    try {
      writeFileSync(join(group, "cgroup.procs"), String(made.pid));
      // The runtime's files, seen by one program only.
      const beside = [
        "unshare",
        "--mount",
        "sh",
        "-c",
        `mount -t tmpfs none /var/lib && mkdir -p /${dirname(DOCKER)} && ` +
        `printf %s "$CONFIG" > /${DOCKER} && exec "$@"`,
        "sh",
      ];
      const look = (args: readonly string[], stdin?: string) =>
        sockeye(args, {
          netns,
          before: beside,
          env: { CONFIG },
          ...(stdin === undefined ? {} : { stdin }),
        });
      const { sockets } = validSnapshot(JSON.parse(look(["snapshot", "--own-netns"]).stdout));
      const listener = sockets.find(({ local }) => local.port === 7001)!;
      expect(listener.owners.map(({ container }) => container)).toEqual([
        { id: ID, runtime: "docker", name: "web", image: "nginx:1" },
      ]);
      const audit = (container: string) =>
        look(
          ["audit", "--own-netns", "--policy", "-"],
          `schema: sockeye.policy/1\nlisteners:\n  - { port: 7001, container: ${container} }\n`,
        );
      expect(audit("{ name: web, image: 'nginx:*' }")).toMatchObject({ status: 0 });
      const wrong = audit("{ name: web, image: httpd }");
      expect(wrong.status).toBe(1);
      expect(wrong.stdout).toContain("in a container of image nginx:1, the entry allows httpd");
    } finally {
      await made.stop();
      rmdirSync(group);
    }
  },
  400_000,
);
