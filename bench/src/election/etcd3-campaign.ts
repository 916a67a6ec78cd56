import type { Campaign, Election, Etcd3 } from "etcd3";

/** The reference, as it is shown. */
export const etcd3Name = "npm etcd3 1.1.2";

/** Its client. Loaded only where it is used: it costs more memory than what it is compared with. */
export async function openEtcd3(endpoint: string): Promise<Etcd3> {
  const { Etcd3 } = await import("etcd3");
  return new Etcd3({ hosts: endpoint });
}

/** Stands in an election by npm etcd3. Resolves when it leads. */
export async function campaignEtcd3(election: Election): Promise<Campaign> {
  const campaign = election.campaign("bench");
  await untilElected(campaign);
  return campaign;
}

/** Resolves when the campaign has won. */
export function untilElected(campaign: Campaign): Promise<void> {
  return new Promise((resolve, reject) => {
    campaign.once("elected", () => resolve());
    campaign.once("error", reject);
  });
}
