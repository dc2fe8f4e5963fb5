/**
 * Writes schema/policy-1.json from src/audit/policy_schema.ts. With --check, says whether the file is as it should be.
 */
import { toJsonSchema } from "@valibot/to-json-schema";
import { join } from "node:path";
import { policySchema } from "../src/audit/policy_schema.ts";

const path = join(import.meta.dir, "../schema/policy-1.json");

/** The JSON Schema of a policy, as text. */
export function policyJsonSchema(): string {
  const schema = toJsonSchema(policySchema, { target: "draft-2020-12" });
  const head = {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $id: "sockeye.policy/1",
    title: "Sockeye policy, version 1",
    description:
      "Which services may be there: what sockeye audit --policy reads. What no entry allows is a violation.",
  };
  return `${JSON.stringify({ ...schema, ...head }, null, 2)}\n`;
}

if (import.meta.main) {
  if (process.argv.includes("--check")) {
    const same = await Bun.file(path).text() === policyJsonSchema();
    console.log(
      same
        ? "schema/policy-1.json is up to date"
        : "schema/policy-1.json is not what the source says",
    );
    process.exit(same ? 0 : 1);
  }
  await Bun.write(path, policyJsonSchema());
}
