/**
 * What may differ between the outputs of two binaries although they behave the same. Each rule is one narrow replacement.
 *
 * @module
 */

/** Which binary. */
export type Side = "old" | "new";

/** What one run left; text has one character for each byte. */
export interface Output {
  readonly pid: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number | string;
}

/** A replacement, by name. */
export interface Rule {
  readonly name: string;
  /** The argument lists that it is for; all unless given. */
  readonly only?: (args: readonly string[]) => boolean;
  apply(text: string, pid: number, side: Side): string;
}

const replace = (
  name: string,
  pattern: RegExp,
  by: string,
  only?: (args: readonly string[]) => boolean,
): Rule => ({
  name,
  apply: (text) => text.replace(pattern, by),
  ...only === undefined ? {} : { only },
});

/** What may differ in every pair of runs. */
export const ALWAYS: readonly Rule[] = [
  replace(
    "commit of the build",
    /sockeye (\d+\.\d+\.\d+) \([0-9a-f]{12}(?:-dirty)?\)/g,
    "sockeye $1 (COMMIT)",
  ),
  replace("taken_at", /"taken_at": ?"[^"]*"/g, '"taken_at":"TIME"'),
  replace(
    "the program's own file, which is linked under two names",
    /^sockeye .* txt .*\/sockeye-compare-\w+\/(?:old|new|sockeye)\n/gm,
    "",
    ([name]) => name === "lsof",
  ),
];

const isSs = (args: readonly string[]) => args[0] === "ss";
const isNetstat = (args: readonly string[]) => args[0] === "netstat";

/**
 * What was changed on purpose since commit 2fb4e1d, whose binary the last whole comparison had for the old one. A rule goes when
 * comparisons begin from a commit that has the change.
 */
