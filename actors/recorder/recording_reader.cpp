// SPDX-License-Identifier: Apache-2.0
#include "actors/recorder/recording_reader.hpp"

#include <cerrno>
#include <system_error>
#include <utility>
#include <zlib.h>
#include <zstd.h>

namespace troupe {

std::string recording_reader::open(const std::string& path) {
  auto* file = std::fopen(path.c_str(), "rbe");
  if (file == nullptr)
    return "cannot read " + path + ": " + std::generic_category().message(errno);
  return open(file, path);
}

std::string recording_reader::open(FILE* stream, std::string name) {
  file_.reset(stream);
  name_ = std::move(name);
  offset_ = 0;
  error_.clear();
  complete_ = false;
  return read_description();
}

bool recording_reader::read(void* to, size_t size) {
  const auto got = std::fread(to, 1, size, file_.get());
  offset_ += got;
  return got == size;
}

std::string recording_reader::read_description() {
  std::array<char, recording_magic.size()> magic{};
  uint32_t version = 0;
  uint32_t size = 0;
  if (!read(magic.data(), magic.size()) || magic != recording_magic)
    return name_ + " is not a recording of troupe: it does not begin with its mark (offset 0)";
  if (!read(&version, sizeof(version)) || version != recording_version)
    return name_ + " has format version " + std::to_string(version)
           + " (offset 8); this troupe reads " + std::to_string(recording_version);
  if (!read(&size, sizeof(size)) || size > description_bytes_max)
    return name_ + " is damaged at offset 12: its description cannot be so long";
  stored_.resize(size);
  if (!read(stored_.data(), size))
    return name_ + " is cut off at offset " + std::to_string(offset_) + ", in its description";
  auto description = decode_description(stored_);
  if (!description)
    return name_ + " is damaged at offset 16: its description cannot be read";
  description_ = std::move(*description);
  return {};
}

std::optional<recorded_frame> recording_reader::fail(const std::string& cause) {
  error_ = name_ + ": " + cause + " at offset " + std::to_string(frame_offset_)
           + "; what is before it was used";
  return {};
}

std::optional<recorded_frame> recording_reader::next() {
  if (!error_.empty() || complete_)
    return {};
  frame_offset_ = offset_;
  frame_header header;
  if (!read(&header, sizeof(header)))
    return fail(offset_ == frame_offset_ ? "the recording stops without its end mark"
                                         : "a frame is cut off");
  if (header.raw_size > frame_bytes_max || header.stored_size > header.raw_size)
    return fail("a frame has a size that cannot be");
  stored_.resize(header.stored_size);
  if (!read(stored_.data(), stored_.size()))
    return fail("a frame is cut off");
  if (crc32_z(0, reinterpret_cast<const Bytef*>(stored_.data()), stored_.size()) != header.crc32)
    return fail("a frame is damaged (its checksum differs)");
  const auto kind = static_cast<frame_kind>(header.kind);
  if (header.stored_size == header.raw_size) {
    complete_ = kind == frame_kind::end;
    return complete_ ? std::nullopt : std::optional{recorded_frame{kind, stored_}};
  }
  raw_.resize(header.raw_size);
  const auto unpacked = ZSTD_decompress(raw_.data(), raw_.size(), stored_.data(), stored_.size());
  if (ZSTD_isError(unpacked) || unpacked != raw_.size())
    return fail("a frame cannot be unpacked");
  return recorded_frame{kind, raw_};
}

} // namespace troupe
