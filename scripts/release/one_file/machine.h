/* What differs between the two machines: numbers of system calls, how one is made, the entry, and what the processor must have. */
#if defined(__x86_64__)

enum { SYS_write = 1, SYS_uname = 63, SYS_getrlimit = 97, SYS_exit_group = 231, SYS_faccessat = 269 };

static inline long call(long number, long a, long b, long c) {
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
  return result;
}

/* The loader finds the stack as the kernel left it, and rdx says that there is no function to be called at the end. */
__asm__(
  ".globl _start\n"
  "_start:\n"
  "  xor %ebp, %ebp\n"
  "  mov %rsp, %rbx\n"
  "  mov %rsp, %rdi\n"
  "  and $-16, %rsp\n"
  "  call prepare\n"
  "  mov %rbx, %rsp\n"
  "  xor %edx, %edx\n"
  "  jmp *%rax\n");

static inline void cpuid(unsigned leaf, unsigned *a, unsigned *c) {
  unsigned b, d;
  *a = leaf;
  *c = 0;
  __asm__ volatile("cpuid" : "+a"(*a), "=b"(b), "+c"(*c), "=d"(d));
}

/* x86-64-v2, which the runtime is compiled for. Its vector instructions beyond that are chosen at run time. */
static inline const char *processor_lacks(unsigned long hwcap) {
  static const struct { char bit; char name[8]; } needed[] = {
    {0, "SSE3"}, {9, "SSSE3"}, {13, "CX16"}, {19, "SSE4.1"}, {20, "SSE4.2"}, {23, "POPCNT"},
  };
  unsigned a, c;
  (void)hwcap;
  cpuid(1, &a, &c);
  for (unsigned i = 0; i < sizeof needed / sizeof *needed; i++) {
    if (!(c >> needed[i].bit & 1)) return needed[i].name;
  }
  return 0;
}

#elif defined(__aarch64__)

enum { SYS_faccessat = 48, SYS_write = 64, SYS_exit_group = 94, SYS_uname = 160, SYS_getrlimit = 163 };

static inline long call(long number, long a, long b, long c) {
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
  return x0;
}

__asm__(
  ".globl _start\n"
  "_start:\n"
  "  mov x29, #0\n"
  "  mov x30, #0\n"
  "  mov x19, sp\n"
  "  mov x0, sp\n"
  "  bl prepare\n"
  "  mov sp, x19\n"
  "  mov x16, x0\n"
  "  mov x0, #0\n"
  "  br x16\n");

/* HWCAP_CRC32 of arch/arm64/include/uapi/asm/hwcap.h: the runtime is compiled for armv8-a+crc. */
static inline const char *processor_lacks(unsigned long hwcap) { return hwcap >> 7 & 1 ? 0 : "CRC32"; }

#else
#error "there is no runtime for this machine"
#endif
