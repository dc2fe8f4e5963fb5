/**
 * Package databases and container files, made up as the managers and runtimes write them.
 *
 * @module
 */
import { Database } from "bun:sqlite";
import { afterAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { containerNames, homesOf } from "../../src/origin/container_names.ts";
import { testIf } from "../support/skip.ts";
import { packageOf } from "../../src/origin/packages.ts";

const made: string[] = [];
afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true });
});

function tree(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), "sockeye-test-"));
  made.push(root);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

const answer = (name: string | null, manager: string | null, lookedUp: boolean) => ({
  name,
  manager,
  lookedUp,
});

describe("the package of a program", () => {
  test("by dpkg, with the architecture cut off, and under the name before /usr was merged", () => {
    const root = tree({
      "var/lib/dpkg/info/nginx.list": "/.\n/usr\n/usr/sbin/nginx\n",
      "var/lib/dpkg/info/libc6:amd64.list": "/.\n/bin\n/bin/true\n",
      "var/lib/dpkg/info/nginx.md5sums": "x  usr/sbin/nginx-other\n",
    });
    expect(packageOf("/usr/sbin/nginx", root)).toEqual(answer("nginx", "dpkg", true));
    expect(packageOf("/usr/bin/true", root)).toEqual(answer("libc6", "dpkg", true));
    expect(packageOf("/usr/sbin/nginx-other", root)).toEqual(answer(null, "dpkg", true));
  });

  test("by dpkg, where another package has taken the name: a diversion", () => {
    const root = tree({
      "var/lib/dpkg/info/linux-base.list": "/.\n/usr/bin/perf\n",
      "var/lib/dpkg/info/linux-perf.list": "/.\n/usr/bin/perf\n",
      "var/lib/dpkg/info/local.list": "/.\n/usr/bin/mine\n",
      "var/lib/dpkg/diversions":
        "/usr/bin/perf\n/usr/bin/perf.wrapper\nlinux-perf\n/usr/bin/mine\n/usr/bin/mine.old\n:\n",
    });
    expect(packageOf("/usr/bin/perf", root).name).toBe("linux-perf");
    expect(packageOf("/usr/bin/perf.wrapper", root).name).toBe("linux-base");
    expect(packageOf("/usr/bin/mine.old", root).name).toBe("local");
  });

  test("by the list that an image without dpkg keeps", () => {
    const root = tree({
      "var/lib/dpkg/status.d/openssl": "Package: openssl\nVersion: 3\n",
      "var/lib/dpkg/status.d/openssl.md5sums": "aa  usr/bin/openssl\nbb  usr/share/x\n",
    });
    expect(packageOf("/usr/bin/openssl", root)).toEqual(answer("openssl", "dpkg", true));
    expect(packageOf("/app", root)).toEqual(answer(null, "dpkg", true));
  });

  testIf(
    existsSync("/var/lib/dpkg/info/coreutils.list") ? null : "dpkg has no coreutils package here",
    "by dpkg as it is here",
    () => {
      expect(packageOf(realpathSync("/bin/ls")).name).toBe("coreutils");
    },
  );

  test("by apk, in the place of newer releases", () => {
    const root = tree({ "usr/lib/apk/db/installed": "P:busybox\nF:usr/bin\nR:busybox\n\n" });
    expect(packageOf("/bin/busybox", root)).toEqual(answer("busybox", "apk", true));
  });

  test("by apk", () => {
    const root = tree({
      "lib/apk/db/installed":
        "P:busybox\nF:bin\nR:busybox\n\nP:nginx\nV:1\nF:usr/sbin\nR:nginx\n\n",
    });
    expect(packageOf("/usr/sbin/nginx", root)).toEqual(answer("nginx", "apk", true));
    expect(packageOf("/usr/bin/busybox", root)).toEqual(answer("busybox", "apk", true));
    expect(packageOf("/bin/nginx", root)).toEqual(answer(null, "apk", true));
  });

  test("by pacman", () => {
    const root = tree({
      "var/lib/pacman/local/gnu-netcat-0.7.1-10/files": "%FILES%\nusr/\nusr/bin/netcat\n",
      "var/lib/pacman/local/ALPM_DB_VERSION": "9\n",
    });
    expect(packageOf("/usr/bin/netcat", root)).toEqual(answer("gnu-netcat", "pacman", true));
  });

  test("by rpm is not looked up, and where there is no database nothing is said", () => {
    expect(packageOf("/usr/sbin/nginx", tree({ "var/lib/rpm/rpmdb.sqlite": "" })))
      .toEqual(answer(null, "rpm", false));
    expect(packageOf("/usr/sbin/nginx", tree({ "etc/x": "" }))).toEqual(answer(null, null, false));
  });
});

