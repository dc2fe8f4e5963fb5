/**
 * Paths of cgroups as runtimes make them.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import {
  cgroupPath,
  containerManagerOf,
  containerOf,
  podOf,
  sessionOf,
  unitManagerOf,
  unitOf,
} from "../../src/origin/cgroup.ts";

const A = "3f4b8c0d9e1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4";
const B = "b4a3921807f6e5d4c3b2a19080f7e6d5c4b3a29180706f5e4d3c2b1a9e8d7c6b";
const UID = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0";
const UNDERSCORES = UID.replaceAll("-", "_");
const TASK = "9781c248a2a54d5c8d9f6a5e4b3c2d1e";

interface Row {
  readonly path: string;
  readonly container: readonly [id: string, runtime: string | null] | null;
  readonly unit?: string | null;
  readonly pod?: string;
}

const TABLE: Readonly<Record<string, Row>> = {
  "docker, cgroupfs driver": { path: `/docker/${A}`, container: [A, "docker"] },
  "docker, systemd driver": {
    path: `/system.slice/docker-${A}.scope`,
    container: [A, "docker"],
    unit: `docker-${A}.scope`,
  },
  "docker, rootless": {
    path: `/user.slice/user-1000.slice/user@1000.service/user.slice/docker-${A}.scope`,
    container: [A, "docker"],
  },
  "docker, with a parent of its own": { path: `/builds/${A}`, container: [A, null] },
  "docker, seen from a cgroup namespace": { path: `/../${A}`, container: [A, null] },
  "docker in docker": { path: `/docker/${A}/docker/${B}`, container: [B, "docker"] },
  "docker's own daemon": {
    path: "/system.slice/docker.service",
    container: null,
    unit: "docker.service",
  },
  "containerd by ctr": { path: `/default/${A}`, container: [A, null] },
  "nerdctl": { path: `/system.slice/nerdctl-${A}.scope`, container: [A, "containerd"] },
  "Kubernetes on containerd, systemd driver": {
    path:
      `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${UNDERSCORES}.slice/cri-containerd-${A}.scope`,
    container: [A, "containerd"],
    pod: UID,
  },
  "Kubernetes on containerd, guaranteed": {
    path: `/kubepods.slice/kubepods-pod${UNDERSCORES}.slice/cri-containerd-${A}.scope`,
    container: [A, "containerd"],
    pod: UID,
  },
  "Kubernetes on containerd, drivers that disagree": {
    path:
      `/system.slice/containerd.service/kubepods-besteffort-pod${UNDERSCORES}.slice:cri-containerd:${A}`,
    container: [A, "containerd"],
    pod: UID,
  },
  "Kubernetes, cgroupfs driver": {
    path: `/kubepods/besteffort/pod${UID}/${A}`,
    container: [A, null],
    pod: UID,
  },
  "Kubernetes, a static pod": {
    path: `/kubepods/burstable/pod${TASK}/${A}`,
    container: [A, null],
    pod: TASK,
  },
  "Kubernetes on docker": {
    path:
      `/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${UNDERSCORES}.slice/docker-${A}.scope`,
    container: [A, "docker"],
    pod: UID,
  },
  "Kubernetes in docker (kind)": {
    path: `/docker/${A}/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/` +
      `kubelet-kubepods-besteffort-pod${UNDERSCORES}.slice/cri-containerd-${B}.scope`,
    container: [B, "containerd"],
    pod: UID,
  },
  "CRI-O, systemd driver": {
    path:
      `/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${UNDERSCORES}.slice/crio-${A}.scope`,
    container: [A, "cri-o"],
    pod: UID,
  },
  "CRI-O, a nested container cgroup": {
    path: `/kubepods.slice/kubepods-pod${UNDERSCORES}.slice/crio-${A}.scope/container`,
    container: [A, "cri-o"],
    pod: UID,
  },
  "CRI-O, cgroupfs driver": {
    path: `/kubepods/besteffort/pod${UID}/crio-${A}`,
    container: [A, "cri-o"],
    pod: UID,
  },
  "CRI-O's monitor": {
    path: `/kubepods.slice/kubepods-pod${UNDERSCORES}.slice/crio-conmon-${A}.scope`,
    container: null,
    pod: UID,
  },
  "podman, root": {
    path: `/machine.slice/libpod-${A}.scope/container`,
    container: [A, "podman"],
    unit: `libpod-${A}.scope`,
  },
  "podman, rootless": {
    path: `/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${A}.scope/container`,
    container: [A, "podman"],
  },
  "podman, cgroupfs driver": { path: `/libpod_parent/libpod-${A}`, container: [A, "podman"] },
  "podman under a unit (quadlet)": {
    path: `/system.slice/web.service/libpod-payload-${A}`,
    container: [A, "podman"],
    unit: "web.service",
  },
  "podman's monitor": { path: `/machine.slice/libpod-conmon-${A}.scope`, container: null },
  "LXC": {
    path: "/lxc.payload.web/system.slice/nginx.service",
    container: ["web", "lxc"],
    unit: "nginx.service",
  },
  "LXC, old": { path: "/lxc/web/system.slice/cron.service", container: ["web", "lxc"] },
  "LXD before 3.19": { path: "/lxc.payload/c1/init.scope", container: ["c1", "lxc"] },
  "Incus, a project's instance": {
    path: "/lxc.payload.dev_c1/init.scope",
    container: ["dev_c1", "lxc"],
  },
  "LXC's monitor": { path: "/lxc.monitor.web", container: null },
  "docker in LXC": { path: `/lxc.payload.web/docker/${A}`, container: [A, "docker"] },
  "nspawn by machinectl": {
    path: "/machine.slice/systemd-nspawn@web.service/payload/system.slice/nginx.service",
    container: ["web", "nspawn"],
    unit: "nginx.service",
  },
  "nspawn from a shell": {
    path: "/machine.slice/machine-web\\x2dfront.scope/payload/init.scope",
    container: ["web-front", "nspawn"],
  },
  "libvirt, a virtual machine": {
    path: "/machine.slice/machine-qemu\\x2d3\\x2dwin.scope/libvirt/emulator",
    container: null,
  },
  "libvirt, LXC": {
    path: "/machine.slice/machine-lxc\\x2d7\\x2dweb.scope",
    container: ["lxc-7-web", "lxc"],
  },
  "ECS": { path: `/ecs/${TASK}/${A}`, container: [A, "ecs"] },
  "ECS, with the cluster": { path: `/ecs/prod/${TASK}/${A}`, container: [A, "ecs"] },
  "ECS on Fargate": {
    path: `/ecs/${TASK}/${TASK}-1234567890`,
    container: [`${TASK}-1234567890`, "ecs"],
  },
  "ECS on cgroup v2": {
    path: `/ecstasks.slice/ecstasks-${TASK}.slice/docker-${A}.scope`,
    container: [A, "docker"],
  },
  "a service": {
    path: "/system.slice/ssh.service",
    container: null,
    unit: "ssh.service",
  },
  "an instance of a template": {
    path: "/system.slice/system-postgresql.slice/postgresql@16-main.service",
    container: null,
    unit: "postgresql@16-main.service",
  },
  "a user's service": {
    path: "/user.slice/user-1000.slice/user@1000.service/app.slice/web.service",
    container: null,
    unit: "web.service",
  },
  "the root": { path: "/", container: null, unit: null },
};

describe("a cgroup path", () => {
  for (const [name, { path, container, unit, pod }] of Object.entries(TABLE)) {
    test(`of ${name} says what it is`, () => {
      const found = containerOf(path);
      expect(found === null ? null : [found.id, found.runtime]).toEqual(
        container === null ? null : [...container],
      );
      if (unit !== undefined) expect(unitOf(path)).toBe(unit);
      expect(podOf(path)).toBe(pod ?? null);
    });
  }

  test("of a session says which", () => {
    const path = "/user.slice/user-1000.slice/session-12.scope";
    expect(sessionOf(path)).toBe("12");
    expect(unitOf(path)).toBe("session-12.scope");
    expect(sessionOf("/user.slice/user-1000.slice/user@1000.service")).toBeNull();
  });
});

describe("who chose a name", () => {
  const api = "api-v1.service";
  test.each([
    [`/system.slice/${api}`, "system", null],
    [`/system.slice/system-api.slice/${api}`, "system", null],
    [`/user.slice/user-1000.slice/user@1000.service/app.slice/${api}`, "user", null],
    ["/user.slice/user-1000.slice/session-3.scope", "user", null],
    // Below a unit that may make groups, with any name it likes.
    [`/system.slice/worker.service/${api}`, "delegated", null],
    [`/system.slice/worker.service/user.slice/${api}`, "delegated", null],
    [`/system.slice/docker-${A}.scope`, "system", "system"],
    [`/system.slice/docker-${A}.scope/system.slice/${api}`, "delegated", "system"],
    [`/docker/${A}`, null, "system"],
    [`/docker/${A}/docker/${A}`, null, "delegated"],
    [`/kubepods/burstable/pod${"0".repeat(32)}/${A}`, null, "system"],
    [`/user.slice/user-1000.slice/user@1000.service/docker-${A}.scope`, "user", "user"],
    [`/system.slice/worker.service/docker-${A}.scope`, "delegated", "delegated"],
    ["/", null, null],
  ])("of %s", (path, unit, container) => {
    expect([unitManagerOf(path), containerManagerOf(path)]).toEqual([unit, container] as never);
  });
});

describe("/proc/PID/cgroup", () => {
  test("the unified hierarchy is the one that counts", () => {
    expect(cgroupPath("4:memory:/docker/x\n1:name=systemd:/a\n0::/system.slice/ssh.service\n"))
      .toBe("/system.slice/ssh.service");
  });

  test("on version 1 it is systemd's, or the one that says most", () => {
    expect(cgroupPath("4:memory:/a/b\n1:name=systemd:/system.slice/x.service\n0::/\n"))
      .toBe("/system.slice/x.service");
    expect(cgroupPath(`9:name=systemd:/\n4:memory:/docker/${A}\n0::/\n`)).toBe(`/docker/${A}`);
    expect(cgroupPath("")).toBeNull();
  });
});
