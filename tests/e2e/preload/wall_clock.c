// SPDX-License-Identifier: Apache-2.0
// LD_PRELOAD: the wall clock of one process is off by as many seconds as the file $WALL_CLOCK says
// (an int64_t, read anew each time, so that a test can make the clock jump). Clocks that do not
// follow the wall are left alone.
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static _Atomic int64_t* offset_s;

// The other functions need it, and libraries ask for the time before main().
__attribute__((constructor)) static void open_offset(void) {
  const char* path = getenv("WALL_CLOCK");
  int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;

  if (fd < 0)
    return;
  void* mapped = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, fd, 0);
  close(fd);
  if (mapped != MAP_FAILED)
    offset_s = mapped;
}

static int64_t offset(void) {
  return offset_s != NULL ? atomic_load(offset_s) : 0;
}

// In assembly, because the function that makes system calls is replaced below.
static long call(long number, long a, long b, long c, long d, long e, long f) {
#if defined(__x86_64__)
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  long result;

  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
#elif defined(__aarch64__)
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  register long x5 __asm__("x5") = f;

  __asm__ volatile("svc 0"
                   : "+r"(x0)
                   : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                   : "memory");
  return x0;
#else
#error "system calls of this machine"
#endif
}

static long result_of(long returned) {
  if (returned >= -4095 && returned < 0) {
    errno = (int)-returned;
    return -1;
  }
  return returned;
}

int clock_gettime(clockid_t clock, struct timespec* now) {
  long result = result_of(call(SYS_clock_gettime, clock, (long)now, 0, 0, 0, 0));

  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
    now->tv_sec += offset();
  return (int)result;
}

int gettimeofday(struct timeval* restrict now, void* restrict zone) {
  long result = result_of(call(SYS_gettimeofday, (long)now, (long)zone, 0, 0, 0, 0));

  if (result == 0)
    now->tv_sec += offset();
  return (int)result;
}

time_t time(time_t* now) {
  struct timespec exact;

  clock_gettime(CLOCK_REALTIME, &exact);
  if (now != NULL)
    *now = exact.tv_sec;
  return exact.tv_sec;
}

// Who waits until a time of the wall clock (Abseil, within gRPC) means the clock that it was shown.
long syscall(long number, ...) {
  va_list list;
  struct timespec until;
  long x[6];

  va_start(list, number);
  for (int i = 0; i < 6; ++i)
    x[i] = va_arg(list, long);
  va_end(list);
  if (number == SYS_futex && (x[1] & FUTEX_CLOCK_REALTIME) != 0 && x[3] != 0) {
    until = *(const struct timespec*)x[3];
    until.tv_sec -= offset();
    x[3] = (long)&until;
  }
  return result_of(call(number, x[0], x[1], x[2], x[3], x[4], x[5]));
}

// glibc's own waits (std::condition_variable until a time of the wall clock) make system calls
// without syscall(): without this they would see the kernel's clock, end at once and begin anew.
int pthread_cond_timedwait(pthread_cond_t* restrict condition, pthread_mutex_t* restrict mutex,
                           const struct timespec* restrict until) {
  static int (*real)(pthread_cond_t*, pthread_mutex_t*, const struct timespec*);
  struct timespec shown = *until;

  if (real == NULL)
    real = (int (*)(pthread_cond_t*, pthread_mutex_t*, const struct timespec*))dlsym(
        RTLD_NEXT, "pthread_cond_timedwait");
  // libstdc++ waits for times of the steady clock by pthread_cond_clockwait().
  shown.tv_sec -= offset();
  return real(condition, mutex, &shown);
}
