/**
 * The bill of materials, CycloneDX 1.5: the packages of others that the binaries contain.
 *
 * Made from the lock file and not by `npm sbom`, which takes the runtimes, and libraries that a development tool uses too, for
 * development tools and leaves them out, and which writes a new serial number and the time into every copy. A test
 * checks that both say the same of each package.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Library } from "./one_file/parts.ts";
import type { Target } from "./targets.ts";

interface Entry {
  readonly version: string;
  readonly integrity?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
}

function packages(root: string): [path: string, entry: Entry][] {
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
    packages: Record<string, Entry>;
  };
  return Object.entries(lock.packages);
}

function isBundled(path: string, entry: Entry): boolean {
  return path !== "" && entry.dev !== true && entry.optional !== true;
}

/** Folders of the packages that are part of the program, such as node_modules/js-yaml. */
export function bundledPackages(root: string): string[] {
  return packages(root).flatMap(([path, entry]) => isBundled(path, entry) ? [path] : []);
}

/** The document for the files of some targets, and the libraries in them. */
export async function billOfMaterials(
  root: string,
  version: string,
  targets: readonly Target[],
  libraries: readonly Library[],
): Promise<Record<string, unknown>> {
  const runtimes = new Set(targets.map((target) => target.package));
  const fromNpm = packages(root).flatMap(([path, entry]) => {
    const name = path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
    return isBundled(path, entry) || runtimes.has(name) ? [component(name, entry)] : [];
  });
  const components = [...fromNpm, ...await Promise.all(libraries.map(libraryComponent))];
  const self = `pkg:npm/sockeye@${version}`;
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.5",
    version: 1,
    metadata: {
      component: {
        "bom-ref": self,
        type: "application",
        name: "sockeye",
        version,
        licenses: [{ license: { id: "MIT" } }],
        purl: self,
      },
    },
    components,
    dependencies: [{ ref: self, dependsOn: components.map((component) => component["bom-ref"]) }],
  };
}

/** A library of Debian's, as pkg:deb of the package-URL specification, with the digest of the file that was taken. */
async function libraryComponent(library: Library) {
  const { name, debian, version, architecture, license, file } = library;
  const purl = `pkg:deb/debian/${encodeURIComponent(debian)}@${
    encodeURIComponent(version)
  }?arch=${architecture}`;
  const digest = new Bun.CryptoHasher("sha512").update(await Bun.file(file).bytes()).digest("hex");
  return {
    "bom-ref": purl,
    type: "library",
    name,
    version,
    purl,
    hashes: [{ alg: "SHA-512", content: digest }],
    licenses: license.includes(" ") ? [{ expression: license }] : [{ license: { id: license } }],
  };
}

function component(name: string, entry: Entry) {
  const purl = `pkg:npm/${name.replace("@", "%40")}@${entry.version}`;
  const [algorithm, digest] = entry.integrity?.split(/-(.*)/s) ?? [];
  return {
    "bom-ref": purl,
    type: name.startsWith("@oven/") ? "platform" : "library",
    name,
    version: entry.version,
    purl,
    ...(algorithm === "sha512"
      ? { hashes: [{ alg: "SHA-512", content: Buffer.from(digest!, "base64").toString("hex") }] }
      : {}),
    ...(entry.license === undefined ? {} : { licenses: [{ license: { id: entry.license } }] }),
  };
}
