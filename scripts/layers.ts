/**
 * Which folder may import from which. The table of ARCHITECTURE.md says the same; scripts/check_layers.ts compares.
 *
 * @module
 */

/** What everything may use. `query` is data about the question, `model` about the answer, `text` is bytes and characters. */
export const COMMON = [
  "src/model",
  "src/text",
  "src/query.ts",
  "src/diagnostics.ts",
  "src/version.ts",
];

/** Folder → folders it may import from, beside itself and COMMON. */
export const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  "ffi": [],
  "src/model": ["src/text"],
  "src/text": ["ffi"],
  "src/query.ts": ["src/model", "src/filter"],
  "src/diagnostics.ts": ["ffi", "src/model", "src/text"],
  "src/version.ts": [],
  "src/filter": [],
  "src/netlink": ["ffi"],
  "src/proc": ["ffi"],
  "src/etc": ["ffi"],
  "src/files": ["ffi", "src/proc"],
  "src/bpf": ["ffi", "src/proc"],
  "src/origin": ["ffi", "src/proc", "src/etc", "src/files"],
  "src/store": ["ffi", "src/proc"],
  "src/trace": ["ffi", "src/netlink"],
  "src/families": ["ffi", "src/netlink", "src/proc", "src/filter", "src/store"],
  "src/join": ["ffi", "src/proc", "src/bpf", "src/origin", "src/store"],
  "src/reach": ["ffi", "src/netlink", "src/proc", "src/files"],
  "src/views": ["src/families"],
  "src/snapshot": [
    "ffi",
    "src/netlink",
    "src/proc",
    "src/etc",
    "src/origin",
    "src/files",
    "src/store",
    "src/families",
    "src/filter",
    "src/join",
    "src/reach",
    "src/views",
  ],
  "src/events": ["ffi", "src/bpf", "src/proc", "src/origin", "src/filter"],
  "src/audit": ["src/views", "src/snapshot"],
  "src/commands": [
    "ffi",
    "src/netlink",
    "src/proc",
    "src/etc",
    "src/origin",
    "src/files",
    "src/bpf",
    "src/store",
    "src/families",
    "src/join",
    "src/reach",
    "src/views",
    "src/snapshot",
    "src/audit",
    "src/filter",
  ],
  "src/cli": [
    "src/commands",
    "src/views",
    "src/filter",
    "src/families",
    "src/audit",
    "src/snapshot",
    "src/trace",
  ],
  "src/tools": [
    "ffi",
    "src/netlink",
    "src/proc",
    "src/etc",
    "src/origin",
    "src/files",
    "src/store",
    "src/families",
    "src/filter",
    "src/join",
    "src/snapshot",
    "src/cli",
    "src/trace",
  ],
  "src/program.ts": ["src/cli", "src/tools"],
  "src/bug_report.ts": [],
  "src/main.ts": ["ffi", "src/bug_report.ts", "src/start.ts"],
  "src/start.ts": ["ffi", "src/error_line.ts", "src/program.ts", "src/cli"],
  "src/error_line.ts": [
    "ffi",
    "src/bug_report.ts",
    "src/cli",
    "src/filter",
    "src/netlink",
    "src/snapshot",
  ],
};

/** The one folder that may use packages: nothing of it is loaded on the way to a listing. */
export const MAY_USE_PACKAGES = "src/audit";