export const MEANT: readonly Rule[] = [
  replace(
    "inside a PID namespace, listings tell that processes outside are not seen",
    // deno-lint-ignore no-control-regex -- the name of the program may be coloured.
    /^(?:\x1b\[2m)?sockeye:(?:\x1b\[0m)? processes outside this PID namespace are not seen, .*\n/gm,
    "",
  ),
  {
    name: "inside a PID namespace, JSON has a gap",
    apply: (text) =>
      text.replace(
        /\{\s*"kind": ?"processes",\s*"reason": ?"processes outside this PID namespace [^{}]*\},?\s*/g,
        "",
      ).replace(
        /"complete": ?(?:true|false),(\s*)"gaps": ?\[\s*\]/g,
        '"complete":true,$1"gaps":[]',
      ),
  },
  replace(
    "JSON tells who chose the names of unit and container",
    /,\s*"(?:unit_manager|container_manager)": ?(?:null|"\w+")/g,
    "",
  ),
  replace(
    "JSON tells the file of a unix socket",
    /,\s*"device": ?(?:null|"\d+:\d+"),\s*"file_inode": ?(?:null|\d+)/g,
    "",
  ),
  replace(
    "JSON tells the end of tcp_info",
    /,\s*"(?:accecn_fail_mode|accecn_opt_seen)": ?\d+/g,
    "",
  ),
  replace("--verbose names the processes of a gap", /^sockeye: {3}process \d+(?: \(.*\))?\n/gm, ""),
  replace(
    "an audit tells which rules it could not decide, and how often a gap is there",
    /; \d+ rules? (?:is|are) not decidable: .*|,?\s*"undecided": ?\[[^\]]*\](?=,?\s)| \(\d+ times\)$/gm,
    "",
  ),
  replace(
    "an entry that nothing matched allows what was not seen, as far as that is known",
    /allows what (?:is not there|was not seen)/g,
    "allows NOTHING",
  ),
  replace(
    "an audit says what a full queue means for the family, and what would let it see more",
    /(its accept queue is full: |Run as root on the host, so that the missing part can be seen|Let Sockeye see the missing part; )[^"\n]*/g,
    "TEXT",
  ),
  replace(
    "a snapshot tells whether a program is the file that the host has at its path",
    /,\s*"exe_is_host_file": ?(?:null|true|false)/g,
    "",
  ),
  replace(
    "--bind tries SO_REUSEPORT too",
    /\n?\s*"reuse_port": ?(?:null|"\w+"),/g,
    "",
  ),
  replace(
    "JSON tells why something is undecided, what was not read, and sockets in no table",
    /,\s*"(?:because|unread|unlisted|undecided)": ?\[\](?=\s*[}\]])|"(?:(?:because|unread|unlisted|undecided)": ?\[\]|undecided": ?false),\s*/g,
    "",
  ),
  replace(
    "a snapshot tells where the host sees the file of a unix socket",
    /,\s*"host_path": ?(?:null|"(?:[^"\\]|\\.)*")/g,
    "",
  ),
  replace(
    "help of the tools tells which options are refused, and has --trace",
    / \(refused\)$|^ +--trace +.*\n/gm,
    "",
    isTool,
  ),
  replace(
    "lsof shows the bytes from 0x80 to 0x9f as they are",
    /Stra\S+/g,
    "NAME",
    ([name]) => name === "lsof",
  ),
  {
    name: "ss shows bytes of names that cannot be printed as ss does",
    only: isSs,
    apply: (text) =>
      // A name in UTF-8 that turns text around is three bytes and one mark.
      text.replace(
        /(?<=users:\(.*\("|,\(")[^"\n]*(?=",pid=)/g,
        (name) => name.replace(/[^ -~]/g, "?").replaceAll(".", "?"),
      ),
  },
  replace(
    "-i tells the running timer and how long a connection has been silent",
    /^ {4}timer:\w+,\d+ms(?:,\d+)?\n|^( {4})timer:\w+,\d+ms(?:,\d+)? |(?<=^ {4}.*) lastsnd:\S+ lastrcv:\S+ lastack:\S+/gm,
    "$1",
    (args) => !isTool(args),
  ),
];

/** Lists that are not compared, and why: their whole answer was changed on purpose since then, or holds clocks. */
export const NOT_COMPARED: readonly (readonly [commandLine: RegExp, why: string])[] = [
  [/^sockeye --process 'py\*'$/, "--process takes patterns"],
  [/^sockeye explain --bind 127\.0\.0\.1:9100$/, "--bind tries SO_REUSEPORT too"],
  [/^sockeye explain (?:--bind )?nonsense/, "a target may be a unit, a container or a host's name"],
  [
    /^sockeye audit (?!.*(?:--policy|--init|--help|--snapshot))/,
    "inside a PID namespace two rules are not decidable, which every format tells",
  ],
  [/^sockeye audit --init --unix$/, "the YAML library quotes tabs and newlines in another way"],
  [/^sockeye diff (?:snapshot|other)\.json/, "what an old snapshot does not have is undecided"],
  [/^\(nobody\) sockeye explain /, "explain words what it may not see in other terms"],
  [/ sockeye -a -i \(terminal/, "what -i has in addition breaks its lines elsewhere"],
  [/ sockeye ss -tanpe \(terminal/, "a name that turns text around has three marks, not an escape"],
  [/^sockeye ss .*--bpf-map/, "--bpf-maps and --bpf-map-id are refused"],
  [/^sockeye ss -D -$/, "a dump is the kernel's bytes, timers among them"],
  [/^sockeye and$/, "a word that is no filter is looked up among programs, units and services"],
  [
    /^sockeye explain (pid|process|inode):\S+$/,
    "explain words what it did not find by what could be seen",
  ],
];

/** True for the modes that speak another tool's language. */
function isTool([name]: readonly string[]): boolean {
  return name === "ss" || name === "netstat" || name === "lsof";
}

/** What changes between two runs of one binary by nature. Applied one after another, and only where it did change. */
export const RULES: readonly Rule[] = [
  {
    name: "our own process ID",
    apply: (text, pid) => text.replaceAll(new RegExp(`(?<![0-9])${pid}(?![0-9])`, "g"), "PID"),
  },
  replace(
    "time of the run in reports",
    /"(now|time|timestamp|@timestamp|created|startTimeUtc|endTimeUtc|timeUnixNano|observedTimeUnixNano|unixTime|calendarTime)": ?"?[\d:.TZ-]+"?/g,
    '"$1":"TIME"',
  ),
  replace(
    "time of the run in JUnit and Prometheus",
    /(timestamp="|timestamp_seconds )[\d:.TZ-]+/g,
    "$1TIME",
  ),
  replace("expiry of timers in JSON", /"expires_ms": ?\d+/g, '"expires_ms":0'),
  replace(
    "how long connections were busy or quiet, in JSON",
    /"(last_(?:data|ack)_(?:sent|recv)_ms|total_rto_time_ms|(?:busy_time|rwnd_limited|sndbuf_limited)_us)": ?\d+/g,
    '"$1":0',
  ),
  replace(
    "how long connections were busy or quiet",
    /\b(busy|rwnd_limited|sndbuf_limited|lastsnd|lastrcv|lastack):[\d.]+(?:ms|s)?(?:\([\d.]+%\))?/g,
    "$1:0",
  ),
  replace("how long processes have been there", / \(\d+ (?:s|min|h)\)/g, " (AGE)"),
  replace(
    "open files of the machine",
    /owners: by \/proc, not BPF: (?:\d+ open files are too few|the processes in sight have too few descriptors) for it to pay/g,
    "owners: by /proc, not BPF: TOO FEW",
  ),
  {
    name: "files of the two binaries and of the comparing program, which lsof lists too",
    only: (args) => args[0] === "lsof",
    apply: (text) =>
      text.replaceAll(new RegExp(`^(?:sockeye +PID|\\S+ +${process.pid}) .*\\n`, "gm"), ""),
  },
  replace("timers of ss", /timer:\((\w+),[^,)]*,/g, "timer:($1,TIME,", isSs),
  replace(
    "how long MPTCP connections were quiet",
    /\blast_(data_sent|data_recv|ack_recv):\d+/g,
    "last_$1:0",
  ),
  replace(
    "connections that send again",
    /\b(rto|backoff|segs_out|segs_in|data_segs_out|bytes_sent|bytes_retrans|retrans|unacked|lost|rto_timeouts):[\d./]+(?:ms|KB|B)?/g,
    "$1:0",
  ),
  replace("blanks behind a timer of ss", / +$/gm, "", isSs),
  replace("timers of netstat", /\((-?[\d.]+)\/(\d+)\/(\d+)\)/g, "(TIME/$2/$3)", isNetstat),
];
