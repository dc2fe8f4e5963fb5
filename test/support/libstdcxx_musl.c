/*
 * What the parts of libstdc++ that the runtime uses take from glibc, for musl: see test/release/release.test.ts.
 */
#include <stddef.h>

extern long getrandom(void *, size_t, unsigned);
extern unsigned long getauxval(unsigned long);

void *__dso_handle __attribute__((visibility("hidden"))) = 0;
char __libc_single_threaded = 0;

unsigned arc4random(void) {
  unsigned value = 0;
  getrandom(&value, sizeof value, 0);
  return value;
}

/* On arm64 the compiler's own library asks by this name what the processor can do. */
unsigned long __getauxval(unsigned long type) { return getauxval(type); }

/* Not found: the unwinder then asks dl_iterate_phdr. */
int _dl_find_object(void *address, void *result) {
  (void)address;
  (void)result;
  return -1;
}
