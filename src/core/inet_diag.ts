/**
 * Attributes of an inet_diag reply, by the kernel's names: INET_DIAG_* of include/uapi/linux/inet_diag.h, as of Linux 6.18.
 *
 * @module
 */

// One of the first eight is asked for by bit `1 << (number - 1)` of `idiag_ext`.
export const INET_DIAG_MEMINFO: u32 = 1;
export const INET_DIAG_INFO: u32 = 2;
export const INET_DIAG_VEGASINFO: u32 = 3;
export const INET_DIAG_CONG: u32 = 4;
export const INET_DIAG_TOS: u32 = 5;
export const INET_DIAG_TCLASS: u32 = 6;
export const INET_DIAG_SKMEMINFO: u32 = 7;
export const INET_DIAG_SHUTDOWN: u32 = 8;
export const INET_DIAG_DCTCPINFO: u32 = 9;
export const INET_DIAG_PROTOCOL: u32 = 10;
export const INET_DIAG_SKV6ONLY: u32 = 11;
export const INET_DIAG_LOCALS: u32 = 12;
export const INET_DIAG_PEERS: u32 = 13;
export const INET_DIAG_PAD: u32 = 14;
export const INET_DIAG_MARK: u32 = 15;
export const INET_DIAG_BBRINFO: u32 = 16;
export const INET_DIAG_CLASS_ID: u32 = 17;
export const INET_DIAG_MD5SIG: u32 = 18;
export const INET_DIAG_ULP_INFO: u32 = 19;
export const INET_DIAG_SK_BPF_STORAGES: u32 = 20;
export const INET_DIAG_CGROUP_ID: u32 = 21;
export const INET_DIAG_SOCKOPT: u32 = 22;
