/**
 * Features: what this kernel, and this user's rights on it, offer beyond tables of sockets. Each is tried, since neither the
 * version of a kernel nor a capability tells whether a call works.
 *
 * @module
 */
import { EINVAL, errnoName, errnoText } from "../../../ffi/errno.ts";
import {
  AT_FDCWD,
  close,
  O_PATH,
  RESOLVE_CACHED,
  RESOLVE_IN_ROOT,
  tryOpenResolved,
} from "../../../ffi/files.ts";
import { cString } from "../../../ffi/memory.ts";
import {
  sharesFiles,
  tryCopyFrom,
  tryOpenProcess,
  trySignalProcess,
} from "../../../ffi/process.ts";
import {
  AF_UNIX,
  SOCK_STREAM,
  socket,
  tryGetNamespaceCookie,
  tryOpenSocketNamespace,
} from "../../../ffi/socket.ts";
import { statxWorks, tryStatAt } from "../../../ffi/stat.ts";
import { OwnerIterator } from "../../bpf/owner_iterator.ts";
import { type HookTrial, tryRung } from "../../events/kernel/watch.ts";
import { PerfWatch } from "../../events/perf/watch.ts";
import type { FeatureCheck } from "../../model/checkup.ts";
import type { ProcRoot } from "../../proc/root.ts";
import { readDnatRules } from "../../reach/dnat.ts";

/** What follows where something is missing, after "then". */
const WITHOUT = {
  statx: "the older newfstatat is called",
  mountId: "the ID of a mount is read from fdinfo",
  openat2: "paths of other users' files are walked part by part",
  cached: "paths of other users' files are walked part by part",
  pidfdOpen: "kill refuses, and no descriptor of another process is looked at more closely",
  pidfdSignal: "kill refuses",
  pidfdGetfd:
    "the network namespace and the file of a socket are taken from its process and its name",
  kcmp: "threads are taken to share the descriptors of their process, unless they look different",
  socketNamespace: "a socket is taken to be in the network namespace of its process",
  cookie: "every such socket is asked for its namespace, which takes longer",
  owners: "owners are gathered from /proc, which takes longer",
  firewall: "forwarded ports are not told, or not all of them",
};

const REFUSED = "the call is not there or not permitted";

/** Tries everything. Nothing is attached, signalled or changed. */
export function checkFeatures(root: ProcRoot): FeatureCheck[] {
  return [...calls(), ...sockets(), owners(), ...hooks(root), firewall(root)];
}

/** A feature by the result of a call: a negated errno is why it is not there. */
function byResult(
  group: FeatureCheck["group"],
  name: string,
  result: number,
  without: string,
): FeatureCheck {
  const reason = result < 0 ? `${errnoText(-result)} (${errnoName(-result)})` : null;
  return feature(group, name, reason, without);
}

function calls(): FeatureCheck[] {
  const resolved = (flags: number) => {
    const fd = tryOpenResolved(AT_FDCWD, cString("/"), O_PATH, RESOLVE_IN_ROOT | flags);
    if (fd >= 0) close(fd);
    return fd;
  };
  const of = (name: string, result: number, without: string) =>
    byResult("calls", name, result, without);
  const root = tryStatAt(AT_FDCWD, cString("/"));
  const process = tryOpenProcess(globalThis.process.pid);
  try {
    const copy = process < 0 ? process : tryCopyFrom(process, process);
    if (copy >= 0) close(copy);
    const compares = sharesFiles(globalThis.process.pid, globalThis.process.pid);
    return [
      feature("calls", "statx()", statxWorks() ? null : REFUSED, WITHOUT.statx),
      feature(
        "calls",
        "statx() with the mount",
        typeof root !== "number" && root.mountId !== null ? null : "it came with Linux 5.8",
        WITHOUT.mountId,
      ),
      of("openat2()", resolved(0), WITHOUT.openat2),
      cachedLookup(resolved(RESOLVE_CACHED)),
      of("pidfd_open()", process, WITHOUT.pidfdOpen),
      // Signal 0 is none: only the right to send one is examined.
      of(
        "pidfd_send_signal()",
        process < 0 ? process : trySignalProcess(process, 0),
        WITHOUT.pidfdSignal,
      ),
      of("pidfd_getfd()", copy, WITHOUT.pidfdGetfd),
      feature("calls", "kcmp()", compares === true ? null : REFUSED, WITHOUT.kcmp),
    ];
  } finally {
    if (process >= 0) close(process);
  }
}

