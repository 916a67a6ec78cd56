/**
 * File systems of one kernel, on which `link`, `rename` and `unlink` are atomic for all processes
 * of the machine. Not here: network file systems, FUSE (what is behind it cannot be told), folders
 * that a virtual machine shares with its host, and file systems without hard links.
 */
const LOCAL: ReadonlyMap<number, string> = new Map([
  [0xef53, "ext2, ext3 or ext4"],
  [0x58465342, "xfs"],
  [0x9123683e, "btrfs"],
  [0xf2f52010, "f2fs"],
  [0x2fc12fc1, "zfs"],
  [0xca451a4e, "bcachefs"],
  [0x01021994, "tmpfs"],
  [0x858458f6, "ramfs"],
  // Its upper folder, which takes all writes, cannot be on a network file system.
  [0x794c7630, "overlayfs"],
]);

const REFUSED: ReadonlyMap<number, string> = new Map([
  [0x6969, "NFS"],
  [0xff534d42, "CIFS (SMB)"],
  [0xfe534d42, "SMB"],
  [0x517b, "SMB"],
  [0x01021997, "9p, shared with another kernel"],
  [0x65735546, "FUSE, or virtiofs"],
  [0x00c36400, "Ceph"],
  [0x5346414f, "AFS"],
  [0x0bd00bd0, "Lustre"],
  [0x47504653, "GPFS"],
  [0x01161970, "GFS2, shared by machines"],
  [0x7461636f, "OCFS2, shared by machines"],
  [0x4d44, "FAT, without hard links"],
  [0x2011bab0, "exFAT, without hard links"],
]);

/** Why a file system of that type cannot hold the store; undefined when it can. */
export function fileSystemFault(type: number): string | undefined {
  // The kernel's number has 32 bits, with or without a sign.
  const magic = type >>> 0;
  if (LOCAL.has(magic)) return undefined;
  return REFUSED.get(magic) ?? `of an unknown type (0x${magic.toString(16)})`;
}
