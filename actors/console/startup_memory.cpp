// SPDX-License-Identifier: Apache-2.0
#include "actors/console/startup_memory.hpp"

#include <malloc.h>
#include <sys/mman.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>

namespace troupe {

namespace {

struct mapping {
  uintptr_t begin = 0;
  uintptr_t end = 0;
};

uintptr_t hexadecimal(std::string_view text) {
  uintptr_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value, 16);
  return value;
}

/// Takes a line of /proc/self/maps (proc(5)), "7f00-7f10 r-xp 00000000 08:01 1234 /lib/x.so"; true
/// for the text of a file, which is never written to: the kernel has it whole in the file.
bool is_text_of_file(const std::string& line, mapping& to) {
  std::istringstream words{line};
  std::string range;
  std::string mode;
  std::string offset;
  std::string device;
  uint64_t inode = 0;
  words >> range >> mode >> offset >> device >> inode;
  const auto dash = range.find('-');
  if (!words || mode != "r-xp" || inode == 0 || dash == std::string::npos)
    return false;
  to = {hexadecimal(std::string_view{range}.substr(0, dash)),
        hexadecimal(std::string_view{range}.substr(dash + 1))};
  return true;
}

} // namespace

void give_back_startup_memory() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
  std::ifstream maps{"/proc/self/maps"};
  mapping found;
  for (std::string line; std::getline(maps, line);)
    if (is_text_of_file(line, found))
      // A refusal costs nothing but the pages. NOLINTNEXTLINE(performance-no-int-to-ptr)
      madvise(reinterpret_cast<void*>(found.begin), found.end - found.begin, MADV_DONTNEED);
}

void share_heaps() {
#ifdef __GLIBC__
  mallopt(M_ARENA_MAX, static_cast<int>(std::min(8U, 1 + std::thread::hardware_concurrency())));
#endif
}

} // namespace troupe
