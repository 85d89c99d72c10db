// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/stream_reader.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace troupe::l7;

namespace {

// Chunks of one direction, one after the other.
struct direction {
  stream_reader reader;
  uint64_t position = 0;
  uint64_t now = 0;

  uint64_t send(std::string_view bytes, uint64_t size) {
    const chunk x{++now, position, size, bytes};
    position += size;
    return reader.take(x);
  }
  uint64_t send(std::string_view bytes) { return send(bytes, bytes.size()); }
  uint64_t send_tail(std::string_view bytes) {
    const chunk x{++now, position, bytes.size(), bytes, true};
    position += bytes.size();
    return reader.take(x);
  }
  void lose(uint64_t size) { position += size; }
};

} // namespace

TEST_CASE_FIXTURE(direction, "stream reader: messages that are cut at every byte are whole") {
  for (char c : std::string{"hello"})
    CHECK(send({&c, 1}) == 0);
  CHECK(reader.bytes() == "hello");
  CHECK(reader.time_ns() == 1);
  CHECK(reader.pass(3) == 0);
  CHECK(reader.bytes() == "lo");
  CHECK(reader.time_ns() == 4);
  CHECK(reader.pass(2) == 0);
  CHECK_FALSE(reader.has_bytes());
}

TEST_CASE_FIXTURE(direction, "stream reader: several messages in one chunk have its time") {
  send("ab");
  send("cdef");
  CHECK(reader.pass(2) == 0);
  CHECK(reader.time_ns() == 2);
  CHECK(reader.pass(2) == 0);
  CHECK(reader.bytes() == "ef");
  CHECK(reader.time_ns() == 2);
}

TEST_CASE_FIXTURE(direction, "stream reader: a message is passed whose end is still to come") {
  send("head");
  CHECK(reader.pass(8) == 0);
  CHECK(send("bod") == 0);
  CHECK_FALSE(reader.has_bytes());
  CHECK(send("yNE") == 0); // One byte of the message, and two of the next.
  CHECK(reader.bytes() == "NE");
  CHECK(reader.time_ns() == 3);
}

TEST_CASE_FIXTURE(direction, "stream reader: what was not captured lies within a message") {
  CHECK(send("head", 100) == 0);
  CHECK(reader.is_cut());
  SUBCASE("that ends with the chunk") {
    CHECK(reader.pass(100) == 0);
    CHECK_FALSE(reader.is_cut());
    CHECK(send("next") == 0);
    CHECK(reader.bytes() == "next");
  }
  SUBCASE("that ends later") {
    CHECK(reader.pass(103) == 0);
    CHECK(send("xxxnext") == 0);
    CHECK(reader.bytes() == "next");
  }
  SUBCASE("that ends before: the next one begins unseen") {
    CHECK(reader.pass(90) == 10);
    CHECK(reader.is_resumed());
    CHECK(send("next") == 0);
    CHECK(reader.bytes() == "next");
  }
  SUBCASE("that ends where the hole begins") {
    CHECK(reader.pass(4) == 96);
    CHECK_FALSE(reader.is_cut());
  }
  SUBCASE("whose length nobody knows") {
    CHECK(send("next") == 100);
    CHECK(reader.bytes() == "next");
    CHECK_FALSE(reader.is_cut());
  }
  SUBCASE("that is given up") {
    CHECK(reader.resynchronise() == 100);
    CHECK(reader.is_resumed());
    CHECK_FALSE(reader.has_bytes());
  }
}

TEST_CASE_FIXTURE(direction, "stream reader: a chunk that was lost") {
  SUBCASE("within what is passed over does not matter") {
    send("head");
    CHECK(reader.pass(20) == 0);
    lose(10);
    CHECK(send("xxxxxxnext") == 0);
    CHECK(reader.bytes() == "next");
    CHECK_FALSE(reader.is_resumed());
  }
  SUBCASE("beyond that begins anew with the next chunk") {
    send("head");
    CHECK(reader.pass(6) == 0);
    lose(10);
    CHECK(send("next") == 0);
    CHECK(reader.bytes() == "next");
    CHECK(reader.is_resumed());
    CHECK(reader.pass(4) == 0);
    CHECK_FALSE(reader.is_resumed());
  }
  SUBCASE("in the midst of a message drops its beginning") {
    send("begin");
    lose(10);
    CHECK(send("next") == 5);
    CHECK(reader.bytes() == "next");
  }
}

TEST_CASE_FIXTURE(direction, "stream reader: a chunk without captured bytes") {
  CHECK(send("", 50) == 50);
  CHECK_FALSE(reader.has_bytes());
  send("head", 4);
  CHECK(reader.pass(60) == 0);
  CHECK(send("", 56) == 0);
  CHECK(send("next") == 0);
  CHECK(reader.bytes() == "next");
}

