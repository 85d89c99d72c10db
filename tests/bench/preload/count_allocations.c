// SPDX-License-Identifier: Apache-2.0
// LD_PRELOAD: counts the calls that take memory from the heap, in the first eight bytes of the file
// $ALLOCATIONS. They are there however the process ends.
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

// glibc's own, under the names that it keeps for those who replace malloc.
void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* old, size_t size);
void* __libc_memalign(size_t alignment, size_t size);

static _Atomic uint64_t before_the_file;
static _Atomic uint64_t* counter = &before_the_file;

__attribute__((constructor)) static void open_counter(void) {
  const char* path = getenv("ALLOCATIONS");
  int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;

  if (fd < 0)
    return;
  void* mapped = mmap(NULL, sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (mapped != MAP_FAILED)
    counter = mapped;
}

static void count(void) {
  atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

void* malloc(size_t size) {
  count();
  return __libc_malloc(size);
}

void* calloc(size_t number, size_t size) {
  count();
  return __libc_calloc(number, size);
}

void* realloc(void* old, size_t size) {
  count();
  return __libc_realloc(old, size);
}

void* memalign(size_t alignment, size_t size) {
  count();
  return __libc_memalign(alignment, size);
}

void* aligned_alloc(size_t alignment, size_t size) {
  count();
  return __libc_memalign(alignment, size);
}

int posix_memalign(void** result, size_t alignment, size_t size) {
  count();
  *result = __libc_memalign(alignment, size);
  return *result != NULL ? 0 : 12; // ENOMEM
}
