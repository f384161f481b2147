// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/ip_vs.h>
#include <linux/netfilter/xt_ipvs.h>

#include <algorithm>

#include <fmt/format.h>

#include "core/byte_order.h"
#include "ext/argument/host_mask.h"
#include "ext/argument/number.h"
#include "ext/argument/protocol.h"
#include "ext/argument/word.h"
#include "ext/error.h"
#include "ext/opaque.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::match_ipvs {
namespace {

Result<std::string> parse_port(std::span<const std::string_view> words, const Context& context) {
  if (const auto number = whole_number(words[0], 0, UINT16_MAX)) return fmt::format("{}", *number);
  if (const auto port = context.names->service(words[0], "")) return fmt::format("{}", *port);
  return usage_error(fmt::format("Port \"{}\" does not resolve to anything.", words[0]));
}

constexpr ArgumentType kPort{.words = "port", .parse = parse_port};

constexpr std::string_view kDirections[] = {"ORIGINAL", "REPLY"};
struct Method {
  std::string_view name;
  uint8_t value;
};
constexpr Method kMethods[] = {
    {"GATE", IP_VS_CONN_F_DROUTE}, {"IPIP", IP_VS_CONN_F_TUNNEL}, {"MASQ", IP_VS_CONN_F_MASQ}};

Error bad_value(std::string_view word, const Context& context) {
  return usage_error(
      fmt::format("ipvs: Bad value for \"--{}\" option: \"{}\"", context.option, word));
}

constexpr ArgumentType kDirection{
    .words = "ORIGINAL|REPLY",
    .parse = [](std::span<const std::string_view> words,
                const Context& context) -> Result<std::string> {
      for (const std::string_view name : kDirections) {
        if (same_word(words[0], name)) return std::string(name);
      }
      return bad_value(words[0], context);
    },
};
constexpr ArgumentType kMethod{
    .words = "GATE|IPIP|MASQ",
    .parse = [](std::span<const std::string_view> words,
                const Context& context) -> Result<std::string> {
      for (const Method& method : kMethods) {
        if (same_word(words[0], method.name)) return std::string(method.name);
      }
      return bad_value(words[0], context);
    },
};

// Each of the others asks for --ipvs, too.
Result<void> settle(std::vector<ir::Argument>& arguments, const Context&) {
  if (arguments.empty()) return usage_error("IPVS: At least one option is required");
  if (arguments.size() == 1 || arguments[0].option != "ipvs") return {};
  if (arguments[0].negated) return usage_error("! --ipvs cannot be together with other options");
  arguments.erase(arguments.begin());
  return {};
}

struct Asked {
  std::string_view option;
  uint8_t bit;
};
constexpr Asked kAsked[] = {
    {"ipvs", XT_IPVS_IPVS_PROPERTY}, {"vproto", XT_IPVS_PROTO}, {"vaddr", XT_IPVS_VADDR},
    {"vport", XT_IPVS_VPORT},        {"vdir", XT_IPVS_DIR},     {"vmethod", XT_IPVS_METHOD},
    {"vportctl", XT_IPVS_VPORTCTL},
};

void put_address(nf_inet_addr& to, net::Family family, U128 value) {
  store_be(value, std::span(reinterpret_cast<uint8_t*>(&to), net::address_bits(family) / 8));
}

void put_port(uint16_t& to, std::string_view canonical) {
  store_be(canonical_number(canonical), std::span(reinterpret_cast<uint8_t*>(&to), sizeof to));
}

void fill(xt_ipvs_mtinfo& info, const ir::Argument& argument, const Context& context) {
  const auto* asked = std::ranges::find(kAsked, argument.option, &Asked::option);
  info.bitmask |= asked->bit;
  if (argument.negated) info.invert |= asked->bit;
  switch (asked->bit) {
    case XT_IPVS_PROTO: info.l4proto = static_cast<uint8_t>(canonical_number(argument.text)); break;
    case XT_IPVS_VADDR: {
      const HostMask host = read_host_mask(argument.text, context.family);
      put_address(info.vaddr, context.family, host.address.value);
      put_address(info.vmask, context.family, host.mask);
      break;
    }
    case XT_IPVS_VPORT: put_port(info.vport, argument.text); break;
    case XT_IPVS_DIR:
      if (argument.text == "REPLY") info.invert |= XT_IPVS_DIR;
      break;
    case XT_IPVS_METHOD:
      info.fwd_method = std::ranges::find(kMethods, argument.text, &Method::name)->value;
      break;
    case XT_IPVS_VPORTCTL: put_port(info.vportctl, argument.text); break;
    default: break;
  }
}

Result<ir::Predicate> lower(std::span<const ir::Argument> arguments, const Context& context) {
  return ir::Predicate{xt_match<xt_ipvs_mtinfo>("ipvs", 0, [&](xt_ipvs_mtinfo& info) {
    info.bitmask = XT_IPVS_IPVS_PROPERTY;
    for (const ir::Argument& argument : arguments) fill(info, argument, context);
  })};
}

constexpr Option kOptions[] = {
    {
        .name = "ipvs",
        .type = &kFlag,
        .list = "{! }ipvs",
        .help = "it belongs to a connection of IPVS; all other options imply it",
        .sentence = "it does {not }belong to a connection of IPVS",
    },
    {
        .name = "vproto",
        .type = &kProtocolName,
        .list = "{! }vproto {}",
        .help = "the protocol of the virtual address, by number or name",
        .sentence = "the virtual service's protocol is {not }{}",
    },
    {
        .name = "vaddr",
        .type = &kHostMask,
        .list = "{! }vaddr {}",
        .help = "the virtual address",
        .sentence = "the virtual address is {not }{}",
    },
    {
        .name = "vport",
        .type = &kPort,
        .list = "{! }vport {}",
        .help = "the port of the virtual address, by number or name",
        .sentence = "the virtual port is {not }{}",
    },
    {
        .name = "vdir",
        .type = &kDirection,
        .negation = Negation::kRefused,
        .list = "vdir {}",
        .help = "as the connection's first packet goes, or the other way",
        .sentence = "its direction is {}",
    },
    {
        .name = "vmethod",
        .type = &kMethod,
        .list = "{! }vmethod {}",
        .help = "how IPVS forwards the connection",
        .sentence = "it is {not }forwarded by {}",
    },
    {
        .name = "vportctl",
        .type = &kPort,
        .list = "{! }vportctl {}",
        .help = "the virtual port of the connection that controls it (21 of ftp)",
        .sentence = "the virtual port that controls it is {not }{}",
    },
};

constexpr std::string_view kShownBy = "ipvs_test.cpp";
constexpr std::string_view kHit = "tcp 192.0.2.1:40000 > 192.0.2.2:80 in eth0";
constexpr std::string_view kMiss = "tcp 192.0.2.1:40000 > 192.0.2.2:81 in eth0";

constexpr Example kExamples[] = {
    {
        .rule = "-m ipvs --ipvs",
        .canonical = "-m ipvs --ipvs",
        .nft = "[ match ipvs rev 0 0x(39 zeros)01 ]",
        .hit = kHit,
        .miss = kMiss,
        .shown_by = kShownBy,
    },
    {
        .rule = "-m ipvs ! --ipvs",
        .canonical = "-m ipvs ! --ipvs",
        .nft = "[ match ipvs rev 0 0x(38 zeros)0101 ]",
        .hit = kMiss,
        .miss = kHit,
        .shown_by = kShownBy,
    },
    {
        .rule = "-m ipvs --ipvs --vproto tcp --vaddr 192.0.2.2/24 --vport http --vdir reply "
                "--vmethod gate --vportctl 21",
        .canonical = "-m ipvs --vproto 6 --vaddr 192.0.2.2/24 --vport 80 --vdir REPLY "
                     "--vmethod GATE --vportctl 21",
        .nft = "[ match ipvs rev 0 0xc0000202000000000000000000000000ffffff0000000000000000000000"
               "0000005006030015107f ]",
        .hit = kHit,
        .miss = kMiss,
        .shown_by = kShownBy,
    },
    {
        .rule = "-m ipvs ! --vproto 17 ! --vaddr 192.0.2.9 ! --vport 81 ! --vmethod MASQ "
                "! --vportctl 22 --vdir ORIGINAL",
        .canonical = "-m ipvs ! --vproto 17 ! --vaddr 192.0.2.9 ! --vport 81 --vdir ORIGINAL "
                     "! --vmethod MASQ ! --vportctl 22",
        .nft = "[ match ipvs rev 0 0xc0000209000000000000000000000000ffffffff00000000000000000000"
               "00000051110000166e7f ]",
        .hit = kHit,
        .miss = kMiss,
        .shown_by = kShownBy,
    },
};

constexpr Match kIpvs{
    .name = "ipvs",
    .options = kOptions,
    .summary =
        "Whether the packet belongs to a connection that IPVS, the kernel's load balancer, hands "
        "on, and to which of its virtual services. Needs a kernel with IPVS.",
    .settle = settle,
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kIpvs));

}  // namespace

const Match& row() { return kIpvs; }

}  // namespace bulkhead::ext::match_ipvs