TEST_CASE_FIXTURE(direction, "stream reader: a chunk without captured bytes within a message") {
  send("he");
  CHECK(send("", 50) == 0);
  CHECK(reader.bytes() == "he");
  CHECK(reader.is_cut());
  CHECK(reader.pass(52) == 0);
  CHECK(send("next") == 0);
  CHECK(reader.bytes() == "next");
}

TEST_CASE_FIXTURE(direction, "stream reader: the boundary lies in what was not captured") {
  send("head");
  CHECK(reader.pass(14) == 0);
  CHECK(send("12345", 20) == 10); // Ten bytes of the old message, ten of one that nobody saw.
  CHECK_FALSE(reader.has_bytes());
  CHECK(send("next") == 0);
  CHECK(reader.bytes() == "next");
}

TEST_CASE_FIXTURE(direction, "stream reader: what waits for its message has a bound") {
  const std::string block(1000, 'x');
  uint64_t dropped = 0;
  for (int i = 0; i < 100; ++i)
    dropped += send(block);
  CHECK(reader.bytes().size() <= stream_reader::buffer_max);
  CHECK(dropped + reader.bytes().size() <= 100'000);
}

TEST_CASE_FIXTURE(direction, "stream reader: ten thousand small messages keep their order") {
  for (int i = 0; i < 10'000; ++i) {
    const auto text = std::to_string(10'000 + i);
    CHECK(send(text.substr(0, 2)) == 0);
    CHECK(send(text.substr(2)) == 0);
    REQUIRE(reader.bytes() == text);
    CHECK(reader.time_ns() == static_cast<uint64_t>(2 * i + 1));
    CHECK(reader.pass(5) == 0);
  }
}

TEST_CASE_FIXTURE(direction, "stream reader: a row that is broken tells so") {
  send("head", 100);
  reader.pass(100);
  send("headbody");
  reader.pass(20);
  lose(4);
  send("xxxxxxxxnext");
  REQUIRE(reader.bytes() == "next");
  CHECK_FALSE(reader.is_resumed());
  SUBCASE("by bytes that were lost between two messages") {
    reader.pass(4);
    lose(1);
    CHECK(send("next") == 0);
  }
  SUBCASE("by a message that began unseen") {
    reader.pass(4);
    CHECK(send("head", 10) == 0);
    CHECK(reader.pass(9) == 1);
  }
  SUBCASE("by a hole that nobody passed") {
    send("", 0);
    send("more", 100);
    CHECK(send("next") == 8 + 96);
  }
  SUBCASE("by a chunk of which nothing was captured") {
    reader.pass(4);
    CHECK(send("", 5) == 5);
  }
  SUBCASE("by giving up") {
    reader.resynchronise();
  }
  CHECK(reader.is_resumed());
}

TEST_CASE("stream reader: a size that is smaller than what was captured is believed") {
  stream_reader reader;
  CHECK(reader.take({1, 0, 2, "abcd"}) == 0);
  CHECK(reader.bytes() == "ab");
  CHECK(reader.take({2, 2, 2, "cd"}) == 0);
  CHECK(reader.bytes() == "abcd");
}

TEST_CASE_FIXTURE(direction,
                  "stream reader: a tail begins anywhere, unless a message leads to it") {
  send("head", 100);
  SUBCASE("what was cut off was not passed") {
    CHECK(send_tail("xxxnext") == 100);
    CHECK(reader.is_adrift());
    CHECK(reader.bytes() == "xxxnext");
    SUBCASE("and a message is found in it") {
      CHECK(reader.pass(3) == 0);
      CHECK_FALSE(reader.is_adrift());
      CHECK(reader.bytes() == "next");
    }
    SUBCASE("and nobody looks") {
      CHECK(send("more") == 7);
      CHECK_FALSE(reader.is_adrift());
      CHECK(reader.bytes() == "more");
    }
  }
  SUBCASE("the last message that was seen ends before") {
    CHECK(reader.pass(90) == 10);
    CHECK(send_tail("xxxnext") == 0);
    CHECK(reader.is_adrift());
  }
  SUBCASE("the last message that was seen ends within") {
    CHECK(reader.pass(103) == 0);
    CHECK(send_tail("xxxnext") == 0);
    CHECK_FALSE(reader.is_adrift());
    CHECK(reader.bytes() == "next");
  }
  SUBCASE("the last message that was seen ends behind") {
    CHECK(reader.pass(110) == 0);
    CHECK(send_tail("xxxxxxx") == 0);
    CHECK_FALSE(reader.is_adrift());
    CHECK_FALSE(reader.has_bytes());
    CHECK(send("xxxnext") == 0);
    CHECK(reader.bytes() == "next");
  }
}
