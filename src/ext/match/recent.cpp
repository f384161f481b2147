// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/netfilter/xt_recent.h>

#include <cerrno>
#include <cstring>
#include <span>

#include <fmt/format.h>

#include "core/byte_order.h"
#include "ext/argument/list_name.h"
#include "ext/argument/number.h"
#include "ext/error.h"
#include "ext/opaque.h"
#include "ext/row.h"
#include "ext/row_check.h"
#include "net/address.h"

namespace bulkhead::ext::match_recent {
namespace {

struct Flag {
  std::string_view option;
  uint8_t bit;
  std::string_view listed;
};

// What is done with the list: one of these.
constexpr Flag kDeeds[] = {
    {"set", XT_RECENT_SET, "SET"},
    {"rcheck", XT_RECENT_CHECK, "CHECK"},
    {"update", XT_RECENT_UPDATE, "UPDATE"},
    {"remove", XT_RECENT_REMOVE, "REMOVE"},
};
constexpr uint8_t kOneDeed = 1;
constexpr uint8_t kOneSide = 2;

// The kernel notes the time of so many packets of an address at most (XT_RECENT_MAX_NSTAMPS - 1).
constexpr uint64_t kMostHits = 65535;

// As getaddrinfo(3) refuses a mask, but for the bare number that it takes for an address: 24 is no
// mask, and 0.0.0.24 isn't what is meant by it.
Result<std::string> parse_mask(std::span<const std::string_view> words, const Context& context) {
  if (const auto mask = net::parse_address(context.family, words[0])) return net::to_string(*mask);
  const bool v4 = context.family == net::Family::kIpv4;
  const net::Family other = v4 ? net::Family::kIpv6 : net::Family::kIpv4;
  return usage_error(
      fmt::format("getaddrinfo: {}", net::parse_address(other, words[0])
                                         ? "Address family for hostname not supported"
                                         : "Name or service not known"));
}

constexpr ArgumentType kMask{.words = "mask", .parse = parse_mask};

struct Arguments {
  const Flag* deed = nullptr;
  bool negated = false;
  uint64_t seconds = 0;
  uint64_t hits = 0;
  bool reap = false;
  bool same_ttl = false;
  bool destination = false;
  std::string_view name;
  std::string_view mask;
};

Arguments read(std::span<const ir::Argument> arguments) {
  Arguments given;
  for (const ir::Argument& argument : arguments) {
    for (const Flag& deed : kDeeds) {
      if (argument.option != deed.option) continue;
      given.deed = &deed;
      given.negated = argument.negated;
    }
    if (argument.option == "seconds") given.seconds = canonical_number(argument.text);
    if (argument.option == "hitcount") given.hits = canonical_number(argument.text);
    if (argument.option == "reap") given.reap = true;
    if (argument.option == "rttl") given.same_ttl = true;
    if (argument.option == "rdest") given.destination = true;
    if (argument.option == "name") given.name = argument.text;
    if (argument.option == "mask") given.mask = argument.text;
  }
  return given;
}

// A list may have addresses of both families, and the rule that makes it gives the mask for both.
// The whole address is that of IPv6 too; any other mask of IPv4 takes only the first four bytes.
void fill_mask(nf_inet_addr& bytes, const net::Address& mask) {
  const unsigned bits = net::address_bits(mask.family);
  if (mask.value == low_bits(bits)) {
    std::memset(&bytes, 0xff, sizeof bytes);
  } else {
    store_be(mask.value, std::span(reinterpret_cast<uint8_t*>(&bytes), bits / 8));
  }
}

// recent_mt_check() of net/netfilter/xt_recent.c.
Result<void> check(const Arguments& given) {
  const bool asks = given.deed->bit == XT_RECENT_CHECK || given.deed->bit == XT_RECENT_UPDATE;
  if (!asks && (given.seconds != 0 || given.hits != 0)) {
    return kernel_refusal(
        EINVAL, fmt::format("--{} doesn't ask for seconds or a hitcount", given.deed->option));
  }
  if (given.hits > kMostHits)
    return kernel_refusal(EINVAL, fmt::format("a hitcount is at most {}", kMostHits));
  return check_list_name(given.name);
}

Result<ir::Predicate> lower(std::span<const ir::Argument> arguments, const Context& context) {
  const Arguments given = read(arguments);
  if (Result<void> checked = check(given); !checked) return checked.error();
  return ir::Predicate{
      xt_match_with_memory<xt_recent_mtinfo_v1>("recent", 1, [&](xt_recent_mtinfo_v1& info) {
        info.seconds = static_cast<uint32_t>(given.seconds);
        info.hit_count = static_cast<uint32_t>(given.hits);
        info.check_set = given.deed->bit;
        if (given.reap) info.check_set |= XT_RECENT_REAP;
        if (given.same_ttl) info.check_set |= XT_RECENT_TTL;
        info.invert = given.negated ? 1 : 0;
        given.name.copy(info.name, sizeof info.name - 1);
        info.side = given.destination ? XT_RECENT_DEST : XT_RECENT_SOURCE;
        fill_mask(info.mask, net::parse_address(context.family, given.mask).value());
      })};
}

std::string list(std::span<const ir::Argument> arguments, bool, const Context&) {
  const Arguments given = read(arguments);
  std::string text = fmt::format("{}recent: {}", given.negated ? "! " : "", given.deed->listed);
  if (given.seconds != 0) text += fmt::format(" seconds: {}", given.seconds);
  if (given.reap) text += " reap";
  if (given.hits != 0) text += fmt::format(" hit_count: {}", given.hits);
  if (given.same_ttl) text += " TTL-Match";
  return text + fmt::format(" name: {} side: {} mask: {}", given.name,
                            given.destination ? "dest" : "source", given.mask);
}

constexpr std::string_view kNotAsked[] = {"set", "remove"};

constexpr Option kOptions[] = {
    {
        .name = "set",
        .type = &kFlag,
        .group = kOneDeed,
        .help = "puts the address on the list, and always holds",
        .sentence = "its address is put on the list{, which never holds}",
    },
    {
        .name = "rcheck",
        .type = &kFlag,
        .group = kOneDeed,
        .help = "the address is on the list",
        .sentence = "its address is {not }on the list",
    },
    {
        .name = "update",
        .type = &kFlag,
        .group = kOneDeed,
        .help = "the same, and if so the packet is noted there",
        .sentence = "its address is {not }on the list (and the packet noted there)",
    },
    {
        .name = "remove",
        .type = &kFlag,
        .group = kOneDeed,
        .help = "the same, and if so the address is taken off the list",
        .sentence = "its address is {not }on the list (and taken off it)",
    },
    {
        .name = "seconds",
        .type = &kNumber<1, UINT32_MAX>,
        .negation = Negation::kRefused,
        .modifier = true,
        .help = "only if it was noted in the last so many seconds",
        .sentence = "noted in the last {} seconds",
    },
    {
        .name = "reap",
        .type = &kFlag,
        .negation = Negation::kRefused,
        .also = "seconds",
        .modifier = true,
        .help = "and what is older than that is taken off the list",
        .sentence = "what is older is taken off",
    },
    {
        .name = "hitcount",
        .type = &kNumber<0, UINT32_MAX>,
        .negation = Negation::kRefused,
        .modifier = true,
        .fallback = "0",
        .help = "only if it was noted at least so often",
        .sentence = "noted {} times or more",
    },
    {
        .name = "rttl",
        .type = &kFlag,
        .negation = Negation::kRefused,
        .excludes = kNotAsked,
        .modifier = true,
        .help = "only if the packet that put it there had this one's TTL",
        .sentence = "with this packet's TTL",
    },
    {
        .name = "name",
        .type = &kListName<0, XT_RECENT_NAME_LEN - 1>,
        .negation = Negation::kRefused,
        .modifier = true,
        .fallback = "DEFAULT",
        .always_printed = true,
        .help = "the list's name, DEFAULT unless given",
        .sentence = "the list is {}",
    },
    {
        .name = "mask",
        .type = &kMask,
        .negation = Negation::kRefused,
        .modifier = true,
        .fallback = "255.255.255.255",
        .fallback6 = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        .always_printed = true,
        .help = "the bits of the address that count, all unless given",
        .sentence = "of the address {} counts",
    },
    {
        .name = "rsource",
        .type = &kFlag,
        .negation = Negation::kRefused,
        .group = kOneSide,
        .modifier = true,
        .always_printed = true,
        .help = "it is the source address; so unless given",
        .sentence = "it is the source",
    },
    {
        .name = "rdest",
        .type = &kFlag,
        .negation = Negation::kRefused,
        .group = kOneSide,
        .modifier = true,
        .help = "it is the destination address",
        .sentence = "it is the destination",
    },
};

constexpr Example kExamples[] = {
    {
        .rule = "-p udp -m recent --set",
        .canonical = "-p udp -m recent --set --name DEFAULT --mask 255.255.255.255 --rsource",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x11 ]\n"
               "[ match recent rev 1 0x0000000000000000020044454641554c54(195 zeros)ffffffffffff"
               "ffffffffffffffffffff00000000 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53",
        .miss = "tcp 192.0.2.1:40000 > 192.0.2.2:53",
    },
    // Never holds: what it does shows in a rule that asks the list.
    {
        .rule = "-m recent ! --set --name seen --rdest",
        .canonical = "-m recent ! --set --name seen --mask 255.255.255.255 --rdest",
        .nft = "[ match recent rev 1 0x000000000000000002017365656e(196 zeros)0100ffffffffffffff"
               "ffffffffffffffffff00000000 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53",
        .miss = "udp 192.0.2.7:40000 > 192.0.2.2:53",
        .shown_by = "recent_test.cpp",
    },
    // The second packet from a network within a minute.
    {
        .rule = "-m recent --set --name seen --mask 255.255.255.248 "
                "-m recent --rcheck --seconds 60 --reap --hitcount 2 --rttl --name seen",
        .canonical = "-m recent --set --name seen --mask 255.255.255.248 --rsource "
                     "-m recent --rcheck --seconds 60 --reap --hitcount 2 --rttl --name seen "
                     "--mask 255.255.255.255 --rsource",
        .nft = "[ match recent rev 1 0x000000000000000002007365656e(198 zeros)fffffff80000000000"
               "0000000000000000000000 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53",
        .miss = "udp 192.0.2.9:40000 > 192.0.2.2:53",
        .before = "udp 192.0.2.3:40000 > 192.0.2.2:53",
    },
    {
        .rule = "-p udp -m recent ! --rcheck --seconds 60 --reap --hitcount 8 --rttl",
        .canonical =
            "-p udp -m recent ! --rcheck --seconds 60 --reap --hitcount 8 --rttl --name DEFAULT "
            "--mask 255.255.255.255 --rsource",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x11 ]\n"
               "[ match recent rev 1 0x3c00000008000000310144454641554c54(195 zeros)ffffffffffff"
               "ffffffffffffffffffff00000000 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53",
        .miss = "tcp 192.0.2.1:40000 > 192.0.2.2:53",
    },
    {
        .rule = "-m recent --set --name to "
                "--mask ffff:ffff:ffff:ffff:ffff:ffff:ffff:fff8 --rdest "
                "-m recent --update --hitcount 2 --name to --rdest",
        .canonical =
            "-m recent --set --name to --mask ffff:ffff:ffff:ffff:ffff:ffff:ffff:fff8 --rdest "
            "-m recent --update --hitcount 2 --name to "
            "--mask ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff --rdest",
        .nft = "[ match recent rev 1 0x00000000000000000200746f(198 zeros)0100ffffffffffffffffff"
               "fffffffffffff800000000 ]",
        .hit = "udp [2001:db8::2]:40000 > [2001:db8::1]:53 out eth0",
        .miss = "udp [2001:db8::2]:40000 > [2001:db8::9]:53 out eth0",
        .before = "udp [2001:db8::2]:40000 > [2001:db8::7]:53 out eth0",
    },
    {
        .rule = "-p udp -m recent ! --update",
        .canonical = "-p udp -m recent ! --update --name DEFAULT "
                     "--mask ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff --rsource",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x11 ]\n"
               "[ match recent rev 1 0x0000000000000000040144454641554c54(195 zeros)ffffffffffff"
               "ffffffffffffffffffff00000000 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53",
        .miss = "tcp [2001:db8::1]:40000 > [2001:db8::2]:53",
    },
    {
        .rule = "-p udp -m recent --set --name seen -m recent --remove --name seen",
        .canonical = "-p udp -m recent --set --name seen --mask 255.255.255.255 --rsource "
                     "-m recent --remove --name seen --mask 255.255.255.255 --rsource",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x11 ]\n"
               "[ match recent rev 1 0x000000000000000002007365656e(198 zeros)ffffffffffffffffff"
               "ffffffffffffff00000000 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53",
        .miss = "tcp 192.0.2.1:40000 > 192.0.2.2:53",
    },
    {
        .rule = "-p udp -m recent ! --remove --name seen",
        .canonical = "-p udp -m recent ! --remove --name seen --mask 255.255.255.255 --rsource",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x11 ]\n"
               "[ match recent rev 1 0x000000000000000008017365656e(198 zeros)ffffffffffffffffff"
               "ffffffffffffff00000000 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53",
        .miss = "tcp 192.0.2.1:40000 > 192.0.2.2:53",
    },
};

constexpr Match kRecent{
    .name = "recent",
    .options = kOptions,
    .bare_error = "recent: you must specify one of `--set', `--rcheck' `--update' or `--remove'",
    .summary =
        "A list of addresses by which packets came lately: puts them on it, asks for them, takes "
        "them off. All rules that name a list share it. It is there as long as one of them is, can "
        "be read and written as /proc/net/xt_recent/NAME, and survives what is done to other "
        "rules.",
    .list = list,
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kRecent));

}  // namespace

const Match& row() { return kRecent; }

}  // namespace bulkhead::ext::match_recent
