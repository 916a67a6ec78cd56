import { readdirSync, readFileSync, readlinkSync } from "node:fs";

import { isMissing } from "./is-missing.ts";

/** Which end of a connection within 127.0.0.1 is meant, and who may hold it. */
export interface SocketOwnerQuery {
  /** Port at the end whose owner is wanted. */
  readonly localPort: number;
  /** Port at the other end. */
  readonly remotePort: number;
  /** The processes that come into question. */
  readonly pids: readonly number[];
}

/** Which of some processes of ours holds an end of a connection; undefined if none does. */
export function findSocketOwner(query: SocketOwnerQuery): number | undefined {
  const inode = inodeOfSocket(query);
  return inode === undefined ? undefined : query.pids.find((pid) => socketsOf(pid).includes(inode));
}

// One line of the kernel's table is: number, local address, remote address, state, queues, timer,
// retransmits, uid, timeout, inode. An address ends in its port, in hexadecimal. A socket that its
// process has closed has inode 0.
function inodeOfSocket({ localPort, remotePort }: SocketOwnerQuery): string | undefined {
  for (const line of readFileSync("/proc/net/tcp", "utf8").split("\n")) {
    const [, local = "", remote = "", , , , , , , inode = "0"] = line.trim().split(/\s+/);
    const isIt = local.endsWith(hexPort(localPort)) && remote.endsWith(hexPort(remotePort));
    if (isIt && inode !== "0") return inode;
  }
  return undefined;
}

function hexPort(port: number): string {
  return `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
}

function socketsOf(pid: number): readonly (string | undefined)[] {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).map((name) => inodeOf(`${folder}/${name}`));
  } catch (error) {
    if (isMissing(error)) return []; // the process has ended
    throw error;
  }
}

function inodeOf(link: string): string | undefined {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(link))?.[1];
  } catch (error) {
    if (isMissing(error)) return undefined; // closed between the two calls
    throw error;
  }
}
