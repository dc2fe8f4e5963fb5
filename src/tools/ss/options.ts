/**
 * Options of ss that say what a row shows.
 *
 * @module
 */

/** What the options asked for. The names are those of the long options. */
export interface SsOptions {
  /** `-n`: numbers instead of service, protocol and process names. */
  readonly numeric: boolean;
  /** `-r`: host names instead of addresses. */
  readonly resolve: boolean;
  /** `-o`, and implied by `-e` and `-b`: timers. */
  readonly options: boolean;
  /** `-e`: uid, inode, cookie. */
  readonly extended: boolean;
  /** `-m`: socket memory. */
  readonly memory: boolean;
  /** `-p`. */
  readonly processes: boolean;
  /** `-T`. */
  readonly threads: boolean;
  /** `-i`: what the protocol tells of itself. */
  readonly info: boolean;
  /** `-b`: filter programs of packet sockets. */
  readonly bpf: boolean;
  readonly tos: boolean;
  readonly cgroup: boolean;
  readonly tipcinfo: boolean;
  readonly inetSockopt: boolean;
  /** `-O`: blanks instead of line breaks within a row. */
  readonly oneline: boolean;
  /** `-Z`: security contexts of processes. */
  readonly context: boolean;
  /** `-z`: security contexts of sockets. */
  readonly contexts: boolean;
}

/** What they are where none was given. */
export const NO_OPTIONS: SsOptions = {
  numeric: false,
  resolve: false,
  options: false,
  extended: false,
  memory: false,
  processes: false,
  threads: false,
  info: false,
  bpf: false,
  tos: false,
  cgroup: false,
  tipcinfo: false,
  inetSockopt: false,
  oneline: false,
  context: false,
  contexts: false,
};
