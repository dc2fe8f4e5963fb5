/** What a bare word names on a host. */
import { expect, test } from "bun:test";
import { lookUpWord } from "../../../src/commands/explain/word.ts";
import { Services } from "../../../src/etc/services.ts";
import { ProcRoot } from "../../../src/proc/root.ts";
import { procTree, statFile } from "../../support/proc_tree.ts";

const ID = "3f4b8c0d9e1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4";

test("is a program, else a unit, else a container, else a service, else nothing", () => {
  using tree = procTree({
    "80/stat": statFile(80, "nginx"),
    "80/cgroup": "0::/system.slice/web.service\n",
    "90/stat": statFile(90, "main"),
    "90/cgroup": `0::/system.slice/docker-${ID}.scope\n`,
  });
  const services = new Services("/there/is/none");
  const found = (word: string) => lookUpWord(word, new ProcRoot(tree.path), services);
  expect(found("nginx").target).toEqual({ kind: "process", text: "nginx", name: "nginx" });
  expect(found("ngin*").target).toMatchObject({ kind: "process" });
  expect(found("web").target).toEqual({ kind: "unit", text: "web", unit: "web.service" });
  expect(found(ID.slice(0, 12)).target).toMatchObject({ kind: "container" });
  expect(found("https").target).toMatchObject({ kind: "port", port: 443 });
  expect(found("nosuch")).toEqual({ target: null, near: undefined });
  expect(found("ngnix")).toEqual({ target: null, near: "nginx" });
});
