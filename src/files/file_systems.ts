/**
 * File systems: which of them answer at once.
 *
 * A lookup on FUSE, NFS or autofs waits for another process or machine, which may never answer. The kernel may then not even let the
 * waiting thread be killed, so the process could not end. So such file systems are not asked.
 *
 * @module
 */

/**
 * prompt: the kernel answers by itself, or from a disk. pseudo: its entries are not ordinary files, and reading one may block or
 * consume something (/proc/kmsg). slow: any other.
 */
type Promptness = "prompt" | "pseudo" | "slow";

/** Names as in /proc/filesystems. A type that is not listed here may depend on a network. */
const PROMPT = new Set(
  ("bcachefs btrfs cramfs devtmpfs erofs exfat ext2 ext3 ext4 f2fs hfs hfsplus hugetlbfs iso9660 jffs2 jfs minix msdos " +
    "nilfs2 ntfs3 overlay ramfs reiserfs romfs rootfs squashfs tmpfs ubifs udf vfat xfs zfs").split(
      " ",
    ),
);
const PSEUDO = new Set(
  ("binder binfmt_misc bpf cgroup cgroup2 configfs cpuset debugfs devpts efivarfs fusectl mqueue nfsd nsfs proc pstore " +
    "resctrl rpc_pipefs securityfs selinuxfs smackfs sysfs tracefs").split(" "),
);

/** How a file system of this type answers. */
export function promptnessOf(type: string): Promptness {
  return PROMPT.has(type) ? "prompt" : PSEUDO.has(type) ? "pseudo" : "slow";
}

/**
 * Types that a user without privileges can mount over something slow, in a user namespace of his own: an overlay is as slow as its layers, which mountinfo does not tell.
 */
export function stacks(type: string): boolean {
  return type === "overlay";
}

/** Types that the kernel asks again when a link of /proc leads there (`d_weak_revalidate`); FUSE is not among them. */
export function revalidates(type: string): boolean {
  return type === "9p" || type === "nfs" || type === "nfs4";
}
