// SPDX-License-Identifier: Apache-2.0
#include "actors/container/l7/dns/message.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace troupe::l7::dns {

namespace {

constexpr size_t header_bytes = 12;
constexpr size_t name_bytes_max = 255; // On the wire, RFC 1035 §2.3.4.
constexpr size_t label_bytes_max = 63;
constexpr size_t jumps_max = 16;
constexpr uint16_t type_opt = 41;

enum class reading : uint8_t { ok, ends, invalid };

// Reads on from a place in a message. Names may point back to any byte before them.
class cursor {
public:
  explicit cursor(std::string_view message) : message_(message) {}

  [[nodiscard]] size_t left() const { return message_.size() - at_; }
  [[nodiscard]] std::string_view bytes(size_t size) const { return message_.substr(at_, size); }
  [[nodiscard]] size_t at() const { return at_; }
  void skip(size_t size) { at_ += size; }
  uint16_t number16() {
    const auto result = static_cast<uint16_t>(byte(at_) << 8 | byte(at_ + 1));
    at_ += 2;
    return result;
  }
  uint32_t number32() {
    const uint32_t high = number16();
    return high << 16 | number16();
  }
  // Null where nobody wants to know the name.
  reading name(std::string* text);

private:
  [[nodiscard]] unsigned byte(size_t i) const { return static_cast<unsigned char>(message_[i]); }
  static void append_label(std::string_view label, std::string& text);

  std::string_view message_;
  size_t at_ = 0;
};

void cursor::append_label(std::string_view label, std::string& text) {
  if (!text.empty())
    text += '.';
  for (const char c : label) {
    const bool is_upper = c >= 'A' && c <= 'Z';
    const bool is_plain = is_upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= ':') || c == '-'
                          || c == '_' || c == '*' || c == '/';
    if (is_upper) {
      text += static_cast<char>(c - 'A' + 'a');
    } else if (is_plain) {
      text += c;
    } else {
      const auto code = static_cast<unsigned char>(c);
      text += {'\\', static_cast<char>('0' + code / 100), static_cast<char>('0' + code / 10 % 10),
               static_cast<char>('0' + code % 10)};
    }
  }
}

reading cursor::name(std::string* text) {
  size_t length = 1; // Of the root's label.
  size_t jumps = 0;
  size_t behind = 0; // The first pointer; 0: there was none.
  for (size_t i = at_, lowest = at_;;) {
    if (i >= message_.size())
      return reading::ends;
    const auto size = byte(i);
    if ((size & 0xc0) == 0xc0) {
      if (i + 1 >= message_.size())
        return reading::ends;
      const size_t target = (size & 0x3f) << 8 | byte(i + 1);
      // Each pointer goes further back than the one before: so names end.
      if (target >= lowest || target < header_bytes || ++jumps > jumps_max)
        return reading::invalid;
      behind = behind == 0 ? i + 2 : behind;
      i = lowest = target;
      continue;
    }
    if (size > label_bytes_max)
      return reading::invalid;
    if (size == 0) {
      at_ = behind == 0 ? i + 1 : behind;
      if (text != nullptr && text->empty())
        *text = ".";
      return reading::ok;
    }
    length += 1 + size;
    if (length > name_bytes_max)
      return reading::invalid;
    if (i + 1 + size > message_.size())
      return reading::ends;
    if (text != nullptr)
      append_label(message_.substr(i + 1, size), *text);
    i += 1 + size;
  }
}

reading read_question(cursor& at, dns_question& question) {
  if (const auto result = at.name(&question.name); result != reading::ok)
    return result;
  if (at.left() < 4)
    return reading::ends;
  question.type = at.number16();
  question.in_class = at.number16();
  return reading::ok;
}

// What stands before the data of a record.
struct record_head {
  uint16_t type = 0;
  uint32_t ttl = 0;
  uint16_t length = 0;
};

reading read_record_head(cursor& at, std::string* name, record_head& head) {
  if (const auto result = at.name(name); result != reading::ok)
    return result;
  if (at.left() < 10)
    return reading::ends;
  head.type = at.number16();
  at.skip(2); // Its class.
  head.ttl = at.number32();
  head.length = at.number16();
  return reading::ok;
}

reading read_answer(cursor& at, dns_answer& answer) {
  record_head head;
  if (const auto result = read_record_head(at, &answer.name, head); result != reading::ok)
    return result;
  if (at.left() < head.length)
    return reading::ends;
  answer.type = head.type;
  answer.ttl_seconds = head.ttl;
  const auto end = at.at() + head.length;
  const auto data = at.bytes(head.length);
  if (head.type == type_a || head.type == type_aaaa) {
    if (data.size() != (head.type == type_a ? 4U : 16U))
      return reading::invalid;
    if (head.type == type_a)
      answer.address[10] = answer.address[11] = 0xff;
    std::memcpy(answer.address.data() + (16 - data.size()), data.data(), data.size());
  } else if (head.type == type_cname) {
    auto target = at;
    if (target.name(&answer.target) != reading::ok || target.at() != end)
      return reading::invalid;
  }
  at.skip(head.length);
  return reading::ok;
}

