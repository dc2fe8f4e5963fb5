/**
 * Reports over snapshots, by the built program; the page in a browser, where there is one.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SnapshotDocument } from "../../src/snapshot/document.ts";
import { owner, PROCESSES_GAP, snapshot, socket } from "../audit/documents.ts";
import { run } from "../support/run.ts";
import { testIf } from "../support/skip.ts";
import { sockeye } from "../support/sockeye.ts";

const HOSTILE =
  '</style><script>document.title="owned"</script><img src=http://127.0.0.1:9/x onerror=document.title=1>\u202e';

function host(
  name: string,
  sockets: Parameters<typeof snapshot>[0],
  parts: Partial<SnapshotDocument> = {},
): SnapshotDocument {
  const base = snapshot(sockets, parts.gaps ?? []);
  return { ...base, ...parts, host: { ...base.host, name, boot_id: `boot-${name}` } };
}

const ssh = socket("0.0.0.0", 22, {
  owners: [owner({ exe: "/usr/sbin/sshd", unit: "ssh.service" })],
});
const HOSTS = [
  host("web2", [ssh, socket("0.0.0.0", 80)]),
  host("web1", [ssh, socket("0.0.0.0", 80, { owners: [owner({ exe: "/usr/sbin/apache2" })] })], {
    gaps: [PROCESSES_GAP],
    complete: false,
  }),
  host("web1", [], { taken_at: "2026-02-01T00:00:00.000Z" }),
  host("db1", [
    ssh,
    socket("127.0.0.1", 5432, { owners: [owner({ exe: HOSTILE, user: HOSTILE, unit: HOSTILE })] }),
  ]),
];

describe("sockeye report", () => {
  let folder: string;
  let files: string[];
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "sockeye-test-"));
    files = HOSTS.map((document, i) => {
      const file = join(folder, `${i}.json`);
      writeFileSync(file, JSON.stringify(document));
      return file;
    });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test("is a table of services and the hosts that have them", () => {
    const ran = sockeye(["report", ...files]);
    expect(ran).toMatchObject({ status: 0, stderr: "" });
    const lines = ran.stdout.split("\n");
    expect(lines[0]).toMatch(/^SERVICE +NETNS +REACH +PROGRAM +USER +UNIT +HOSTS$/);
    const row = (word: string) =>
      lines.filter((line) => line.includes(word)).map((line) => line.split(/ {2,}/).at(-1));
    expect(row("0.0.0.0:22")).toEqual(["all 3"]);
    expect(row("/usr/sbin/nginx")).toEqual(["web2"]);
    expect(row("/usr/sbin/apache2")).toEqual(["web1"]);
    expect(lines.at(-2)).toBe(
      "3 hosts; 4 services; not everything could be read on web1; 1 older snapshot left out",
    );
    expect(ran.stdout).not.toContain("\u202e");
  });

  test("is the same whatever the order of the files", () => {
    for (const format of ["text", "json", "html"]) {
      const args = ["report", "--format", format];
      expect(sockeye([...args, ...files]).stdout).toBe(
        sockeye([...args, ...files.toReversed()]).stdout,
      );
    }
  });

  test("is JSON in which every service says on which hosts it is", () => {
    const { schema, hosts, services } = JSON.parse(sockeye(["report", "--json", ...files]).stdout);
    expect(schema).toBe("sockeye.report/1");
    expect(hosts.map(({ name }: { name: string }) => name)).toEqual(["db1", "web1", "web2"]);
    const found = services.find(({ endpoint }: { endpoint: string }) =>
      endpoint === "tcp 0.0.0.0:22"
    );
    expect(found.hosts).toEqual(
      ["db1", "web1", "web2"].map((name) => ({ name, boot_id: `boot-${name}` })),
    );
    expect(found.exe).toEqual(["/usr/sbin/sshd"]);
  });

  test("is a page that refers to nothing outside, and in which no text is markup", () => {
    const page = sockeye(["report", "--html", ...files]).stdout;
    expect(page.match(/<script>/g)).toHaveLength(1);
    expect(page).not.toMatch(/<(link|img|iframe|object|embed|base)\b/i);
    expect(page).not.toMatch(/<[^>]*\s(src|href|srcset|action)=/i);
    expect(page).toContain("&lt;/style&gt;&lt;script&gt;");
    expect(page).toContain("default-src 'none'");
  });

  const browser = Bun.which("chromium") ?? Bun.which("chromium-browser") ??
    Bun.which("google-chrome");
  testIf(
    browser === null ? "there is no chromium program" : null,
    "opens from disk in a browser, filters, and runs nothing but its own script",
    async () => {
      const page = join(folder, "fleet.html");
      // Alone with the page: nothing is fetched, reported or synchronised.
      const command = [
        browser!,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
        `--user-data-dir=${join(folder, "profile")}`,
        "--virtual-time-budget=1000",
        "--dump-dom",
      ];
      writeFileSync(page, sockeye(["report", "--html", ...files]).stdout);
      const { stdout, status } = await run([
        ...command,
        `file://${page}`,
      ], { timeoutMs: 45_000 });
      expect(status).toBe(0);
      const dom = new TextDecoder().decode(stdout);
      expect(dom).toContain("<title>Sockeye: 3 hosts</title>");
      // The script ran: it wrote this number, and gave no row the attribute.
      expect(dom).toMatch(/<output id="left">4<\/output>/);
      expect(dom.match(/<tr>/g)!.length).toBe(2 + 4 + 3);
      // Its own filter, called with a word by a copy of the page that types it in.
      const typed = readFileSync(page, "utf8").replace(
        'type="search"',
        'type="search" value="apache2"',
      );
      writeFileSync(page, typed);
      const filtered = await run([
        ...command,
        `file://${page}`,
      ], { timeoutMs: 45_000 });
      expect(new TextDecoder().decode(filtered.stdout)).toMatch(/<output id="left">1<\/output>/);
    },
    400_000,
  );

  test("says what is wrong with what it was given", () => {
    expect(sockeye(["report"])).toEqual({
      status: 2,
      stdout: "",
      stderr: "sockeye: report wants snapshots, none was given: sockeye report HOST.json...\n",
    });
    expect(sockeye(["report", "-", "-"]).stderr).toBe(
      "sockeye: standard input can be read once: only one file may be -\n",
    );
    const file = join(folder, "bad.json");
    writeFileSync(file, "{}");
    expect(sockeye(["report", files[0]!, file]).stderr).toBe(
      `sockeye: ${file}: schema is missing\n`,
    );
  });
});
