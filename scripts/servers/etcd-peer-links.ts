import { findSocketOwner } from "./socket-owner.ts";
import { startTcpProxy, type TcpProxy } from "./tcp-proxy.ts";

/** A member, as far as its connections to the others go. */
interface PeerLinkMember {
  readonly name: string;
  readonly pid: number;
}

/** The connections between the members of a cluster, through one proxy in front of each member. */
export interface EtcdPeerLinks {
  /** What the member is to advertise to the others. */
  urlOf(member: string): string;
  isolate(member: string): void;
  rejoin(member: string): Promise<void>;
  close(): Promise<void>;
}

/** How to make {@link EtcdPeerLinks}. */
export interface EtcdPeerLinksOptions {
  /** Where each member listens for the others, by name. */
  readonly targets: ReadonlyMap<string, string>;
  /** The members with their present processes. */
  readonly members: () => readonly PeerLinkMember[];
}

/** Starts a proxy in front of each member. */
export async function openEtcdPeerLinks(options: EtcdPeerLinksOptions): Promise<EtcdPeerLinks> {
  const proxies = new Map<string, TcpProxy>();
  for (const [name, target] of options.targets) {
    proxies.set(name, await startTcpProxy({ target }));
  }
  const isolated = new Set<string>();
  // All members must be told the same address of a member, so the proxy in front of it carries the
  // connections of all the others. Whose one is shows only in which process holds its other end.
  const isCut = (to: string, localPort: number): boolean => {
    if (isolated.has(to)) return true;
    const members = options.members();
    const pids = members.map((member) => member.pid);
    const remotePort = proxies.get(to)?.port ?? 0;
    const pid = findSocketOwner({ localPort, remotePort, pids });
    const from = members.find((member) => member.pid === pid);
    return from !== undefined && isolated.has(from.name);
  };
  const applyCuts = (): void => {
    for (const [name, proxy] of proxies) proxy.cut({ only: (port) => isCut(name, port) });
  };
  return {
    urlOf: (member) => `http://${proxies.get(member)?.address}`,
    isolate(member) {
      isolated.add(member);
      applyCuts();
    },
    async rejoin(member) {
      isolated.delete(member);
      // Healing resets also the connections of members that stay isolated; those are cut anew when
      // they connect again, which they cannot do before this function has returned to the event
      // loop.
      const healed = [...proxies.values()].map((proxy) => proxy.heal());
      if (isolated.size > 0) applyCuts();
      await Promise.all(healed);
    },
    async close() {
      await Promise.all([...proxies.values()].map((proxy) => proxy.close()));
    },
  };
}