describe("the name of a container", () => {
  const id = "3f4b8c0d9e1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4";
  const names = (files: Readonly<Record<string, string>>, runtime: string | null = null) =>
    containerNames({ id, runtime, name: null }, tree(files), [
      { directory: "/home/ann", uid: process.geteuid!() },
    ]);

  test("from docker's configuration", () => {
    const config = { Name: "/web", LogPath: "/x/y-json.log", Config: { Image: "nginx:1" } };
    expect(names({ [`var/lib/docker/containers/${id}/config.v2.json`]: JSON.stringify(config) }))
      .toEqual({
        name: "web",
        pod: null,
        podNamespace: null,
        image: "nginx:1",
        log: "/x/y-json.log",
        unread: null,
      });
  });

  test("from the links that Kubernetes keeps for its logs", () => {
    const file = `var/log/containers/web-7d9_default_nginx-${id}.log`;
    expect(names({ [file]: "" })).toMatchObject({
      name: "nginx",
      pod: "web-7d9",
      podNamespace: "default",
    });
  });

  test("from the annotations of a bundle", () => {
    const config = {
      annotations: {
        "io.kubernetes.cri.container-name": "nginx",
        "io.kubernetes.cri.sandbox-name": "web-1",
        "io.kubernetes.cri.sandbox-namespace": "prod",
      },
    };
    const file = `run/containerd/io.containerd.runtime.v2.task/k8s.io/${id}/config.json`;
    expect(names({ [file]: JSON.stringify(config) }))
      .toMatchObject({ name: "nginx", pod: "web-1", podNamespace: "prod" });
  });

  test("from podman's list, of root and of a user", () => {
    const list = JSON.stringify([{ id: "other", names: ["no"] }, { id, names: ["db"] }]);
    const path = ".local/share/containers/storage/overlay-containers/containers.json";
    expect(names({ "var/lib/containers/storage/overlay-containers/containers.json": list }).name)
      .toBe("db");
    expect(names({ [`home/ann/${path}`]: list }).name).toBe("db");
  });

  test("is not known where files are missing, cut, or of another form", () => {
    expect(names({ "etc/x": "" }).name).toBeNull();
    expect(names({ [`var/lib/docker/containers/${id}/config.v2.json`]: '{"Name": ' }).name)
      .toBeNull();
    expect(names({ [`var/lib/docker/containers/${id}/config.v2.json`]: "[]" }).name).toBeNull();
    expect(names({ [`var/lib/docker/containers/${id}/config.v2.json`]: '{"Config":null}' }).name)
      .toBeNull();
  });

  test("never leaves the folder, whatever the identifier is", () => {
    const root = tree({ "etc/config.v2.json": '{"Name":"/no"}' });
    expect(containerNames({ id: "../../../../etc", runtime: null, name: null }, root).name)
      .toBeNull();
  });
});

describe("rpm's SQLite file", () => {
  /** A header as rpm keeps it: entries of tag, type, offset and count, then the data. */
  function header(name: string, files: readonly string[]): Uint8Array {
    const folders = [...new Set(files.map((file) => `${dirname(file)}/`))];
    const text = (...parts: string[]) =>
      new TextEncoder().encode(parts.map((p) => `${p}\0`).join(""));
    const indexes = new Uint8Array(4 * files.length);
    for (const [i, file] of files.entries()) {
      new DataView(indexes.buffer).setUint32(4 * i, folders.indexOf(`${dirname(file)}/`));
    }
    const parts: [tag: number, data: Uint8Array, count: number][] = [
      [1116, indexes, files.length],
      [1000, text(name), 1],
      [1117, text(...files.map((file) => basename(file))), files.length],
      [1118, text(...folders), folders.length],
    ];
    const size = parts.reduce((sum, [, data]) => sum + data.length, 0);
    const bytes = new Uint8Array(8 + 16 * parts.length + size);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, parts.length);
    view.setUint32(4, size);
    let offset = 0;
    for (const [i, [tag, data, count]] of parts.entries()) {
      for (const [j, word] of [tag, 8, offset, count].entries()) {
        view.setUint32(8 + 16 * i + 4 * j, word);
      }
      bytes.set(data, 8 + 16 * parts.length + offset);
      offset += data.length;
    }
    return bytes;
  }

  function database(): string {
    const root = tree({ "var/lib/rpm/x": "" });
    const database = new Database(join(root, "var/lib/rpm/rpmdb.sqlite"));
    database.run(
      "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)",
    );
    database.run(
      "CREATE TABLE Basenames (key TEXT NOT NULL, hnum INTEGER NOT NULL, idx INTEGER NOT NULL)",
    );
    const insert = database.transaction((name: string, files: readonly string[]) => {
      const { lastInsertRowid } = database.query("INSERT INTO Packages (blob) VALUES (?)")
        .run(header(name, files));
      const line = database.query("INSERT INTO Basenames VALUES (?, ?, ?)");
      for (const [i, file] of files.entries()) line.run(basename(file), lastInsertRowid, i);
    });
    for (let i = 0; i < 40; i++) insert(`filler${i}`, [`/usr/share/filler${i}/nginx`]);
    insert("nginx-core", ["/usr/sbin/nginx", "/etc/nginx/nginx.conf"]);
    // Longer than a page by far: it goes on elsewhere.
    insert("big", Array.from({ length: 3000 }, (_, i) => `/usr/share/big/file-number-${i}`));
    database.close();
    return root;
  }

  test("is read without the library: whose a file is, and whose it is not", () => {
    const root = database();
    expect(packageOf("/usr/sbin/nginx", root)).toEqual(answer("nginx-core", "rpm", true));
    expect(packageOf("/sbin/nginx", root).name).toBe("nginx-core");
    expect(packageOf("/usr/share/big/file-number-2999", root).name).toBe("big");
    expect(packageOf("/usr/share/filler39/nginx", root).name).toBe("filler39");
    expect(packageOf("/opt/nginx", root)).toEqual(answer(null, "rpm", true));
  });

  test("with something in its log is not the whole truth", () => {
    const root = database();
    writeFileSync(join(root, "var/lib/rpm/rpmdb.sqlite-wal"), "x");
    expect(packageOf("/opt/nginx", root)).toEqual(answer(null, "rpm", false));
    expect(packageOf("/usr/sbin/nginx", root).name).toBe("nginx-core");
  });

  test("damaged in any way is not looked into, and never throws", () => {
    const root = database();
    const path = join(root, "var/lib/rpm/rpmdb.sqlite");
    const whole = readFileSync(path);
    const change = fc.record({
      end: fc.oneof(fc.constant(whole.length), fc.nat(whole.length)),
      changes: fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 20 }),
    });
    fc.assert(
      fc.property(change, ({ end, changes }) => {
        const bytes = Buffer.from(whole.subarray(0, end));
        for (const [at, byte] of changes) if (at < end) bytes[at] = byte;
        writeFileSync(path, bytes);
        expect(packageOf("/usr/sbin/nginx", root).manager).toBe("rpm");
      }),
      { numRuns: 200 },
    );
  });

  test("that is a pipe keeps nobody waiting", () => {
    const root = tree({ "var/lib/rpm/x": "" });
    expect(Bun.spawnSync(["mkfifo", join(root, "var/lib/rpm/rpmdb.sqlite")]).success).toBe(true);
    expect(packageOf("/usr/sbin/nginx", root)).toEqual(answer(null, "rpm", false));
  });
});

