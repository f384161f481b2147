// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/port.h"

#include <netinet/in.h>

#include <charconv>
#include <cstdint>
#include <optional>

#include <fmt/format.h>

#include "ext/argument/number.h"
#include "ext/argument/split.h"
#include "ext/error.h"

namespace bulkhead::ext {
namespace {

constexpr uint16_t kLastPort = 65535;
constexpr size_t kMaxPorts = 15;  // XT_MULTI_PORTS

// The protocols that multiport takes, by their names in /etc/services.
std::string_view service_protocol(uint8_t protocol) {
  switch (protocol) {
    case IPPROTO_TCP: return "tcp";
    case IPPROTO_UDP: return "udp";
    case IPPROTO_UDPLITE: return "udplite";
    case IPPROTO_SCTP: return "sctp";
    case IPPROTO_DCCP: return "dccp";
    default: return "";
  }
}

// xtables_parse_port of libxtables.
Result<uint16_t> parse_port(std::string_view word, std::string_view protocol,
                            const Context& context) {
  if (const std::optional<uint64_t> number = whole_number(word, 0, kLastPort)) {
    return static_cast<uint16_t>(*number);
  }
  if (const std::optional<uint16_t> port = context.names->service(word, protocol)) return *port;
  return usage_error(fmt::format("invalid port/service `{}' specified", word));
}

// As getaddrinfo(3) takes a service: decimal, with white space and a sign before it. It also wraps
// what is above 65535 and takes an empty word for 0; here both are refused, since nobody means port
// 0 by them.
Result<uint16_t> parse_service(std::string_view word, const Context& context) {
  std::string_view digits = word;
  while (!digits.empty() && (digits.front() == ' ' || digits.front() == '\t'))
    digits.remove_prefix(1);
  if (!digits.empty() && digits.front() == '+') digits.remove_prefix(1);

  uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error == std::errc() && end == digits.data() + digits.size()) return port;
  if (const std::optional<uint16_t> known = context.names->service(word, "")) return *known;
  return usage_error(fmt::format("Port \"{}\" does not resolve to anything.", word));
}

std::string canonical_range(uint16_t first, uint16_t last) {
  return first == last ? fmt::format("{}", first) : fmt::format("{}:{}", first, last);
}

// multiport_parse's own check, which comes before it looks at the ports.
Result<void> check_port_protocol(const Context& context) {
  if (context.protocol_negated ||
      (context.protocol != 0 && service_protocol(context.protocol).empty())) {
    return usage_error("multiport only works with TCP, UDP, UDPLITE, SCTP and DCCP");
  }
  if (context.protocol == 0) {
    return usage_error("multiport needs `-p tcp', `-p udp', `-p udplite', `-p sctp' or `-p dccp'");
  }
  return {};
}

std::optional<std::string> service_name(std::string_view port, const Context& context) {
  if (context.names == nullptr) return std::nullopt;
  return context.names->service_name(static_cast<uint16_t>(canonical_number(port)),
                                     service_protocol(context.protocol));
}

}  // namespace

Result<std::string> parse_ports_of(std::string_view protocol, std::string_view word,
                                   const Context& context) {
  const size_t colon = word.find(':');
  if (colon == std::string_view::npos) {
    const Result<uint16_t> port = parse_port(word, protocol, context);
    if (!port) return port.error();
    return canonical_range(*port, *port);
  }
  const std::string_view low = word.substr(0, colon);
  const std::string_view high = word.substr(colon + 1);
  const Result<uint16_t> first =
      low.empty() ? Result<uint16_t>(0) : parse_port(low, protocol, context);
  if (!first) return first.error();
  const Result<uint16_t> last =
      high.empty() ? Result<uint16_t>(kLastPort) : parse_port(high, protocol, context);
  if (!last) return last.error();
  if (*first > *last) return usage_error("invalid portrange (min > max)");
  return canonical_range(*first, *last);
}

Result<std::string> parse_other_ports(std::span<const std::string_view> words,
                                      const Context& context) {
  const std::vector<std::string_view> parts = split(words[0], ':');
  if (parts.size() > 2) {
    return usage_error(fmt::format("{}: Too many components for option \"--{}\" (max: 2)",
                                   context.row, context.option));
  }
  uint16_t range[2] = {0, kLastPort};
  for (size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].empty() && parts.size() == 2) continue;
    const Result<uint16_t> port = parse_service(parts[i], context);
    if (!port) return port.error();
    range[i] = *port;
  }
  return canonical_range(range[0], parts.size() == 1 ? range[0] : range[1]);
}

Result<std::string> parse_port_list(std::span<const std::string_view> words,
                                    const Context& context) {
  if (Result<void> checked = check_port_protocol(context); !checked) return checked.error();
  const std::string_view protocol = service_protocol(context.protocol);

  const Error too_many = usage_error("too many ports specified");
  std::string canonical;
  size_t used = 0;
  for (const std::string_view part : split(words[0], ',')) {
    const size_t colon = part.find(':');
    const bool range = colon != std::string_view::npos;
    if (used + (range ? 2 : 1) > kMaxPorts) return too_many;
    used += range ? 2 : 1;

    const Result<uint16_t> first = parse_port(part.substr(0, colon), protocol, context);
    if (!first) return first.error();
    if (!canonical.empty()) canonical += ',';
    canonical += fmt::format("{}", *first);
    if (!range) continue;
    const Result<uint16_t> last = parse_port(part.substr(colon + 1), protocol, context);
    if (!last) return last.error();
    if (*first >= *last) return usage_error("invalid portrange specified");
    canonical += fmt::format(":{}", *last);
  }
  return canonical;
}

Values port_values(std::string_view canonical, const Context&) {
  std::vector<ir::Interval> intervals;
  for (const std::string_view part : split(canonical, ',')) {
    const size_t colon = part.find(':');
    const uint64_t first = canonical_number(part.substr(0, colon));
    const uint64_t last =
        colon == std::string_view::npos ? first : canonical_number(part.substr(colon + 1));
    if (first <= last) intervals.push_back({first, last});
  }
  return {.values = ir::ValueSet(std::move(intervals))};
}

std::string list_ports(std::string_view canonical, bool numeric, const Context& context) {
  if (numeric) return std::string(canonical);
  return join_mapped(canonical, ',', [&](std::string_view part) {
    return join_mapped(part, ':', [&](std::string_view port) {
      return service_name(port, context).value_or(std::string(port));
    });
  });
}

std::string say_ports(std::string_view canonical, const Context& context) {
  return say_alternatives(canonical, [&](std::string_view part) {
    const size_t colon = part.find(':');
    if (colon != std::string_view::npos)
      return fmt::format("{} to {}", part.substr(0, colon), part.substr(colon + 1));
    const std::optional<std::string> name = service_name(part, context);
    return name ? fmt::format("{} ({})", part, *name) : std::string(part);
  });
}

}  // namespace bulkhead::ext
