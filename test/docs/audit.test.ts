/**
 * What docs/audit.md shows works: the policy, the commands over ssh (with an ssh that stays here), and the Ansible tasks.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { RULES } from "../../src/audit/advice/mod.ts";
import { AUDIT_FORMATS } from "../../src/audit/formats/mod.ts";
import { KEYS } from "../../src/audit/policy_schema.ts";
import { readPolicy } from "../../src/audit/read_policy.ts";
import { VERDICTS } from "../../src/audit/report.ts";
import { makeSocket, pythonReason } from "../support/factory.ts";
import { Namespace, namespaceReason } from "../support/netns.ts";
import { run } from "../support/run.ts";
import { firstReason, testIf } from "../support/skip.ts";
import { SOCKEYE } from "../support/sockeye.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const page = readFileSync(join(root, "docs/audit.md"), "utf8");
const blocks = (language: string) =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, "gm"))].map(([, code]) =>
    code!
  );
const reason = firstReason(
  pythonReason(),
  namespaceReason(),
  process.getuid?.() === 0 ? null : "not root",
);
const POLICY =
  "schema: sockeye.policy/1\nlisteners: [{ transport: tcp, port: 7500, expect: required }]\n";

test("the policy in docs/audit.md is one, and everything there is named", () => {
  const policy = readPolicy(blocks("yaml")[0]!, "policy.yaml");
  expect(policy.entries.map(({ name }) => name)).toEqual(["ssh", "metrics", "old-api"]);
  for (
    const key of [
      ...KEYS.entry,
      ...KEYS.settings,
      ...VERDICTS,
      ...AUDIT_FORMATS,
      ...RULES.map(({ id }) => id),
    ]
  ) {
    expect(page, key).toContain(key);
  }
});

describe("docs/audit.md", () => {
  let netns: Namespace;
  let folder: string;
  let listener: Awaited<ReturnType<typeof makeSocket>>;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "sockeye-test-"));
    mkdirSync(join(folder, "bin"));
    mkdirSync(join(folder, "dist"));
    symlinkSync(SOCKEYE, join(folder, "dist/sockeye"));
    symlinkSync(SOCKEYE, join(folder, "bin/sockeye"));
    // An ssh that runs the words as the shell of a server would, here: without a terminal, and with standard input.
    program("ssh", 'shift\nexec sh -c "$*"');
    program("scp", "exit 0");
    program(
      "sudo",
      `[ "$1" = /tmp/sockeye ] || exit 9\nshift\ncommand=$1\nshift\nexec ${SOCKEYE} $command --own-netns "$@"`,
    );
    writeFileSync(join(folder, "policy.yaml"), POLICY);
    writeFileSync(join(folder, "hosts"), "web1\nweb2\n");
    if (reason !== null) return;
    netns = await Namespace.create();
    listener = await makeSocket("tcp_listen", { port: 7500 }, { netns });
  });
  afterAll(async () => {
    await listener?.stop();
    await netns?.stop();
    rmSync(folder, { recursive: true });
  });

  function program(name: string, body: string): void {
    writeFileSync(join(folder, "bin", name), `#!/bin/sh\n${body}\n`);
    chmodSync(join(folder, "bin", name), 0o755);
  }
  const shell = (code: string) =>
    netns.run(["sh", "-ec", code], {
      cwd: folder,
      env: { PATH: `${folder}/bin:${process.env.PATH}` },
      timeoutMs: 30_000,
    });

  testIf(reason, "the commands over ssh do what the page says", async () => {
    const [one, many, all] = blocks("sh");
    const single = await shell(one!);
    expect(single.status).toBe(0);
    expect(new TextDecoder().decode(single.stdout)).toMatch(/^compliant: 1 service: 1 ok$/m);
    // Nothing but problems: a process or a table that could not be read.
    for (const line of single.stderr.split("\n").filter((line) => line !== "")) {
      expect(line).toMatch(/^sockeye: .* (could not be read|namespace)/);
    }
    expect((await shell(many!)).status).toBe(0);
    expect(readdirSync(folder)).toContain("web2.json");
    expect(readFileSync(join(folder, "fleet.html"), "utf8")).toContain("127.0.0.1:7500");
    expect((await shell(all!)).status).toBe(0);
    const record = JSON.parse(readFileSync(join(folder, "web1.ndjson"), "utf8").split("\n")[1]!);
    expect(record).toMatchObject({
      verdict: "ok",
      host: { name: expect.any(String), boot_id: expect.any(String) },
    });
    writeFileSync(join(folder, "policy.yaml"), POLICY.replace("7500", "7501"));
    try {
      expect((await shell(all!)).status).toBe(123);
      expect((await shell(one!)).status).toBe(1);
    } finally {
      writeFileSync(join(folder, "policy.yaml"), POLICY);
    }
  });

  testIf(
    firstReason(
      reason,
      Bun.which("ansible-playbook") === null
        ? "there is no ansible-playbook program (package ansible-core)"
        : null,
    ),
    "the Ansible tasks pass a host that complies and fail one that does not",
    async () => {
      const playbook = {
        hosts: "all",
        gather_facts: false,
        connection: "local",
        vars: {
          sockeye_binary: SOCKEYE,
          sockeye_policy: join(folder, "policy.yaml"),
          sockeye_snapshots: folder,
          sockeye_path: join(folder, "installed"),
          sockeye_flags: ["--own-netns"],
        },
        tasks: [{ "ansible.builtin.include_tasks": join(root, "docs/ansible/sockeye_audit.yml") }],
      };
      writeFileSync(join(folder, "play.yml"), JSON.stringify([playbook]));
      const play = () =>
        run(netns.command(["ansible-playbook", "-i", "here,", join(folder, "play.yml")]), {
          cwd: folder,
          timeoutMs: 60_000,
          env: {
            ANSIBLE_LOCALHOST_WARNING: "False",
            ANSIBLE_HOME: join(folder, "ansible"),
            LC_ALL: "C.UTF-8",
            ANSIBLE_NOCOLOR: "1",
          },
        });
      const good = await play();
      const said = new TextDecoder().decode(good.stdout);
      expect(said + good.stderr).toMatch(/here +: ok=\d+ .*failed=0/);
      expect(good.status).toBe(0);
      const snapshot = JSON.parse(readFileSync(join(folder, "here.json"), "utf8"));
      expect(snapshot.schema).toBe("sockeye.snapshot/1");
      writeFileSync(join(folder, "policy.yaml"), POLICY.replace("7500", "7501"));
      const bad = await play();
      expect(bad.status).toBe(2);
      expect(new TextDecoder().decode(bad.stdout)).toMatch(/violation: .*tcp 127\.0\.0\.1:7500/);
    },
    400_000,
  );
});
