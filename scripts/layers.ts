/**
 * Which folder may import from which. The table of ARCHITECTURE.md says the same; scripts/check_layers.ts compares.
 *
 * @module
 */

/** What everything may use. `query` is data about the question, `model` about the answer. */
export const COMMON = ["src/model", "src/query.ts", "src/diagnostics.ts", "src/version.ts"];

/** Folder → folders it may import from, beside itself and COMMON. */
export const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  "ffi": [],
  "src/model": [],
  "src/query.ts": ["src/filter"],
  "src/diagnostics.ts": [],
  "src/version.ts": [],
  "src/filter": [],
  "src/netlink": ["ffi"],
  "src/proc": ["ffi"],
  "src/names": ["ffi"],
  "src/bpf": ["ffi", "src/proc"],
  "src/families": ["ffi", "src/netlink", "src/proc", "src/filter"],
  "src/collect": ["ffi", "src/netlink", "src/proc", "src/families", "src/filter"],
  "src/join": ["ffi", "src/proc", "src/bpf"],
  "src/reach": ["ffi", "src/netlink", "src/proc"],
  "src/views": ["ffi", "src/families", "src/proc"],
  "src/audit": ["src/views"],
  "src/commands": [
    "ffi",
    "src/netlink",
    "src/proc",
    "src/names",
    "src/bpf",
    "src/families",
    "src/collect",
    "src/join",
    "src/reach",
    "src/views",
    "src/audit",
    "src/filter",
  ],
  "src/cli": ["src/commands", "src/views", "src/filter", "src/families", "src/audit", "ffi"],
  "src/bug_report.ts": [],
  "src/main.ts": ["ffi", "src/bug_report.ts", "src/start.ts"],
  "src/start.ts": ["ffi", "src/error_line.ts", "src/cli", "src/views"],
  "src/error_line.ts": [
    "ffi",
    "src/bug_report.ts",
    "src/cli",
    "src/filter",
    "src/netlink",
    "src/views",
  ],
};

/** The one folder that may use packages: nothing of it is loaded on the way to a listing. */
export const MAY_USE_PACKAGES = "src/audit";
