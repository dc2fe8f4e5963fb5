/**
 * Writes doc/sockeye.1 from the flag tables; with --check, compares it and exits 1 when it is out of date.
 */
import { join } from "node:path";
import { manPage } from "../src/cli/man.ts";
import { commandPages, listPage } from "../src/cli/pages.ts";
import { COMMANDS } from "../src/program.ts";

const path = join(import.meta.dir, "../doc/sockeye.1");
const { version } = await Bun.file(join(import.meta.dir, "../package.json")).json();
const page = manPage(version, listPage(), await commandPages(COMMANDS));
if (process.argv.includes("--check")) {
  if (await Bun.file(path).text().catch(() => "") !== page) {
    console.error("doc/sockeye.1 is not what the flag tables say: run scripts/man.ts with bun");
    process.exit(1);
  }
} else {
  await Bun.write(path, page);
}
