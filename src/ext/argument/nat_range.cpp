// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/nat_range.h"

#include <netinet/in.h>

#include <cstdint>

#include <fmt/format.h>

#include "ext/argument/number.h"
#include "ext/error.h"
#include "net/address.h"

namespace bulkhead::ext {
namespace {

struct Parts {
  std::string_view addresses;
  std::optional<std::string_view> ports;
};

// One colon stands before ports; more than one are of an IPv6 address, unless it has brackets.
// iptables takes no notice of what else stands around the brackets; here it is refused, since it
// may well be a port without its colon.
Result<Parts> parts_of(std::string_view word, net::Family family) {
  const Error malformed = usage_error("Invalid address format");
  if (word.find('[') == std::string_view::npos) {
    const size_t colon = word.find(':');
    if (colon == std::string_view::npos || word.find(':', colon + 1) != std::string_view::npos)
      return Parts{word, {}};
    return Parts{word.substr(0, colon), word.substr(colon + 1)};
  }
  const size_t end = word.find(']');
  if (family == net::Family::kIpv4 || word.front() != '[' || end == std::string_view::npos)
    return malformed;
  const std::string_view addresses = word.substr(1, end - 1);
  const std::string_view rest = word.substr(end + 1);
  if (rest.empty()) return Parts{addresses, {}};
  if (rest.front() != ':') return malformed;
  return Parts{addresses, rest.substr(1)};
}

Error bad_port(std::string_view word) {
  return usage_error(fmt::format("Port `{}' not valid", word));
}

Error garbage(std::string_view behind, std::string_view rest) {
  return usage_error(fmt::format("Garbage after port {}: `{}'", behind, rest));
}

// A service's name, where iptables takes one: only all of the word.
Result<uint16_t> service(std::string_view word, const Context& context) {
  if (const std::optional<uint16_t> port = context.names->service(word, "")) return *port;
  return bad_port(word);
}

// Behind the '/'. iptables doesn't look at what follows the number.
Result<uint16_t> read_base(std::string_view word, const Context& context) {
  const std::optional<Number> number = leading_number(word, UINT16_MAX);
  if (!number || number->value == 0) return service(word, context);
  if (!number->rest.empty()) return garbage("range", number->rest);
  return static_cast<uint16_t>(number->value);
}

Result<ir::Nat::Ports> read_ports(std::string_view word, const Context& context) {
  const std::optional<Number> first = leading_number(word, UINT16_MAX);
  if (!first) {
    const Result<uint16_t> port = service(word, context);
    if (!port) return port.error();
    return ir::Nat::Ports{*port, *port, {}};
  }
  const auto port = static_cast<uint16_t>(first->value);
  if (first->rest.empty()) return ir::Nat::Ports{port, port, {}};
  if (first->rest.front() == ':') return usage_error("Invalid port:port syntax - use dash");
  if (first->rest.front() != '-') return garbage("value", first->rest);

  const std::string_view behind_dash = first->rest.substr(1);
  const std::optional<Number> last = leading_number(behind_dash, UINT16_MAX);
  if (!last) return bad_port(behind_dash);
  if (last->value < port) return usage_error(fmt::format("Port range `{}' funky", behind_dash));
  ir::Nat::Ports ports{port, static_cast<uint16_t>(last->value), {}};
  if (last->rest.empty()) return ports;
  if (last->rest.front() != '/') return garbage("range", last->rest);
  const Result<uint16_t> base = read_base(last->rest.substr(1), context);
  if (!base) return base.error();
  ports.base = *base;
  return ports;
}

// A range from high to low makes the kernel choose any address at all.
Result<ir::Nat::Addresses> read_addresses(std::string_view text, net::Family family) {
  const size_t dash = text.find('-');
  const std::string_view words[] = {text.substr(0, dash),
                                    dash == std::string_view::npos ? text : text.substr(dash + 1)};
  ir::Nat::Addresses addresses;
  net::Address* const ends[] = {&addresses.first, &addresses.last};
  for (size_t i = 0; i < 2; ++i) {
    const std::optional<net::Address> address = net::parse_address(family, words[i]);
    if (!address) return usage_error(fmt::format("Bad IP address \"{}\"", words[i]));
    *ends[i] = *address;
  }
  if (addresses.first.value > addresses.last.value)
    return usage_error(fmt::format("Address range `{}' goes from high to low", text));
  return addresses;
}

// Whoever has no ports is refused before they are looked at; a negated -p is not asked about.
Result<void> check_protocol(const Context& context) {
  switch (context.protocol) {
    case IPPROTO_TCP:
    case IPPROTO_UDP:
    case IPPROTO_SCTP:
    case IPPROTO_DCCP:
    case IPPROTO_ICMP: return {};
    default: return usage_error("Need TCP, UDP, SCTP or DCCP with port specification");
  }
}

Result<NatRange> read(const Parts& parts, const Context& context) {
  NatRange range;
  if (parts.ports) {
    const Result<ir::Nat::Ports> ports = read_ports(*parts.ports, context);
    if (!ports) return ports.error();
    range.ports = *ports;
    if (parts.addresses.empty()) return range;
  }
  const Result<ir::Nat::Addresses> addresses = read_addresses(parts.addresses, context.family);
  if (!addresses) return addresses.error();
  range.addresses = *addresses;
  return range;
}

std::string to_text(const ir::Nat::Ports& ports) {
  std::string text = fmt::format("{}", ports.first);
  if (ports.last != ports.first) text += fmt::format("-{}", ports.last);
  // iptables prints "80/5" for 80-80/5, which it then can't read.
  if (ports.base && ports.last != ports.first) text += fmt::format("/{}", *ports.base);
  return text;
}

std::string to_text(const NatRange& range) {
  std::string text;
  if (range.addresses) {
    const auto& [first, last] = *range.addresses;
    text = net::to_string(first);
    if (last != first) text += '-' + net::to_string(last);
    if (range.ports && first.family == net::Family::kIpv6) text = '[' + text + ']';
  }
  if (range.ports) text += ':' + to_text(*range.ports);
  return text;
}

// iptables says so of REDIRECT. Of SNAT and MASQUERADE it keeps that there is a base, and loses
// which.
Result<void> check_unshifted(const std::optional<ir::Nat::Ports>& ports) {
  if (!ports || !ports->base) return {};
  return usage_error("Shifted portmap ranges not supported with this kernel");
}

Result<NatRange> parse(std::string_view word, const Context& context) {
  const Result<Parts> parts = parts_of(word, context.family);
  if (!parts) return parts.error();
  if (parts->ports) {
    if (Result<void> checked = check_protocol(context); !checked) return checked.error();
  }
  return read(*parts, context);
}

}  // namespace

Result<std::string> parse_shifted_nat_range(std::span<const std::string_view> words,
                                            const Context& context) {
  const Result<NatRange> range = parse(words[0], context);
  if (!range) return range.error();
  return to_text(*range);
}

Result<std::string> parse_nat_range(std::span<const std::string_view> words,
                                    const Context& context) {
  const Result<NatRange> range = parse(words[0], context);
  if (!range) return range.error();
  if (Result<void> checked = check_unshifted(range->ports); !checked) return checked.error();
  return to_text(*range);
}

Result<std::string> parse_nat_ports(std::span<const std::string_view> words,
                                    const Context& context) {
  if (Result<void> checked = check_protocol(context); !checked) return checked.error();
  const Result<ir::Nat::Ports> ports = read_ports(words[0], context);
  if (!ports) return ports.error();
  if (Result<void> checked = check_unshifted(*ports); !checked) return checked.error();
  return to_text(*ports);
}

NatRange read_nat_range(std::string_view canonical, net::Family family) {
  return *read(*parts_of(canonical, family), {.family = family});
}

ir::Nat::Ports read_nat_ports(std::string_view canonical) { return *read_ports(canonical, {}); }

}  // namespace bulkhead::ext
