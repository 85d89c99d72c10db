// SPDX-License-Identifier: Apache-2.0
#include "actors/recorder/recording_writer.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <zlib.h>
#include <zstd.h>

namespace troupe {

namespace {

constexpr int fast_compression = 1;

template <class T>
std::span<const std::byte> bytes_of(const T& x) {
  return std::as_bytes(std::span{&x, 1});
}

} // namespace

recording_writer::~recording_writer() {
  if (fd_ >= 0)
    close(fd_);
}

std::string recording_writer::open(const std::string& path,
                                   const recording_description& description,
                                   const recording_limits& limits) {
  path_ = path;
  description_ = description;
  limits_ = limits;
  return begin_file();
}

std::string recording_writer::begin_file() {
  fd_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd_ < 0)
    return "cannot write " + path_ + ": " + std::generic_category().message(errno)
           + "; choose another file with -o";
  file_bytes_ = 0;
  const auto description = encode(description_);
  const auto size = static_cast<uint32_t>(description.size());
  for (const auto part :
       {std::span<const std::byte>{std::as_bytes(std::span{recording_magic})},
        bytes_of(recording_version), bytes_of(size), std::span<const std::byte>{description}})
    if (auto error = put(part); !error.empty())
      return error;
  return {};
}

std::string recording_writer::write(frame_kind kind, std::span<const std::byte> payload) {
  if (payload.size() > frame_bytes_max)
    return "a frame of " + std::to_string(payload.size()) + " bytes is too large to be recorded";
  packed_.resize(ZSTD_compressBound(payload.size()));
  const auto packed = ZSTD_compress(packed_.data(), packed_.size(), payload.data(), payload.size(),
                                    fast_compression);
  std::span<const std::byte> stored{packed_.data(), ZSTD_isError(packed) ? payload.size() : packed};
  if (stored.size() >= payload.size())
    stored = payload; // The reader tells by the sizes.
  const frame_header header{static_cast<uint32_t>(kind), static_cast<uint32_t>(stored.size()),
                            static_cast<uint32_t>(payload.size()),
                            static_cast<uint32_t>(crc32_z(
                                0, reinterpret_cast<const Bytef*>(stored.data()), stored.size()))};
  const auto good_until = file_bytes_;
  auto error = put(bytes_of(header));
  if (error.empty())
    error = put(stored);
  if (!error.empty() && fd_ >= 0) { // Half a frame would look like damage.
    if (ftruncate(fd_, static_cast<off_t>(good_until)) != 0)
      error += "; its last frame is cut off";
    close(std::exchange(fd_, -1));
  }
  return error;
}

std::string recording_writer::put(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const auto written = fd_ < 0 ? (errno = EBADF, -1) : ::write(fd_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      return "cannot write " + path_ + ": " + std::generic_category().message(errno);
    file_bytes_ += static_cast<uint64_t>(written);
    bytes_ += static_cast<uint64_t>(written);
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  return {};
}

std::string recording_writer::rotate() {
  if (auto error = finish(); !error.empty())
    return error;
  for (auto i = limits_.files_kept; i > 0; --i) {
    const auto from = i == 1 ? path_ : path_ + "." + std::to_string(i - 1);
    std::rename(from.c_str(), (path_ + "." + std::to_string(i)).c_str()); // May not exist yet.
  }
  return begin_file();
}

std::string recording_writer::finish() {
  if (fd_ < 0)
    return {};
  auto error = write(frame_kind::end, {});
  if (fd_ >= 0 && close(std::exchange(fd_, -1)) != 0 && error.empty())
    error = "cannot write " + path_ + ": " + std::generic_category().message(errno);
  return error;
}

} // namespace troupe
