/**
 * The help of lsof mode. It consists of plain lines, because the values of lsof's options have too many forms for a table of
 * flags.
 *
 * @module
 */
import { type HelpPage, helpText } from "../../cli/help.ts";

/** The page of `-h`, of the man page and of completions. */
export const HELP: HelpPage = {
  usage: "sockeye lsof [OPTIONS] [--] [NAMES]",
  intro: "Lists open files as lsof 4.95 does: the options about processes and the network.\n" +
    "Different options widen the selection (OR); with -a all of them must fit.",
  flags: [],
  arguments: "files",
  sections: [["Select", [
    "-i [46][PROTO][@HOST][:PORTS]  internet sockets; PROTO is tcp, udp or udplite",
    "-s TCP:[^]STATE,…              only, or not, TCP sockets in these states",
    "-U                             unix sockets",
    "-p [^]PID,…   -g [[^]PGID,…]   processes, process groups",
    "-u [^]USER,…  -c [^]COMMAND    users; commands by their beginning, or /REGEX/[bix]",
    "-d [^]FD,…                     descriptors: numbers, ranges, cwd, rtd, txt, mem, fd",
    "-K [i]                         tasks; with i never",
    "+L N                           files with fewer than N links: +L1 is deleted files",
    "+d DIR  +D DIR                 files in a directory, in a tree; -x [fl] goes further",
    "NAMES                          these files, or file systems by their mount point",
    "-a                             everything asked for must fit",
    "--all-netns                    -i looks into every network namespace (not in lsof)",
  ]], ["Show", [
    "-n -P -l                       numbers for hosts, ports, users",
    "-F [FIELDS]  -F0  -F?          fields for programs; NUL-terminated; their list",
    "-t                             process IDs alone",
    "-R  -g                         parent process, process group",
    "-T [qs]                        queues, states; alone: neither",
    "-s  -o  -o N                   size, offset always; N digits of offsets",
    "+L  +fg  +fG                   link counts; flags by name, in hexadecimal",
    "+c N                           width of the command; 0 for all of it",
    "-E  +E                         who holds the other end; and its files",
    "-r|+r [SECONDS[cN][mFORMAT]]   repeat; with + while there is something",
    "-V  -Q  -w  +w                 name what is missing; missing is no failure; warnings",
    "-X                             no TCP and UDP",
    "-b                             look at no path, which may block: NAMES are not found",
    "--trace                        every netlink message on standard error (not in lsof)",
  ]], ["Names", [
    "Without -n only /etc/hosts is asked, without -P only /etc/services.",
  ]]],
  exit: "0 everything asked for was found, 1 something was not, or an error.",
};

/** The text of `-h`. */
export const lsofHelp = (): string => helpText(HELP);
