/**
 * The schema of a policy file. scripts/policy_schema.ts makes schema/policy-1.json from it, and a test compares them.
 *
 * The message of each part says what is wanted.
 *
 * @module
 */
import * as v from "valibot";
import { POLICY_CHECKS, POLICY_REACH, POLICY_SCHEMA, POLICY_TRANSPORTS } from "./policy.ts";

const oneOf = <const T extends readonly string[]>(values: T) =>
  v.picklist(values, `one of ${values.join(", ")}`);
const text = v.pipe(v.string("a text"), v.minLength(1, "a text that is not empty"));
const oneOrMore = <T extends v.GenericSchema>(item: T, wanted: string) =>
  v.union(
    [item, v.pipe(v.array(item), v.minLength(1, `${wanted}, or a list of them`))],
    `${wanted}, or a list of them`,
  );

const number = (last: number, wanted: string) =>
  v.pipe(
    v.number(wanted),
    v.integer(wanted),
    v.minValue(0, wanted),
    v.maxValue(last, wanted),
  );

const PORT_WANTED = 'a port (443), a range ("8000-8099"), or ephemeral';
const port = v.union([
  number(65535, PORT_WANTED),
  v.pipe(v.string(), v.regex(/^(ephemeral|\d{1,5}(-\d{1,5})?)$/, PORT_WANTED)),
], PORT_WANTED);
const pattern = oneOrMore(text, "a text or a pattern with *");
const user = v.union([
  text,
  number(0xffffffff, "a user's name or number"),
], "a user's name or number");
const protocol = number(255, "an IP protocol, 0 to 255");

const described = <T extends v.GenericSchema>(schema: T, description: string) =>
  v.optional(v.pipe(schema, v.description(description)));

/** One entry. */
const entrySchema = v.strictObject({
  name: described(text, "What to call it in results. Without one it is called by its place."),
  expect: described(
    oneOf(["required", "allowed"]),
    "required: it has to be there. allowed (without this key): it may.",
  ),
  transport: described(
    oneOrMore(oneOf(POLICY_TRANSPORTS), `one of ${POLICY_TRANSPORTS.join(", ")}`),
    "Without this key: any.",
  ),
  port: described(
    oneOrMore(port, PORT_WANTED),
    "Local port. ephemeral: one that the kernel picked.",
  ),
  family: described(
    oneOf(["inet", "inet6", "dual"]),
    "The version of IP it has to take part in. A dual-stack socket takes part in both; dual asks for that.",
  ),
  address: described(
    oneOrMore(text, "an address"),
    "The address it is bound to. A socket on all addresses where one is named is too exposed.",
  ),
  interface: described(oneOrMore(text, "an interface"), "The device it is bound to."),
  reach: described(oneOf(POLICY_REACH), "How far it may be reached at most."),
  netns: described(
    v.pipe(
      v.string("host, container, any or name:NAME"),
      v.regex(/^(host|container|any|name:.+)$/, "host, container, any or name:NAME"),
    ),
    "Network namespace. host (without this key): the one sockeye runs in; container: any other.",
  ),
  path: described(pattern, "Path of a unix socket, or @ and its abstract name."),
  protocol: described(
    oneOrMore(protocol, "an IP protocol, 0 to 255"),
    "IP protocol of a raw socket.",
  ),
  exe: described(pattern, "Program file. Every owner has to match."),
  unit: described(
    pattern,
    "Unit of the system's service manager. Every owner has to match.",
  ),
  user_unit: described(
    pattern,
    "Unit below user.slice, which its user can name as he likes. Beside unit: either may fit.",
  ),
  user: described(
    oneOrMore(user, "a user's name or number"),
    "Effective user. Every owner has to match.",
  ),
  container: described(
    v.strictObject({
      name: described(pattern, "What it is called. Undecidable where that is not known."),
      image: described(pattern, "What it was made from. Undecidable where that is not known."),
      runtime: described(
        pattern,
        "docker, containerd, cri-o, podman, lxc, nspawn, ecs. Undecidable where it is not known.",
      ),
    }, "a map of name, image, runtime"),
    "Container. Every process that holds the socket has to be in one that fits.",
  ),
  kernel: described(
    v.literal(true, "true"),
    "The kernel itself holds it, such as WireGuard and NFS.",
  ),
  reason: described(text, "Why it is needed: for people."),
  expires: described(
    v.pipe(v.string("a day such as 2026-12-31"), v.isoDate("a day such as 2026-12-31")),
    "The last day on which the entry is in force.",
  ),
}, "a map with the keys of an entry");

/** The key `settings`. */
const settingsSchema = v.strictObject({
  check: described(
    v.pipe(v.array(oneOf(POLICY_CHECKS), "a list"), v.minLength(1, "a list that is not empty")),
    "Kinds of socket that are checked. Without this key: internet and packet.",
  ),
  undecidable: described(
    oneOf(["fail", "accept"]),
    "What to do about a service whose owner could not be read. fail (without this key): status 3.",
  ),
  ephemeral_udp: described(
    oneOf(["collapse", "check"]),
    "UDP sockets on ports that the kernel picked and no entry names. collapse (without this key): counted by program.",
  ),
  unseen_holders: described(
    oneOf(["accept", "undecidable"]),
    "What to do about a service whose known owners match while other processes could not be read. accept without this key.",
  ),
  unseen_parts: described(
    oneOf(["accept", "undecidable"]),
    "Network namespaces and tables that could not be read, and may hold what is not allowed. undecidable without this key.",
  ),
}, "a map of settings");

/** A policy file. */
export const policySchema = v.strictObject({
  schema: v.pipe(
    v.literal(POLICY_SCHEMA, POLICY_SCHEMA),
    v.description("Name and version of the format."),
  ),
  description: described(text, "What the policy is about: for people."),
  settings: described(settingsSchema, "What holds for every entry, and for what no entry names."),
  listeners: v.pipe(
    v.array(entrySchema, "a list of entries"),
    v.description("What may be there. Everything else may not."),
  ),
}, "a map with schema and listeners");

/** An entry as it is in the file. */
export type EntryInput = v.InferOutput<typeof entrySchema>;
/** The content of a file. */
export type PolicyInput = v.InferOutput<typeof policySchema>;

/** The allowed keys of each part, for the message about an unknown key. */
export const KEYS = {
  top: Object.keys(policySchema.entries),
  settings: Object.keys(settingsSchema.entries),
  entry: Object.keys(entrySchema.entries),
  container: ["name", "image", "runtime"],
} as const;
