/*
 * What the parts of libstdc++ and libgcc that the runtime uses take from glibc, made for musl.
 */
#include <stddef.h>

extern long getrandom(void *, size_t, unsigned);
extern unsigned long getauxval(unsigned long);

/* From the linker: where these parts are, and the table that the unwinder searches. */
extern const char cxx_begin[], cxx_end[], cxx_eh_frame_hdr[];

void *__dso_handle __attribute__((visibility("hidden"))) = 0;
char __libc_single_threaded = 0;

unsigned arc4random(void) {
  unsigned value = 0;
  getrandom(&value, sizeof value, 0);
  return value;
}

/* On arm64 the compiler's own library asks by this name what the processor can do. */
unsigned long __getauxval(unsigned long type) { return getauxval(type); }

/* glibc's struct dl_find_object, <dlfcn.h>. */
struct found {
  unsigned long long flags;
  void *begin, *end, *link_map, *eh_frame;
  unsigned long long reserved[7];
};

/* Without it an exception would end in abort() before anybody says which one it was. The runtime itself has no tables to unwind by. */
int _dl_find_object(void *address, struct found *found) {
  if ((const char *)address < cxx_begin || (const char *)address >= cxx_end) return -1;
  found->flags = 0;
  found->begin = (void *)cxx_begin;
  found->end = (void *)cxx_end;
  found->link_map = 0;
  found->eh_frame = (void *)cxx_eh_frame_hdr;
  return 0;
}
