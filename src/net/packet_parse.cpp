// SPDX-License-Identifier: GPL-2.0-or-later
#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "net/packet_text.h"
#include "net/packet_words.h"

namespace bulkhead::net {

namespace {

using words::icmp_types;
using words::kCasts;
using words::kFlags;
using words::kHeaders;
using words::kStates;
using words::Named;
using words::value_of;

constexpr uint16_t kDefaultSourcePort = 40000;
constexpr uint16_t kDefaultDestinationPort = 80;
constexpr size_t kInterfaceNameMax = 15;  // IFNAMSIZ less its final zero
// So that no packet gets longer than its length can say.
constexpr size_t kHeadersMax = 8;
constexpr size_t kBytesMax = 2048;

std::string known_words(std::span<const Named> table) {
  std::string out;
  for (const Named& each : table) out += fmt::format("{}{}", out.empty() ? "" : ", ", each.name);
  return out;
}

std::optional<uint32_t> parse_number(std::string_view text, uint32_t max) {
  const bool hex = text.starts_with("0x");
  if (hex) text.remove_prefix(2);
  uint32_t value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value, hex ? 16 : 10);
  if (error != std::errc() || end != text.data() + text.size() || value > max) return std::nullopt;
  return value;
}

// "00ff", of any length up to kBytesMax.
std::optional<std::vector<uint8_t>> parse_hex(std::string_view text) {
  if (text.empty() || text.size() % 2 != 0 || text.size() > 2 * kBytesMax) return std::nullopt;
  std::vector<uint8_t> bytes;
  for (size_t i = 0; i < text.size(); i += 2) {
    const char* const end = text.data() + i + 2;
    if (std::from_chars(text.data() + i, end, bytes.emplace_back(), 16).ptr != end)
      return std::nullopt;
  }
  return bytes;
}

struct Word {
  std::string_view text;
  Span span;
};

// Words end at spaces; '>' and '->' are words of their own wherever they stand.
std::vector<Word> split(std::string_view text) {
  std::vector<Word> words;
  const auto add = [&](size_t begin, size_t end) {
    words.push_back({text.substr(begin, end - begin),
                     {static_cast<uint32_t>(begin), static_cast<uint32_t>(end)}});
  };
  size_t at = 0;
  while (at < text.size()) {
    if (text[at] == ' ' || text[at] == '\t' || text[at] == '\n') {
      ++at;
      continue;
    }
    const size_t begin = at;
    const auto arrow = [&] { return text[at] == '>' ? 1u : text.substr(at, 2) == "->" ? 2u : 0u; };
    if (arrow() != 0) {
      at += arrow();
    } else {
      while (at < text.size() && text[at] != ' ' && text[at] != '\t' && text[at] != '\n' &&
             arrow() == 0)
        ++at;
    }
    add(begin, at);
  }
  return words;
}

Error wrong(const Word& word, std::string message, std::string hint = {}) {
  return {.kind = ErrorKind::kUsage,
          .message = std::move(message),
          .hint = std::move(hint),
          .span = word.span};
}

struct Endpoint {
  Address address;
  std::optional<uint16_t> port;
};

class Parser {
 public:
  Parser(std::string_view text, const Names& names)
      : text_(text), words_(split(text)), names_(names) {}

  Result<PacketText> parse();

 private:
  bool at_end() const { return next_ == words_.size(); }
  const Word& take() { return words_[next_++]; }
  Word end_of_text() const {
    const auto end = static_cast<uint32_t>(text_.size());
    return {{}, {end, end + 1}};
  }
  // The word behind `keyword`, which says what is missing.
  Result<Word> argument(const Word& keyword, std::string_view what);

  Result<void> parse_protocol();
  Result<Endpoint> parse_endpoint(std::string_view what);
  Result<void> parse_addresses();
  Result<void> parse_word(const Word& word);
  Result<void> parse_interface(const Word& keyword, std::string& name);
  Result<void> parse_flags(const Word& keyword);
  Result<void> parse_type(const Word& keyword);
  Result<void> parse_mac(const Word& keyword);
  Result<void> parse_header(const Word& keyword);
  Result<void> parse_data(const Word& keyword);
  template <class Count>
  Result<void> parse_count(const Word& keyword, std::string_view what, uint32_t max, Count& count);
  Result<void> finish();

