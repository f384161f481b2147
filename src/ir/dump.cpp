// SPDX-License-Identifier: GPL-2.0-or-later
#include "ir/dump.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "net/address.h"

namespace bulkhead::ir {

namespace {

template <class... Cases> struct Overloaded : Cases... { using Cases::operator()...; };
template <class... Cases> Overloaded(Cases...) -> Overloaded<Cases...>;

constexpr std::string_view kForms[] = {"tcp",  "udp",  "icmp", "icmp6", "ports",
                                       "sctp", "dccp", "esp",  "ah",    "ipcomp"};

std::string hex(U128 value) {
  const auto high = static_cast<uint64_t>(value >> 64);
  const auto low = static_cast<uint64_t>(value);
  return high == 0 ? fmt::format("{:#x}", low) : fmt::format("{:#x}{:016x}", high, low);
}

// The name's bytes up to the zeros behind it; anything that isn't a name in hex.
std::string interface_name(U128 value) {
  std::string out;
  for (int shift = 120; shift >= 0; shift -= 8) {
    const auto byte = static_cast<char>(value >> shift);
    if (byte == 0) break;
    if (byte <= ' ' || byte > '~') return hex(value);
    out += byte;
  }
  return out.empty() ? "none" : out;
}

std::string number(const Field& field, U128 value, net::Family family) {
  switch (field.kind) {
    case Kind::kAddress: return net::to_string(net::Address{family, value});
    case Kind::kInterface: return interface_name(value);
    case Kind::kFlags: return hex(value);
    default: return value >> 32 == 0 ? std::to_string(static_cast<uint32_t>(value)) : hex(value);
  }
}

// `eth+` as a prefix of bytes: the bits behind it are all zeros in the first value and all ones in
// the last.
std::string interval(const Field& field, const Interval& each, net::Family family) {
  if (each.first == each.last) return number(field, each.first, family);
  if (field.kind == Kind::kInterface) {
    for (unsigned bits = 8; bits <= 120; bits += 8) {
      if ((each.first ^ each.last) == low_bits(bits) && (each.first & low_bits(bits)) == 0) {
        return (each.first == 0 ? "" : interface_name(each.first)) + "+";
      }
    }
  }
  return fmt::format("{}-{}", number(field, each.first, family), number(field, each.last, family));
}

std::string constraint(const Constraint& it, net::Family family) {
  std::string out(it.field->name);
  const U128 all = low_bits(it.field->location(family).width);
  if ((it.mask & all) != all) out += "&" + hex(it.mask & all);
  std::string_view before = " ";
  for (const Interval& each : it.values.intervals()) {
    out += fmt::format("{}{}", before, interval(*it.field, each, family));
    before = ", ";
  }
  return it.values.empty() ? out + " nothing" : out;
}

std::string any_of(const AnyOf& it, net::Family family) {
  std::string out;
  for (const Constraint& each : it.alternatives) {
    out += (out.empty() ? "" : " or ") + constraint(each, family);
  }
  return "(" + out + ")";
}

std::string header(const Header& it) {
  std::string out = fmt::format("header {}", kForms[static_cast<size_t>(it.form)]);
  if (it.tcp_option != 0)
    out += fmt::format(" option {}{}", it.tcp_option_negated ? "not " : "", it.tcp_option);
  return out;
}

std::string opaque(const Opaque& it) {
  std::string out = fmt::format("xt {}.{} ", it.name, it.revision);
  for (uint8_t byte : it.bytes) out += fmt::format("{:02x}", byte);
  return out;
}

std::string connection_mark(const ConnectionMark& it) {
  const std::string shifted = it.shift == 0  ? ""
                              : it.shift > 0 ? fmt::format(" << {}", it.shift)
                                             : fmt::format(" >> {}", -it.shift);
  switch (it.mode) {
    case ConnectionMark::Mode::kSet:
      return fmt::format("ct mark = (ct mark & {:#x} ^ {:#x}){}", ~it.connection_mask, it.value,
                         shifted);
    case ConnectionMark::Mode::kSave:
      return fmt::format("ct mark = ct mark & {:#x} ^ (mark & {:#x}{})", ~it.connection_mask,
                         it.packet_mask, shifted);
    case ConnectionMark::Mode::kRestore: break;
  }
  return fmt::format("mark = mark & {:#x} ^ (ct mark & {:#x}{})", ~it.packet_mask,
                     it.connection_mask, shifted);
}

std::string zone(const Zone& it) {
  constexpr std::string_view kDirections[] = {"", " original", " reply"};
  return fmt::format("ct zone{} {}", kDirections[static_cast<size_t>(it.direction)],
                     it.of_mark ? "mark" : std::to_string(it.number));
}

std::string connection_template(const ConnectionTemplate& it) {
  std::string out = zone(it.zone);
  if (!it.helper.empty()) out += fmt::format(" helper {}/{}", it.helper, it.protocol);
  if (it.events) out += fmt::format(" events {:#x}", *it.events);
  return out;
}

std::string nat(const Nat& it) {
  constexpr std::string_view kKinds[] = {"snat", "dnat", "masquerade", "redirect", "netmap"};
  std::string out(kKinds[static_cast<size_t>(it.kind)]);
  if (it.addresses) {
    out += fmt::format(" {}-{}", net::to_string(it.addresses->first),
                       net::to_string(it.addresses->last));
  }
  if (it.ports) {
    out += fmt::format(" ports {}-{}", it.ports->first, it.ports->last);
    if (it.ports->base) out += fmt::format("/{}", *it.ports->base);
  }
  if (it.random) out += " random";
  if (it.fully_random) out += " fully-random";
  if (it.persistent) out += " persistent";
  return out;
}

void add(std::string& out, const Predicate& predicate, net::Family family) {
  for (const Condition& condition : predicate)
    out += (out.empty() ? "" : "; ") + dump(condition, family);
}

}  // namespace

std::string dump(const Condition& condition, net::Family family) {
  return std::visit(Overloaded{
                        [&](const Constraint& it) { return constraint(it, family); },
                        [&](const AnyOf& it) { return any_of(it, family); },
                        [](const Header& it) { return header(it); },
                        [](const Limit& it) {
                          return fmt::format("limit {}/{}s burst {}", it.rate, it.seconds,
                                             it.burst);
                        },
                        [](const Opaque& it) { return opaque(it); },
                    },
                    condition);
}

std::string dump(const Action& action) {
  return std::visit(
      Overloaded{
          [](const Continue&) -> std::string { return "continue"; },
          [](const Accept&) -> std::string { return "accept"; },
          [](const Drop&) -> std::string { return "drop"; },
          [](const Return&) -> std::string { return "return"; },
          [](const Jump& it) {
            return fmt::format("{} {}", it.is_goto ? "goto" : "jump", it.chain);
          },
          [](const Log& it) {
            return fmt::format("log level {} flags {:#x} \"{}\"", it.level, it.flags, it.prefix);
          },
          [](const NetlinkLog& it) {
            return fmt::format("log group {} prefix \"{}\"", it.group, it.prefix);
          },
          [](const Reject& it) {
            return it.tcp_reset ? "reject tcp-reset" : fmt::format("reject icmp {}", it.icmp_code);
          },
          [](const Assign& it) {
            return fmt::format("{} = {} & {} ^ {}", it.field->name, it.field->name, hex(it.keep),
                               hex(it.flip));
          },
          [](const Adjust& it) { return fmt::format("{} {:+}", it.field->name, it.by); },
          [](const ConnectionMark& it) { return connection_mark(it); },
          [](const ConnectionSecurityMark& it) -> std::string {
            return it.restore ? "secmark = ct secmark" : "ct secmark = secmark";
          },
          [](const Untrack&) -> std::string { return "notrack"; },
          [](const Zone& it) { return zone(it); },
          [](const ConnectionTemplate& it) { return connection_template(it); },
          [](const Nat& it) { return nat(it); },
          [](const TransparentProxy& it) {
            return fmt::format("tproxy {}:{} mark & {:#x} ^ {:#x}",
                               it.address ? net::to_string(*it.address) : "", it.port, it.mark_keep,
                               it.mark_flip);
          },
          [](const StripTcpOptions& it) {
            return fmt::format("strip tcp options {}", fmt::join(it.kinds, ","));
          },
          [](const Trace&) -> std::string { return "trace"; },
          [](const OpaqueTarget& it) {
            return fmt::format("xt {}.{} {:02x}{}", it.name, it.revision, fmt::join(it.bytes, ""),
                               it.decides ? " decides" : "");
          },
      },
      action);
}

std::string dump(const Rule& rule, net::Family family) {
  std::string conditions;
  add(conditions, rule.head.predicate, family);
  for (const Match& match : rule.matches) add(conditions, match.predicate, family);
  return fmt::format("#{} {}{}-> {}", rule.id, conditions, conditions.empty() ? "" : " ",
                     dump(rule.target.action));
}

std::string dump(const Ruleset& rules) {
  std::string out;
  for (const Table& table : rules.tables) {
    out += fmt::format("table {}\n", table.name);
    for (const Chain& chain : table.chains) {
      out += fmt::format("  chain {}", chain.name);
      if (chain.policy) out += *chain.policy == Policy::kAccept ? " policy accept" : " policy drop";
      out += '\n';
      for (const Rule& rule : chain.rules) out += fmt::format("    {}\n", dump(rule, rules.family));
    }
  }
  return out;
}

}  // namespace bulkhead::ir