// Passes over records, and takes the upper bits of the response code from EDNS' (RFC 6891 §6.1.3).
reading skip_records(cursor& at, size_t count, dns_message& message) {
  for (size_t i = 0; i < count; ++i) {
    record_head head;
    if (const auto result = read_record_head(at, nullptr, head); result != reading::ok)
      return result;
    if (at.left() < head.length)
      return reading::ends;
    at.skip(head.length);
    if (head.type == type_opt)
      message.rcode = static_cast<uint16_t>((message.rcode & 0xf) | (head.ttl >> 24) << 4);
  }
  return reading::ok;
}

reading read_records(cursor& at, size_t answers, size_t others, dns_message& message) {
  size_t i = 0;
  for (; i < std::min(answers, dns_message::answers_max); ++i) {
    dns_answer answer;
    if (const auto result = read_answer(at, answer); result != reading::ok)
      return result;
    message.answers.push_back(std::move(answer));
  }
  return skip_records(at, answers - i + others, message);
}

constexpr std::pair<uint16_t, std::string_view> types[] = {
    {1, "A"},        {2, "NS"},     {5, "CNAME"},   {6, "SOA"},    {12, "PTR"},    {13, "HINFO"},
    {15, "MX"},      {16, "TXT"},   {17, "RP"},     {18, "AFSDB"}, {24, "SIG"},    {25, "KEY"},
    {28, "AAAA"},    {29, "LOC"},   {33, "SRV"},    {35, "NAPTR"}, {36, "KX"},     {37, "CERT"},
    {39, "DNAME"},   {42, "APL"},   {43, "DS"},     {44, "SSHFP"}, {46, "RRSIG"},  {47, "NSEC"},
    {48, "DNSKEY"},  {49, "DHCID"}, {50, "NSEC3"},  {52, "TLSA"},  {53, "SMIMEA"}, {59, "CDS"},
    {60, "CDNSKEY"}, {62, "CSYNC"}, {63, "ZONEMD"}, {64, "SVCB"},  {65, "HTTPS"},  {99, "SPF"},
    {249, "TKEY"},   {250, "TSIG"}, {251, "IXFR"},  {252, "AXFR"}, {255, "ANY"},   {256, "URI"},
    {257, "CAA"},
};

} // namespace

std::optional<dns_message> parse_dns_message(std::string_view bytes) {
  if (bytes.size() < header_bytes)
    return std::nullopt;
  cursor at{bytes};
  dns_message result;
  result.id = at.number16();
  const auto flags = at.number16();
  result.is_response = (flags & 0x8000) != 0;
  result.opcode = (flags >> 11) & 0xf;
  result.is_truncated = (flags & 0x0200) != 0;
  result.rcode = flags & 0xf;
  const auto questions = at.number16();
  const auto answers = at.number16();
  const auto authorities = at.number16();
  const auto additional = at.number16();
  if (questions > 1 || (questions == 0 && !result.is_response))
    return std::nullopt;
  result.has_question = questions == 1;
  if (result.has_question && read_question(at, result.question) != reading::ok)
    return std::nullopt;
  if (result.opcode == opcode_update) // Its records are no answers (RFC 2136).
    return result;
  const auto others = size_t{authorities} + additional;
  const auto read = read_records(at, answers, others, result);
  if (read == reading::invalid)
    return std::nullopt;
  result.is_whole = read == reading::ok;
  return result;
}

std::string type_name(uint16_t type) {
  const auto* const found =
      std::find_if(std::begin(types), std::end(types), [&](auto& x) { return x.first == type; });
  return found != std::end(types) ? std::string{found->second} : "TYPE" + std::to_string(type);
}

bool is_known_type(uint16_t type) {
  return std::any_of(std::begin(types), std::end(types), [&](auto& x) { return x.first == type; });
}

std::string address_text(const std::array<uint8_t, 16>& address) {
  constexpr std::array<uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  char text[INET6_ADDRSTRLEN] = {};
  if (std::equal(mapped.begin(), mapped.end(), address.begin()))
    inet_ntop(AF_INET, address.data() + mapped.size(), text, sizeof text);
  else
    inet_ntop(AF_INET6, address.data(), text, sizeof text);
  return text;
}

} // namespace troupe::l7::dns
