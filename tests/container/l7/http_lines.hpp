// SPDX-License-Identifier: Apache-2.0
#pragma once

// Requests and answers as the tests of HTTP write them.

#include "actors/container/l7/http/http.hpp"
#include "tests/container/l7/dialogue.hpp"

#include <string>
#include <vector>

namespace troupe::l7::http_lines {

using texts = std::vector<std::string>;

inline std::string get(const std::string& path, const std::string& headers = {}) {
  return "GET " + path + " HTTP/1.1\r\nHost: shop.example\r\n" + headers + "\r\n";
}

inline std::string counted(int status, const std::string& body) {
  return "HTTP/1.1 " + std::to_string(status) + " Reason\r\nServer: nginx\r\nContent-Length: "
         + std::to_string(body.size()) + "\r\n\r\n" + body;
}

} // namespace troupe::l7::http_lines
