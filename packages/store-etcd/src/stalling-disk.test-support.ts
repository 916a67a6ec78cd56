import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** An etcd whose members' disks can be made to hang. */
export interface StallingDisk extends Disposable {
  /** The program to run in etcd's place. */
  readonly program: string;
  /**
   * From now on nothing that this member (`--name`) writes reaches its disk, nor does the wait end.
   */
  stall(member: string): void;
  /** Ends that. */
  recover(member: string): void;
}

/**
 * Wraps etcd so that its calls of fsync and fdatasync can be held. Undefined, said in one line,
 * where there is no C compiler or the kernel cannot.
 */
export function makeStallingDisk(etcd: string): StallingDisk | undefined {
  const folder = mkdtempSync(join(tmpdir(), "mandate-stalling-disk-"));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  const holder = join(folder, "hold-fsync");
  const program = join(folder, "etcd");
  const flagOf = (member: string): string => join(folder, `${member}.stalled`);
  try {
    writeFileSync(`${holder}.c`, source);
    const options = { stdio: "pipe", timeout: 30_000 } as const;
    execFileSync("gcc", ["-O1", "-o", holder, `${holder}.c`], options);
    execFileSync(holder, [flagOf(""), "true"], options);
  } catch (error) {
    remove();
    const reason = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
    process.stderr.write(
      `\nSKIPPED: tests that need gcc and seccomp (apt-get install gcc): ${reason}\n`,
    );
    return undefined;
  }
  writeFileSync(program, wrapper({ holder, etcd, folder }));
  chmodSync(program, 0o755);
  return {
    program,
    stall: (member) => writeFileSync(flagOf(member), ""),
    recover: (member) => rmSync(flagOf(member), { force: true }),
    [Symbol.dispose]: remove,
  };
}

function wrapper(paths: {
  readonly holder: string;
  readonly etcd: string;
  readonly folder: string;
}) {
  return `#!/bin/sh
for argument; do case "$argument" in --name=*) name="\${argument#--name=}";; esac; done
exec '${paths.holder}' "${paths.folder}/$name.stalled" '${paths.etcd}' "$@"
`;
}

// hold-fsync FLAG PROGRAM ARG...: becomes PROGRAM; while the file FLAG exists, each fsync and
// fdatasync of it waits, as on a disk that hangs. etcd makes system calls without the C library, so
// nothing but the kernel can hold them: here a filter hands them to a child that answers later.
const source = `
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static void hold(int listener, const char *flag, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(0);
  for (;;) {
    struct seccomp_notif call = {0};
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) != 0) {
      if (errno == EINTR || errno == ENOENT) continue;
      _exit(1);
    }
    while (access(flag, F_OK) == 0) usleep(2000);
    struct seccomp_notif_resp answer = {0};
    answer.id = call.id;
    answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
  }
}

int main(int argc, char **argv) {
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_fsync, 1, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_fdatasync, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {.len = sizeof code / sizeof code[0], .filter = code};
  if (argc < 3) return 2;
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return perror("no_new_privs"), 1;
  int listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                         SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
  if (listener < 0) return perror("seccomp"), 1;
  pid_t parent = getpid();
  pid_t child = fork();
  if (child < 0) return perror("fork"), 1;
  if (child == 0) hold(listener, argv[1], parent);
  close(listener);
  execvp(argv[2], argv + 2);
  return perror(argv[2]), 1;
}
`;
