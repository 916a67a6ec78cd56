import { once } from "node:events";
import { parseArgs } from "node:util";

import { startEtcd } from "./etcd.ts";
import { startPostgres } from "./postgres.ts";
import { etcdVersions, findServer, type ServerName, serverNames } from "./programs.ts";

const help = `Gets and starts the real servers that tests, demo and benchmarks run on.

npm run servers -- NAME...        finds each server's program, getting it first if need be
npm run servers -- --start NAME   starts one on 127.0.0.1 and ends it, with its data, at Ctrl-C

NAME is one of:
  etcd           what the machine has, or its Debian packages (three nodes, with --start)
  etcd-newer     that of Debian 13
  etcd-current   the newest release; compiles it with Go, which takes minutes
  postgres       what the machine has, or its Debian packages
  all            all of them

A program is looked for in MANDATE_ETCD, MANDATE_ETCDCTL and MANDATE_POSTGRES, on PATH, in
mandate/servers of your cache folder, and then in Debian's packages, which are unpacked there.
Exit code: 0, 1 when a server is missing or fails, 2 when the command line is wrong.
`;

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  let names: readonly ServerName[];
  let toStart: ServerName | undefined;
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { start: { type: "string" }, help: { type: "boolean", short: "h" } },
    });
    toStart = values.start === undefined ? undefined : parseName(values.start);
    names = positionals.flatMap((name) => (name === "all" ? serverNames : parseName(name)));
    if (values.help === true || (names.length === 0 && toStart === undefined)) {
      process.stdout.write(help);
      return values.help === true ? 0 : 2;
    }
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\nFor help: npm run servers -- --help\n`);
    return 2;
  }
  const complete = await findAll(names);
  if (toStart === undefined) return complete ? 0 : 1;
  try {
    await runUntilSignal(toStart);
    return complete ? 0 : 1;
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`);
    return 1;
  }
}

async function findAll(names: readonly ServerName[]): Promise<boolean> {
  let complete = true;
  for (const name of names) {
    try {
      const { program, version } = await findServer(name, { compile: true });
      process.stdout.write(`${name} ${version}: ${program}\n`);
    } catch (error) {
      process.stderr.write(`${messageOf(error)}\n`);
      complete = false; // the others may be had all the same
    }
  }
  return complete;
}

async function runUntilSignal(name: ServerName): Promise<void> {
  await findServer(name, { compile: true });
  const signal = Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
  const { address, stop } = await start(name);
  process.stdout.write(`${address}\n`);
  await signal;
  await stop();
}

async function start(
  name: ServerName,
): Promise<{ readonly address: string; readonly stop: () => Promise<void> }> {
  if (name === "postgres") {
    const server = await startPostgres();
    return { address: server.connectionString, stop: () => server.stop() };
  }
  const cluster = await startEtcd({ version: etcdVersions[name] });
  return { address: cluster.endpoints.join(","), stop: () => cluster.stop() };
}

function parseName(name: string): ServerName {
  const known = serverNames.find((server) => server === name);
  if (known === undefined) throw new Error(`there is no server ${name}`);
  return known;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
