import { describe, expect, test } from "bun:test";
import { EACCES, EIO, ENOENT } from "../../ffi/errno.ts";
import { Processes } from "../../src/origin/processes.ts";
import { ProcRoot } from "../../src/proc/root.ts";
import { parsePasswd, Users } from "../../src/etc/users.ts";
import { procTree, statFile } from "../support/proc_tree.ts";

const ENCODER = new TextEncoder();

const text = (bytes: Uint8Array | null) => bytes === null ? null : new TextDecoder().decode(bytes);

describe("Processes", () => {
  test("tells name, program, arguments, user, start, unit and container", () => {
    using tree = procTree({
      "80/stat": statFile(80, "python3", { ppid: 12 }),
      "80/status": "Name:\tpython3\nUid:\t1000\t33\t1000\t1000\n",
      "80/exe": { link: "/usr/bin/python3.11" },
      "80/cmdline": "python3\0-m\0http.server\0",
      "80/cgroup": "0::/system.slice/web.service\n",
      "stat": "cpu 1 2\nbtime 1700000000\n",
      "passwd": "root:x:0:0::/:/bin/sh\nwww-data:x:33:33::/var/www:/bin/false\n",
    });
    const root = new ProcRoot(tree.path);
    const process = new Processes(root, new Users(`${tree.path}/passwd`)).get(80);
    expect(text(process.comm)).toBe("python3");
    expect(text(process.exe)).toBe("/usr/bin/python3.11");
    expect(process.exeDeleted).toBe(false);
    expect(text(process.cmdline)).toBe("python3\0-m\0http.server\0");
    expect([process.ppid, process.uid, process.user]).toEqual([12, 33, "www-data"]);
    expect(process.startTimeMs).toBe(1700000000_000 + 50_000);
    expect([process.unit, process.container]).toEqual(["web.service", null]);
  });

  test("tells a program file that was deleted, and takes the kernel's mark off its path", () => {
    using tree = procTree({
      "80/exe": { link: "/opt/server (deleted)" },
      "81/exe": { link: "/opt/odd (deleted) name" },
    });
    const processes = new Processes(new ProcRoot(tree.path));
    expect(text(processes.get(80).exe)).toBe("/opt/server");
    expect(processes.get(80).exeDeleted).toBe(true);
    expect(text(processes.get(81).exe)).toBe("/opt/odd (deleted) name");
    expect(processes.get(81).exeDeleted).toBe(false);
  });

  test("tells nothing of a process that is gone, and does not fail", () => {
    const process = new Processes(new ProcRoot("/nonexistent")).get(1);
    expect([
      process.comm,
      process.exe,
      process.exeDeleted,
      process.cmdline,
      process.ppid,
      process.uid,
      process.user,
      process.startTimeMs,
      process.unit,
      process.container,
    ]).toEqual(new Array(10).fill(null));
  });

  test("tells which files could not be read, and leaves out those of a process that ended", () => {
    class Failing extends ProcRoot {
      constructor(readonly errno: number, readonly flags = 0) {
        super();
      }
      override read(path: string) {
        const { flags } = this;
        return path.endsWith("/stat")
          ? ENCODER.encode(statFile(80, "nginx", { flags }))
          : -this.errno;
      }
      override link() {
        return -this.errno;
      }
    }
    const unread = (errno: number, passwd = ENOENT) =>
      new Processes(new Failing(errno), new Users("", () => -passwd)).get(80).unread;
    expect(unread(EIO)).toEqual({ cgroup: "EIO", cmdline: "EIO", exe: "EIO", status: "EIO" });
    // A process that could not be read has not ended.
    expect(unread(EACCES)).toMatchObject({ exe: "EACCES" });
    expect(unread(ENOENT)).toEqual({});
    // A thread of the kernel has no program, and its link is refused all the same.
    const PF_KTHREAD = 0x0020_0000;
    expect(new Processes(new Failing(EACCES, PF_KTHREAD)).get(80).unread)
      .toEqual({ cgroup: "EACCES", cmdline: "EACCES", status: "EACCES" });
    expect(new Processes(new ProcRoot(), new Users("", () => -EIO)).get(process.pid).unread)
      .toEqual({ passwd: "EIO" });
    expect(new Processes(new ProcRoot()).get(process.pid).unread).toEqual({});
  });

  test("gives one object a process", () => {
    const processes = new Processes(new ProcRoot());
    expect(processes.get(1)).toBe(processes.get(1));
  });
});

describe("parsePasswd()", () => {
  test("lets the first name of a number win and passes over what is no entry", () => {
    const names = parsePasswd(
      "root:x:0:0:::\ntoor:x:0:0:::\n\n# comment\nbad:x:abc:1:::\nuser:x:7:1:::",
    );
    expect([...names]).toEqual([[0, "root"], [7, "user"]]);
  });
});
