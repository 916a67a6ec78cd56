import { readFile } from "node:fs/promises";
import { get as getHttp, type IncomingMessage } from "node:http";
import { get as getHttps } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";

import type { EtcdTls } from "./tls.ts";

/** What to wait for. */
export interface HealthOptions {
  readonly endpoint: string;
  readonly tls: EtcdTls | undefined;
  readonly timeoutMs: number;
  /** Gives up when it aborts. */
  readonly signal: AbortSignal;
}

/**
 * Waits until a member serves linearizable reads, which is what etcd's health endpoint tries.
 * Returns undefined when it does, else what went wrong.
 */
export async function waitForHealth(options: HealthOptions): Promise<string | undefined> {
  const { endpoint, tls, timeoutMs, signal } = options;
  // A server's certificate may be one that a test wants to be wrong, so it is not checked here.
  const secrets =
    tls === undefined
      ? {}
      : {
          rejectUnauthorized: false,
          cert: await readFile(tls.client.certFile),
          key: await readFile(tls.client.keyFile),
        };
  const endAtMs = performance.now() + timeoutMs;
  let problem = "";
  while (performance.now() < endAtMs) {
    try {
      const attempt = AbortSignal.any([signal, AbortSignal.timeout(attemptTimeoutMs)]);
      const answer = await fetchText(`${endpoint}/health`, { ...secrets, signal: attempt });
      if (/"health": ?"true"/.test(answer)) return undefined;
      problem = `it says ${answer.trim()}`;
    } catch (error) {
      if (signal.aborted) return "it ended";
      problem = String(error); // not up yet, most likely; if it stays so, this is what is reported
    }
    await sleep(pauseMs);
  }
  return `${problem}, after ${timeoutMs} ms`;
}

const attemptTimeoutMs = 3_000;
const pauseMs = 25;

interface RequestSecrets {
  readonly rejectUnauthorized?: boolean;
  readonly cert?: Buffer;
  readonly key?: Buffer;
  readonly signal: AbortSignal;
}

// Not `fetch`: it can present no client certificate.
async function fetchText(url: string, options: RequestSecrets): Promise<string> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const get = url.startsWith("https:") ? getHttps : getHttp;
    get(url, { ...options, agent: false }, resolve).on("error", reject);
  });
  let text = "";
  for await (const chunk of response.setEncoding("utf8")) text += String(chunk);
  return text;
}