function cachedLookup(result: number): FeatureCheck {
  const name = "openat2() from memory alone";
  return result === -EINVAL
    ? feature("calls", name, "it came with Linux 5.12", WITHOUT.cached)
    : byResult("calls", name, result, WITHOUT.cached);
}

/** A feature that is there if `reason` is null. */
function feature(
  group: FeatureCheck["group"],
  name: string,
  reason: string | null,
  without: string,
): FeatureCheck {
  return { group, name, usable: reason === null, reason, without };
}

function sockets(): FeatureCheck[] {
  const fd = socket(AF_UNIX, SOCK_STREAM, 0);
  try {
    const namespace = tryOpenSocketNamespace(fd);
    if (namespace >= 0) close(namespace);
    const cookie = tryGetNamespaceCookie(fd) === null ? "it came with Linux 5.14" : null;
    return [
      byResult("calls", "network namespace of a socket", namespace, WITHOUT.socketNamespace),
      feature("calls", "cookie of a network namespace", cookie, WITHOUT.cookie),
    ];
  } finally {
    close(fd);
  }
}

function owners(): FeatureCheck {
  const opened = OwnerIterator.open("reader", { cookies: true });
  if (opened.ok) opened.value[Symbol.dispose]();
  return feature("owners", "owners by BPF", opened.ok ? null : opened.reason, WITHOUT.owners);
}

/** The rungs that programs in the kernel make, and what a person calls them. */
const RUNG_NAMES = [
  ["all", "hooks and tracepoints", "watch sees by tracepoints alone"],
  ["tracepoints", "tracepoints alone", "watch sees by hooks alone"],
  ["cgroup", "hooks alone", "watch sees by samples of tracepoints"],
] as const;

/** The programs of `watch` by rung, down to the first that loads whole. */
function hooks(root: ProcRoot): FeatureCheck[] {
  const features: FeatureCheck[] = [];
  for (const [rung, name, without] of RUNG_NAMES) {
    const tried = tryRung(rung, root);
    const trials = tried.ok ? tried.value.hooks : [];
    const reason = tried.ok ? whatStops(trials) : tried.reason;
    features.push(feature("watch", name, reason, without));
    if (!tried.ok) continue;
    for (const trial of trials) features.push(ofHook(trial, without));
    for (const { name, reason, otherwise } of tried.value.absent) {
      features.push(feature("watch", name, reason, `watch does not see ${otherwise}`));
    }
    if (reason === null) return features;
  }
  const samples = PerfWatch.open();
  if (samples.ok) samples.value[Symbol.dispose]();
  features.push(
    feature(
      "watch",
      "samples of tracepoints",
      samples.ok ? null : samples.reason,
      "watch looks at the sockets again and again",
    ),
  );
  return features;
}

function whatStops(trials: readonly HookTrial[]): string | null {
  return trials.find(({ needed, reason }) => needed && reason !== null)?.reason ?? null;
}

function ofHook({ name, reason, otherwise, needed }: HookTrial, rung: string): FeatureCheck {
  return feature("watch", name, reason, needed ? rung : `watch does not see ${otherwise}`);
}

function firewall(root: ProcRoot): FeatureCheck {
  const name = "firewall rules that forward ports";
  const rules = readDnatRules(root);
  const reason = rules === null
    ? "it takes CAP_NET_ADMIN"
    : rules.complete
    ? null
    : "there are rules that Sockeye does not understand or cannot read";
  return feature("firewall", name, reason, WITHOUT.firewall);
}
