import { describe, expect, test } from "bun:test";
import { stablePath } from "../../src/snapshot/stable_path.ts";
import { owner } from "../audit/documents.ts";

const of = (path: string, ...pids: number[]) => stablePath(path, pids.map((pid) => owner({ pid })));

describe("stablePath()", () => {
  test("takes out process IDs of owners, and no other numbers", () => {
    expect(of("/run/agent.4711.sock", 4711)).toBe("/run/agent.PID.sock");
    expect(of("/run/agent.4711.sock", 4712)).toBe("/run/agent.4711.sock");
    expect(of("/run/agent.4711.sock")).toBe("/run/agent.4711.sock");
    expect(of("/run/agent.47110", 4711)).toBe("/run/agent.47110");
  });

  test("leaves instances alone that an owner happens to be numbered like", () => {
    // systemd holds sockets that it starts services for, and is process 1.
    expect(of("/run/app-1/a1.sock", 1)).toBe("/run/app-1/a1.sock");
    expect(of("/tmp/.X11-unix/X42", 42)).toBe("/tmp/.X11-unix/X42");
  });

  test.each([
    ["@/tmp/dbus-AbC123xyZ0", "@/tmp/dbus-RANDOM"],
    ["/tmp/dbus-GVYXk5Kdkm", "/tmp/dbus-RANDOM"],
    ["/tmp/ssh-XXabcDEF1234/agent.4711", "/tmp/ssh-RANDOM/agent.PID"],
    ["/tmp/tmp.q8XmCk1e2R/socket", "/tmp/tmp.RANDOM/socket"],
    ["/tmp/tmpab12_xyz/s", "/tmp/tmpRANDOM/s"],
    [`/run/containerd/s/${"0a".repeat(32)}`, "/run/containerd/s/RANDOM"],
    [
      "/run/user/0/vscode-ipc-0a1b2c3d-0000-4000-8000-00000000000f.sock",
      "/run/user/0/vscode-ipc-RANDOM.sock",
    ],
    ["@userdb-0123456789abcdef0123456789abcdef", "@userdb-RANDOM"],
  ])("%s is %s", (path, stable) => {
    expect(of(path)).toBe(stable);
  });

  test.each([
    "/run/dbus/system_bus_socket",
    "/run/dbus-broker/socket",
    "/run/user/1000/bus",
    "/tmp/ssh-agent/agent",
    "/run/postgresql/.s.PGSQL.5432",
    "/run/deadbeefdeadbeef.sock",
    "/var/lib/template/x",
    "/run/tmpfiles/x",
    "/run/docker.sock",
  ])("%s stays as it is", (path) => {
    expect(of(path)).toBe(path);
  });
});
