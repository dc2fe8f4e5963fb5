/*
 * The first code that runs. The kernel started a program without a loader (PT_INTERP); the loader is in the same file, and
 * already mapped. This tells it, through the auxiliary vector, what the kernel would have told it, and jumps into it.
 *
 * No C library is there yet: nothing but system calls, the stack and constants. What must be refused is refused here, before
 * anything reads the environment.
 */
#include "machine.h"

/* Addresses that the linker is given. */
extern const char loader_base[], loader_entry[], program_entry[], program_headers[], program_header_count[];

/* include/uapi/linux/auxvec.h */
enum { AT_NULL, AT_PHDR = 3, AT_PHNUM = 5, AT_BASE = 7, AT_ENTRY = 9, AT_UID = 11, AT_HWCAP = 16, AT_SECURE = 23 };

/* include/uapi/linux/fcntl.h; relative paths begin at the working directory. */
enum { AT_FDCWD = -100 };

/* include/uapi/asm-generic/resource.h; struct rlimit64 is what is wanted and what is allowed, in bytes here. */
enum { RLIMIT_STACK = 3 };

/* With less the runtime ends with nothing but its own name: measured, at 128 kB it does, at 192 kB it does not. */
enum { LEAST_STACK = 192 * 1024 };

/* struct new_utsname of include/uapi/linux/utsname.h */
enum { UTS_LENGTH = 65, UTS_RELEASE = 2 };

static unsigned long append(char *line, unsigned long length, const char *text) {
  while (*text && length < 240) line[length++] = *text++;
  return length;
}

/* One line, by one call, so that no other program's line comes between. */
static _Noreturn void refuse(const char *first, const char *second, const char *third) {
  char line[256];
  unsigned long length = append(line, 0, "sockeye: ");
  length = append(line, length, first);
  length = append(line, length, second);
  length = append(line, length, third);
  line[length++] = '\n';
  call(SYS_write, 2, (long)line, (long)length);
  for (;;) call(SYS_exit_group, 2, 0, 0);
}

static unsigned decimal(const char **text) {
  unsigned value = 0;
  while (**text >= '0' && **text <= '9' && value < 10000) value = value * 10 + (unsigned)(*(*text)++ - '0');
  return value;
}

/*
 * Older than Linux 3.10? Under the personality UNAME26 a kernel calls itself 2.6 for the sake of old programs: 3.N is 2.6.(40+N)
 * there and 4.N 2.6.(60+N), and no real 2.6 went beyond 39.
 */
static int too_old(const char *release) {
  unsigned major = decimal(&release);
  if (*release == '.') release++;
  unsigned minor = decimal(&release);
  if (*release == '.') release++;
  unsigned patch = decimal(&release);
  if (major == 2 && minor == 6) return patch < 50;
  return major < 3 || (major == 3 && minor < 10);
}

/* LD_PRELOAD, LD_LIBRARY_PATH, LD_AUDIT and whatever else some loader obeys. */
static int is_for_loaders(const char *variable) {
  return variable[0] == 'L' && variable[1] == 'D' && variable[2] == '_';
}

/* Returns where to go on. `stack` is as the kernel made it: argc, argv, NULL, the environment, NULL, the auxiliary vector. */
__attribute__((used)) const void *prepare(unsigned long *stack) {
  char **from = (char **)(stack + 1 + stack[0] + 1);
  char **to = from;
  for (; *from; from++) {
    if (!is_for_loaders(*from)) *to++ = *from;
  }
  *to++ = 0;

  /* The vector begins where the environment ends, so it moves with that end. */
  const unsigned long *old = (const unsigned long *)(from + 1);
  unsigned long *entry = (unsigned long *)to;
  unsigned long secure = 0, uid = 0, hwcap = 0;
  unsigned corrected = 0;
  for (;; old += 2, entry += 2) {
    unsigned long type = old[0], value = old[1];
    switch (type) {
      case AT_PHDR: value = (unsigned long)program_headers; corrected |= 1; break;
      case AT_PHNUM: value = (unsigned long)program_header_count; corrected |= 2; break;
      case AT_BASE: value = (unsigned long)loader_base; corrected |= 4; break;
      case AT_ENTRY: value = (unsigned long)program_entry; corrected |= 8; break;
      case AT_UID: uid = value; break;
      case AT_HWCAP: hwcap = value; break;
      case AT_SECURE: secure = value; break;
    }
    entry[0] = type;
    entry[1] = value;
    if (type == AT_NULL) break;
  }

  /* Where a security module marks the transition of a service that root starts, nobody gains anything. */
  if (secure && uid != 0) {
    refuse("file capabilities or the setuid bit give this file rights, and the runtime in it trusts the environment of "
      "whoever starts it: take them away and run it by sudo", "", "");
  }
  char name[6 * UTS_LENGTH];
  if (call(SYS_uname, (long)name, 0, 0) == 0 && too_old(name + UTS_RELEASE * UTS_LENGTH)) {
    refuse("this kernel is Linux ", name + UTS_RELEASE * UTS_LENGTH, ": 3.10 or newer is needed");
  }
  unsigned long stack_limit[2];
  if (call(SYS_getrlimit, RLIMIT_STACK, (long)stack_limit, 0) == 0 && stack_limit[0] < LEAST_STACK) {
    refuse("the stack may have less than 192 kB here, and the runtime in this file needs more: ulimit -s 8192", "", "");
  }
  const char *lacking = processor_lacks(hwcap);
  if (lacking) refuse("this processor lacks ", lacking, ", which the runtime in this file is compiled for");
  if (call(SYS_faccessat, AT_FDCWD, (long)"/proc/self/fd", 0) != 0) {
    refuse("/proc is not mounted here, and what processes hold is read there: mount -t proc proc /proc", "", "");
  }
  if (corrected != 15) refuse("this kernel does not say where it loaded the program (AT_BASE)", "", "");
  return loader_entry;
}
