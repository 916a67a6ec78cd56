import { randomBytes } from "node:crypto";
import { chownSync, readFileSync, writeFileSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { isMissing } from "./is-missing.ts";
import { reservePort } from "./ports.ts";
import { findPostgres, type PostgresPrograms } from "./postgres-programs.ts";
import { runCommand } from "./run-command.ts";
import { createServerFolder, type ServerFolder } from "./server-folder.ts";
import { readLogTail, type ServerProcess, startServerProcess } from "./server-process.ts";

/** A running Postgres on 127.0.0.1, which ends with this process. */
export interface PostgresServer extends AsyncDisposable {
  /** URL with everything that a client needs. */
  readonly connectionString: string;
  readonly host: string;
  readonly port: number;
  readonly database: string;
  /** The superuser. */
  readonly user: string;
  readonly password: string;
  readonly pid: number;
  /** As the server states it, such as `15.18`. */
  readonly version: string;
  readonly logFile: string;
  /** Ends the server and removes its data. May be called again. */
  stop(): Promise<void>;
}

/**
 * Makes a new database and starts a Postgres on it, with its default settings, so it waits for the
 * disk at each commit. Where we are root it runs as user `postgres` or `nobody`, since Postgres
 * refuses to run as root. Throws `MissingServerError` when the program is missing, and an error
 * with its log when it fails.
 */
export async function startPostgres(): Promise<PostgresServer> {
  const programs = await findPostgres();
  const folder = createServerFolder("postgres");
  const reserved = await reservePort();
  const place: Place = {
    programs,
    folder,
    port: reserved.port,
    password: randomBytes(16).toString("hex"),
    dataDir: join(folder.path, "data"),
    logFile: join(folder.path, "postgres.log"),
    user: unprivilegedUser(),
  };
  let server: ServerProcess | undefined;
  const stop = async (): Promise<void> => {
    if (server !== undefined) await end(server);
    reserved.release();
    await folder.remove();
  };
  try {
    await createDatabase(place);
    server = await start(place);
    await ready(place, server);
  } catch (error) {
    await stop();
    throw error;
  }
  const { port, password, logFile } = place;
  return {
    connectionString: `postgres://${superuser}:${password}@${host}:${port}/${superuser}`,
    host,
    port,
    database: superuser,
    user: superuser,
    password,
    pid: server.pid,
    version: programs.version,
    logFile,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

const host = "127.0.0.1";
const superuser = "postgres"; // the database that always exists has the same name
const startTimeoutMs = 30_000;
const stopTimeoutMs = 5_000;

interface Place {
  readonly programs: PostgresPrograms;
  readonly folder: ServerFolder;
  readonly port: number;
  readonly password: string;
  readonly dataDir: string;
  readonly logFile: string;
  readonly user: UnprivilegedUser | undefined;
}

interface UnprivilegedUser {
  readonly uid: number;
  readonly gid: number;
}

async function createDatabase(place: Place): Promise<void> {
  const { programs, folder, dataDir, password, user } = place;
  if (user !== undefined) chownSync(folder.path, user.uid, user.gid);
  const passwordFile = join(folder.path, "password");
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  if (user !== undefined) chownSync(passwordFile, user.uid, user.gid);
  await runCommand({
    program: programs.initdb,
    args: [
      `--pgdata=${dataDir}`,
      `--username=${superuser}`,
      `--pwfile=${passwordFile}`,
      // Every user of the machine reaches the loopback address, and a superuser can run programs
      // as us.
      "--auth=scram-sha-256",
      "--encoding=UTF8",
      "--no-locale",
      "--no-sync", // a crash of the machine ends this database anyway
    ],
    cwd: folder.path,
    env: { ...programs.env, ...folder.marker },
    timeoutMs: startTimeoutMs,
    user,
  });
  await rm(passwordFile);
}

async function start(place: Place): Promise<ServerProcess> {
  const { programs, folder, dataDir, logFile, port, user } = place;
  const settings = {
    port,
    listen_addresses: host,
    unix_socket_directories: "",
    // Shared memory in files of its own folder goes with the folder, also after a SIGKILL.
    dynamic_shared_memory_type: "mmap",
  };
  return await startServerProcess(folder, {
    program: programs.postgres,
    args: [
      "-D",
      dataDir,
      ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
    ],
    env: programs.env,
    logFile,
    user,
  });
}

// What `pg_ctl` waits for: the server writes its state into line 8 of this file.
async function ready(place: Place, server: ServerProcess): Promise<void> {
  const stateFile = join(place.dataDir, "postmaster.pid");
  const endAtMs = performance.now() + startTimeoutMs;
  while (server.running && performance.now() < endAtMs) {
    try {
      const state = (await readFile(stateFile, "utf8")).split("\n")[7]?.trim();
      if (state === "ready") return;
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
    await sleep(10);
  }
  const problem = server.running ? `no answer after ${startTimeoutMs} ms` : "it ended";
  throw new Error(`Postgres did not start: ${problem}\n${await readLogTail(place.logFile)}`);
}

// SIGQUIT ends it at once, but lets it clean up what it has in the kernel.
async function end(server: ServerProcess): Promise<void> {
  server.signal("SIGQUIT");
  const timer = setTimeout(() => server.signal("SIGKILL"), stopTimeoutMs);
  await server.exited;
  clearTimeout(timer);
}

function unprivilegedUser(): UnprivilegedUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const users = new Map(
    readFileSync("/etc/passwd", "utf8")
      .split("\n")
      .map((line) => line.split(":"))
      .map(([name, , uid, gid]) => [name, { uid: Number(uid), gid: Number(gid) }]),
  );
  const user = users.get("postgres") ?? users.get("nobody");
  if (user === undefined) throw new Error("no user `postgres` or `nobody` to run Postgres as");
  return user;
}