  std::string_view text_;
  std::vector<Word> words_;
  const Names& names_;
  size_t next_ = 0;
  PacketText packet_;
  Word protocol_word_;
  std::optional<Word> state_word_;
  std::optional<Word> flags_word_;
  std::optional<Word> type_word_;
  std::optional<Word> chunk_word_;
  std::optional<Word> length_word_;
  std::optional<Word> mss_word_;
};

constexpr std::string_view kForm =
    "a packet reads like: tcp 192.0.2.1:40000 > 192.0.2.2:22 new in eth0";

Result<Word> Parser::argument(const Word& keyword, std::string_view what) {
  if (at_end()) return wrong(keyword, fmt::format("\"{}\" needs {} behind it", keyword.text, what));
  return take();
}

Result<void> Parser::parse_protocol() {
  if (at_end()) return wrong(end_of_text(), "there is no packet here", std::string(kForm));
  const Word& word = take();
  protocol_word_ = word;
  if (const auto number = parse_number(word.text, 255)) {
    packet_.fields.protocol = static_cast<uint8_t>(*number);
    return {};
  }
  auto found = word.text == "icmp6" ? kIcmp6 : builtin_protocol(word.text);
  if (!found) found = names_.protocol(word.text);
  if (!found || word.text == "all") {
    return wrong(word, fmt::format("\"{}\" is not a protocol", word.text), std::string(kForm));
  }
  packet_.fields.protocol = *found;
  return {};
}

// 192.0.2.1, 192.0.2.1:22, 2001:db8::1, [2001:db8::1]:22; of a v6 address without brackets, all is
// the address.
Result<Endpoint> Parser::parse_endpoint(std::string_view what) {
  if (at_end()) {
    return wrong(end_of_text(), fmt::format("the {} address is missing", what), std::string(kForm));
  }
  const Word& word = take();
  std::string_view host = word.text;
  std::optional<std::string_view> port;
  if (host.starts_with('[')) {
    const size_t close = host.find(']');
    if (close == std::string_view::npos) return wrong(word, "a ']' is missing");
    const std::string_view rest = host.substr(close + 1);
    if (!rest.empty() && !rest.starts_with(':'))
      return wrong(word, "behind ']' comes ':' and a port");
    if (!rest.empty()) port = rest.substr(1);
    host = host.substr(1, close - 1);
  } else if (const size_t colon = host.find(':');
             colon != std::string_view::npos && colon == host.rfind(':')) {
    port = host.substr(colon + 1);
    host = host.substr(0, colon);
  }
  Endpoint endpoint;
  auto address = parse_address(Family::kIpv4, host);
  if (!address) address = parse_address(Family::kIpv6, host);
  if (!address) {
    return wrong(word, fmt::format("\"{}\" is not an address", host),
                 "a packet has addresses, no names or networks");
  }
  endpoint.address = *address;
  if (!port) return endpoint;

  const uint8_t protocol = packet_.fields.protocol;
  const Word port_word{*port, {word.span.end - static_cast<uint32_t>(port->size()), word.span.end}};
  if (!has_ports(protocol)) {
    return wrong(port->empty() ? word : port_word,
                 fmt::format("{} has no ports", protocol_word_.text));
  }
  const auto number = parse_number(*port, UINT16_MAX);
  endpoint.port = number ? static_cast<uint16_t>(*number)
                         : names_.service(*port, builtin_protocol_name(protocol).value_or(""));
  if (!endpoint.port) {
    return wrong(port->empty() ? word : port_word,
                 fmt::format("\"{}\" is not a port or a service", *port));
  }
  return endpoint;
}

Result<void> Parser::parse_addresses() {
  auto source = parse_endpoint("source");
  if (!source) return source.error();
  if (at_end() || (words_[next_].text != ">" && words_[next_].text != "->")) {
    return wrong(at_end() ? end_of_text() : words_[next_],
                 "behind the source comes '>' and the destination", std::string(kForm));
  }
  ++next_;
  auto destination = parse_endpoint("destination");
  if (!destination) return destination.error();
  PacketFields& fields = packet_.fields;
  fields.source = source->address;
  fields.destination = destination->address;
  if (fields.source.family != fields.destination.family) {
    return wrong(words_[next_ - 1], "source and destination are of different families");
  }
  if (has_ports(fields.protocol)) {
    fields.source_port = source->port.value_or(kDefaultSourcePort);
    fields.destination_port = destination->port.value_or(kDefaultDestinationPort);
  }
  return {};
}

Result<void> Parser::parse_interface(const Word& keyword, std::string& name) {
  auto word = argument(keyword, "an interface");
  if (!word) return word.error();
  if (word->text.size() > kInterfaceNameMax) {
    return wrong(*word, fmt::format("interface name \"{}\" is longer than {} bytes", word->text,
                                    kInterfaceNameMax));
  }
  if (!name.empty()) return wrong(keyword, fmt::format("\"{}\" is given twice", keyword.text));
  name = word->text;
  return {};
}

Result<void> Parser::parse_flags(const Word& keyword) {
  auto word = argument(keyword, "TCP flags");
  if (!word) return word.error();
  flags_word_ = keyword;
  packet_.fields.tcp_flags = 0;
  if (word->text == "none") return {};
  std::string_view rest = word->text;
  while (true) {
    const std::string_view name = rest.substr(0, rest.find(','));
    const auto flag = value_of(kFlags, name);
    if (!flag)
      return wrong(*word, fmt::format("\"{}\" is not a TCP flag", name),
                   "known: none, " + known_words(kFlags));
    packet_.fields.tcp_flags |= static_cast<uint8_t>(*flag);
    if (name.size() == rest.size()) return {};
    rest.remove_prefix(name.size() + 1);
  }
}

Result<void> Parser::parse_type(const Word& keyword) {
  auto word = argument(keyword, "an ICMP type");
  if (!word) return word.error();
  type_word_ = keyword;
  if (packet_.fields.protocol == kDccp) {
    const auto type = parse_number(word->text, 15);
    if (!type) return wrong(*word, fmt::format("\"{}\" is not a DCCP type", word->text));
    packet_.fields.dccp_type = static_cast<uint8_t>(*type);
    return {};
  }
  const auto types = icmp_types(packet_.fields.protocol);
  if (const auto named = value_of(types, word->text)) {
    packet_.fields.icmp_type = static_cast<uint8_t>(*named >> 8);
    packet_.fields.icmp_code = static_cast<uint8_t>(*named);
    return {};
  }
  const size_t slash = word->text.find('/');
  const auto type = parse_number(word->text.substr(0, slash), 255);
  const auto code = slash == std::string_view::npos
                        ? std::optional(0u)
                        : parse_number(word->text.substr(slash + 1), 255);
  if (!type || !code) {
    return wrong(*word, fmt::format("\"{}\" is not an ICMP type", word->text),
                 "a number, number/code, or one of: " + known_words(types));
  }
  packet_.fields.icmp_type = static_cast<uint8_t>(*type);
  packet_.fields.icmp_code = static_cast<uint8_t>(*code);
  return {};
}

template <class Count>
Result<void> Parser::parse_count(const Word& keyword, std::string_view what, uint32_t max,
                                 Count& count) {
  auto word = argument(keyword, what);
  if (!word) return word.error();
  const auto number = parse_number(word->text, max);
  if (!number)
    return wrong(*word, fmt::format("\"{}\" is not {} of at most {}", word->text, what, max));
  count = static_cast<Count>(*number);
  return {};
}

Result<void> Parser::parse_mac(const Word& keyword) {
  auto word = argument(keyword, "an Ethernet address");
  if (!word) return word.error();
  const auto refused = [&] {
    return wrong(*word, fmt::format("\"{}\" is not an Ethernet address", word->text),
                 "such as 02:00:5e:10:00:01");
  };
  constexpr size_t kLength = 17;
  if (word->text.size() != kLength) return refused();
  uint64_t mac = 0;
  for (size_t i = 0; i < kLength; i += 3) {
    uint8_t byte = 0;
    const char* const end = word->text.data() + i + 2;
    if (std::from_chars(word->text.data() + i, end, byte, 16).ptr != end) return refused();
    if (i + 2 < kLength && *end != ':') return refused();
    mac = mac << 8 | byte;
  }
  packet_.source_mac = mac;
  return {};
}

Result<void> Parser::parse_header(const Word& keyword) {
  auto word = argument(keyword, "a header");
  if (!word) return word.error();
  const size_t colon = word->text.find(':');
  const auto protocol = value_of(kHeaders, word->text.substr(0, colon));
  auto rest =
      colon == std::string_view::npos ? std::nullopt : parse_hex(word->text.substr(colon + 1));
  if (!protocol || !rest) {
    return wrong(*word, fmt::format("\"{}\" is not a header and its bytes", word->text),
                 "such as dst:00010400000000; known: " + known_words(kHeaders));
  }
  std::vector<ExtensionHeader>& headers = packet_.fields.headers;
  if (headers.size() == kHeadersMax) return wrong(keyword, "there are too many headers");
  if (*protocol != IPPROTO_AH && packet_.family() == Family::kIpv4)
    return wrong(*word, "only IPv6 has such a header");
  headers.push_back({static_cast<uint8_t>(*protocol), *std::move(rest)});
  return {};
}

Result<void> Parser::parse_data(const Word& keyword) {
  auto word = argument(keyword, "the payload");
  if (!word) return word.error();
  std::string_view text = word->text;
  std::vector<uint8_t> data(text.begin(), text.end());
  if (text.starts_with("0x")) {
    auto bytes = parse_hex(text.substr(2));
    if (!bytes) {
      return wrong(*word, fmt::format("behind 0x come hexadecimal digits, two a byte, at most {} "
                                      "bytes",
                                      kBytesMax));
    }
    data = *std::move(bytes);
  }
  if (data.size() > kBytesMax)
    return wrong(*word, fmt::format("the payload has more than {} bytes", kBytesMax));
  packet_.fields.data = std::move(data);
  return {};
}

Result<void> Parser::parse_word(const Word& word) {
  if (const auto state = value_of(kStates, word.text)) {
    if (state_word_) return wrong(word, "a packet has one state");
    state_word_ = word;
    packet_.state = static_cast<PacketState>(*state);
    return {};
  }
  if (word.text == "in") return parse_interface(word, packet_.in_interface);
  if (word.text == "out") return parse_interface(word, packet_.out_interface);
  if (word.text == "flags") return parse_flags(word);
  if (word.text == "type") return parse_type(word);
  if (word.text == "mac") return parse_mac(word);
  if (word.text == "header") return parse_header(word);
  if (word.text == "data") return parse_data(word);
  if (const auto cast = value_of(kCasts, word.text)) {
    packet_.cast = static_cast<LinkCast>(*cast);
    return {};
  }
  PacketFields& fields = packet_.fields;
  if (word.text == "length") length_word_ = word;
  if (word.text == "chunk") chunk_word_ = word;
  if (word.text == "length") return parse_count(word, "a length", 65535, fields.length);
  if (word.text == "fragment")
    return parse_count(word, "a fragment offset", 8191, fields.fragment_offset);
  if (word.text == "mark") return parse_count(word, "a mark", UINT32_MAX, packet_.mark);
  if (word.text == "ctmark")
    return parse_count(word, "a mark", UINT32_MAX, packet_.connection_mark);
  if (word.text == "uid") return parse_count(word, "a user", UINT32_MAX, packet_.user);
  if (word.text == "gid") return parse_count(word, "a group", UINT32_MAX, packet_.group);
  if (word.text == "ttl") return parse_count(word, "a time to live", 255, fields.hop_limit);
  if (word.text == "dscp") return parse_count(word, "a DSCP", 63, fields.dscp);
  if (word.text == "ecn") return parse_count(word, "an ECN codepoint", 3, fields.ecn);
  if (word.text == "mss") mss_word_ = word;
  if (word.text == "mss") return parse_count(word, "a segment size", UINT16_MAX, fields.tcp_mss);
  if (word.text == "chunk") return parse_count(word, "a chunk type", 255, fields.sctp_chunk);
  return wrong(word, fmt::format("\"{}\" is not known here", word.text),
               "known: " + known_words(kStates) + ", " + known_words(kCasts) +
                   ", in, out, flags, type, chunk, length, fragment, header, mark, ctmark, ttl, "
                   "dscp, ecn, mss, data, mac, uid, gid");
}

// What depends on several words.
Result<void> Parser::finish() {
  PacketFields& fields = packet_.fields;
  if (flags_word_ && fields.protocol != kTcp) return wrong(*flags_word_, "only TCP has flags");
  if (mss_word_ && fields.protocol != kTcp) return wrong(*mss_word_, "only TCP has a segment size");
  const bool icmp = fields.protocol == kIcmp || fields.protocol == kIcmp6;
  if (type_word_ && !icmp && fields.protocol != kDccp)
    return wrong(*type_word_, "only ICMP and DCCP have a type");
  if (chunk_word_ && fields.protocol != kSctp) return wrong(*chunk_word_, "only SCTP has chunks");
  if (!flags_word_ && fields.protocol == kTcp)
    fields.tcp_flags = packet_.state == PacketState::kNew ? kSyn : kAck;
  if (!type_word_ && icmp) {
    fields.icmp_type =
        static_cast<uint8_t>(*value_of(icmp_types(fields.protocol), "echo-request") >> 8);
  }
  if (!state_word_) packet_.state = state_of_unknown(fields);
  if (length_word_ && fields.length < minimum_length(fields)) {
    return wrong(*length_word_,
                 fmt::format("this packet has at least {} bytes", minimum_length(fields)));
  }
  return {};
}

Result<PacketText> Parser::parse() {
  if (auto done = parse_protocol(); !done) return done.error();
  if (auto done = parse_addresses(); !done) return done.error();
  while (!at_end()) {
    if (auto done = parse_word(take()); !done) return done.error();
  }
  if (auto done = finish(); !done) return done.error();
  return packet_;
}

}  // namespace

Result<PacketText> parse_packet(std::string_view text, const Names& names) {
  return Parser(text, names).parse();
}

Result<PacketText> parse_packet(std::string_view text) { return parse_packet(text, SystemNames()); }

}  // namespace bulkhead::net
