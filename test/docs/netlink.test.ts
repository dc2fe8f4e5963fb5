/**
 * The examples of docs/netlink.md, run as they stand there: another protocol than sock_diag each, and the same answer as
 * iproute2's.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as netlink from "../../src/netlink/mod.ts";
import { testIf } from "../support/skip.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const page = readFileSync(join(root, "docs/netlink.md"), "utf8");
const examples = new Map(
  [...page.matchAll(/^```ts\n\/\/ (\S+)\n([^]*?)^```$/gm)].map(([, name, code]) => [name!, code!]),
);
const needs = (program: string): string | null =>
  Bun.which(program) === null ? `there is no ${program} program` : null;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sockeye-netlink-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Lines that an example prints. It must print no errors. */
function run(name: string): string[] {
  const path = join(folder, name);
  writeFileSync(path, examples.get(name)!.replace('from "./src/', `from "${root}src/`));
  const { stdout, stderr, exitCode } = Bun.spawnSync([process.execPath, path]);
  expect({ stderr: stderr.toString(), exitCode }).toEqual({ stderr: "", exitCode: 0 });
  return stdout.toString().trimEnd().split("\n");
}

describe("docs/netlink.md", () => {
  test("has no other examples than these", () => {
    expect([...examples.keys()]).toEqual(["links.ts", "families.ts", "refusal.ts"]);
    expect(page.match(/^```ts$/gm)).toHaveLength(3);
  });

  testIf(needs("ip"), "lists the interfaces that ip lists", () => {
    const ip = Bun.spawnSync(["ip", "-json", "link", "show"]).stdout.toString();
    const links = JSON.parse(ip) as { ifindex: number; ifname: string; mtu: number }[];
    expect(run("links.ts")).toEqual(
      links.map(({ ifindex, ifname, mtu }) => `${ifindex}: ${ifname} mtu ${mtu}`),
    );
  });

  testIf(needs("genl"), "lists the families and groups that genl lists", () => {
    const text = Bun.spawnSync(["genl", "ctrl", "list"]).stdout.toString();
    const families = text.split(/^Name: /m).slice(1).map((family) => {
      const [, name, id] = /^(\S+)\n\s*ID: 0x([0-9a-f]+)/.exec(family)!;
      const groups = [...family.matchAll(/ name: (\S+)/g)].map(([, group]) => group);
      return `${parseInt(id!, 16)} ${name}: ${groups.join(" ") || "-"}`;
    });
    expect(families.length).toBeGreaterThan(0);
    expect(run("families.ts")).toEqual(families);
  });

  test("gets the refusal that it shows", () => {
    const shown = /It prints\n\n```\n([^]*?)\n```/.exec(page)![1]!;
    expect(run("refusal.ts").join("\n")).toBe(shown);
  });

  test("names what the library exports", () => {
    const table = page.slice(page.indexOf("| what"), page.indexOf("Every example"));
    const names = [...table.matchAll(/^\| +(.*?) +\|/gm)].flatMap(([, cell]) =>
      [...cell!.matchAll(/`(\w+)/g)].map(([, name]) => name!)
    );
    expect(names).toContain("Connection");
    // A type has no value to find.
    expect(names.filter((name) => name !== "NetlinkSocket" && !(name in netlink))).toEqual([]);
  });
});
