// SPDX-License-Identifier: Apache-2.0
#pragma once

// Frames and fields as the tests of HTTP/2 write them.

#include "actors/container/l7/http2/frame.hpp"
#include "actors/container/l7/http2/http2.hpp"
#include "tests/container/l7/dialogue.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace troupe::l7::http2_frames {

using texts = std::vector<std::string>;

inline const std::string preface{http2::preface};

// Frames, RFC 9113 section 4.1.
inline std::string frame(int type, int flags, uint32_t stream, const std::string& payload) {
  std::string x;
  for (int shift : {16, 8, 0})
    x += static_cast<char>(payload.size() >> static_cast<unsigned>(shift));
  x += static_cast<char>(type);
  x += static_cast<char>(flags);
  for (int shift : {24, 16, 8, 0})
    x += static_cast<char>(stream >> static_cast<unsigned>(shift));
  return x + payload;
}

inline constexpr int ends = 1;
inline constexpr int whole = 4;
inline std::string headers(uint32_t stream, const std::string& block, int flags = whole) {
  return frame(1, flags, stream, block);
}
inline std::string data(uint32_t stream, const std::string& bytes, int flags = 0) {
  return frame(0, flags, stream, bytes);
}
inline std::string reset(uint32_t stream, char error) {
  return frame(3, 0, stream, std::string{"\0\0\0", 3} + error);
}
inline std::string settings(const std::string& payload = {}) {
  return frame(4, 0, 0, payload);
}
inline const std::string settings_ack = frame(4, 1, 0, {});

// Fields, RFC 7541 section 6, without Huffman's code.
inline std::string text(const std::string& x) { // Of less than 127 bytes.
  return static_cast<char>(x.size()) + x;
}
inline std::string indexed(int index) {
  return {static_cast<char>(0x80 | index)};
}
inline std::string literal(const std::string& name, const std::string& value) {
  return std::string{"\0", 1} + text(name) + text(value);
}
inline std::string kept(const std::string& name, const std::string& value) {
  return "\x40" + text(name) + text(value);
}

inline const std::string get = indexed(2);
inline const std::string post = indexed(3);
inline const std::string status_200 = indexed(8);
inline const std::string status_404 = indexed(13);
inline const std::string status_500 = indexed(14);
inline std::string path(const std::string& x) {
  return literal(":path", x);
}
inline const std::string grpc_type = literal("content-type", "application/grpc+proto");
inline std::string call(const std::string& x) {
  return post + path(x) + grpc_type;
}

inline const line hello_client = client(preface + settings());
inline const line hello_server = server(settings() + settings_ack);

} // namespace troupe::l7::http2_frames