describe("what strangers put in the place of a database", () => {
  const id = "a".repeat(64);
  const list = ".local/share/containers/storage/overlay-containers/containers.json";
  const uid = process.geteuid!();

  test.each([
    [
      "a link to the kernel's log",
      (path: string) => symlinkSync("/proc/kmsg", path),
      "is a symbolic link",
    ],
    ["a pipe", (path: string) => void Bun.spawnSync(["mkfifo", path]), "is not a regular file"],
    ["a terabyte", (path: string) => {
      writeFileSync(path, "");
      truncateSync(path, 2 ** 40);
    }, "is larger than"],
    ["a directory", (path: string) => void mkdirSync(path), "is not a regular file"],
  ])("%s is not read, and the answer says so", (what, place, reason) => {
    const root = tree({ "var/lib/dpkg/info/b.list": "/usr/bin/b\n", [`home/ann/${list}x`]: "" });
    place(join(root, "var/lib/dpkg/info/a.list"));
    place(join(root, "home/ann", list));
    const { name, lookedUp, unread } = packageOf("/usr/bin/a", root);
    expect({ name, lookedUp }).toEqual({ name: null, lookedUp: false });
    expect(unread).toContain(reason);
    const names = containerNames({ id, runtime: null, name: null }, root, [{
      directory: "/home/ann",
      uid,
    }]);
    expect(names.name).toBeNull();
    // A link is followed here, and the kernel's log is not in this tree.
    if (!what.includes("link")) expect(names.unread).toContain(reason);
  });

  test("a database of another user is not believed", () => {
    const root = tree({ "var/lib/dpkg/info/a.list": "/.\n/usr/bin/a\n" });
    expect(packageOf("/usr/bin/a", root, [uid]).name).toBe("a");
    expect(packageOf("/usr/bin/a", root, [uid + 1])).toMatchObject({ name: null, lookedUp: false });
  });

  test("a home directory's list belongs to its user", () => {
    const root = tree({ [`home/ann/${list}`]: JSON.stringify([{ id, names: ["db"] }]) });
    const name = (of: number) =>
      containerNames({ id, runtime: null, name: null }, root, [{
        directory: "/home/ann",
        uid: of,
      }]);
    expect(name(uid).name).toBe("db");
  });

  test("more than one answer may read is not the whole truth", () => {
    const root = tree({ "var/lib/dpkg/info/x": "" });
    for (let i = 0; i < 20; i++) {
      const path = join(root, `var/lib/dpkg/info/p${i}.list`);
      writeFileSync(path, "");
      truncateSync(path, 15 * 1024 * 1024);
    }
    expect(packageOf("/usr/bin/a", root)).toMatchObject({ name: null, lookedUp: false });
  });

  test("names of users that lead elsewhere are no home", () => {
    expect(homesOf("ann", 5)).toEqual([{ directory: "/home/ann", uid: 5 }]);
    for (const user of ["..", ".", "", "a/b", "../root", "root", null]) {
      expect(homesOf(user, 5)).toEqual([]);
    }
  });
});
