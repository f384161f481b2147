// SPDX-License-Identifier: GPL-2.0-or-later
#include <netinet/in.h>

#include "ext/argument/spi_option.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::match_ah {
namespace {

// RFC 4302, 2.
constexpr ir::Field kSpi{"ah spi",
                         "security parameter index",
                         ir::Kind::kNumber,
                         ir::at(ir::Base::kTransport, 32, 32),
                         {}};

constexpr uint8_t kProtocols[] = {IPPROTO_AH};

constexpr Option kOptions[] = {spi_option("ahspi", &kSpi)};

// The name is followed by a space, whether or not something follows that.
std::string list(std::span<const ir::Argument> arguments, bool, const Context&) {
  std::string text = "ah ";
  for (const ir::Argument& argument : arguments) text += list_range32("spi", argument);
  return text;
}

constexpr Example kExamples[] = {
    {
        .rule = "-p ah -m ah --ahspi 256",
        .canonical = "-p ah -m ah --ahspi 256",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x33 ]\n"
               "[ payload load 4b @ transport + 4 => reg 1 ]\n"
               "[ cmp eq reg 1 0x00000100 ]\n"
               "[ payload load 3b @ transport + 9 => reg 1 ]\n"
               "[ cmp gte reg 1 0x000000 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53 header ah:0100000000010000000001",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53 header ah:0100000000000100000100",
    },
    {
        .rule = "-p ah -m ah ! --ahspi 1:255",
        .canonical = "-p ah -m ah ! --ahspi 1:255",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x33 ]\n"
               "[ payload load 4b @ transport + 4 => reg 1 ]\n"
               "[ range neq reg 1 0x00000001-0x000000ff ]\n"
               "[ payload load 3b @ transport + 9 => reg 1 ]\n"
               "[ cmp gte reg 1 0x000000 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53 header ah:0100000000010000000001",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53 header ah:010000000000ff00000001",
    },
    {
        .rule = "-p ah -m ah --ahspi :4294967295",
        .canonical = "-p ah -m ah",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x33 ]\n"
               "[ payload load 3b @ transport + 9 => reg 1 ]\n"
               "[ cmp gte reg 1 0x000000 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53 header ah:010000ffffffff00000001",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53",
    },
};

constexpr Match kAh{
    .name = "ah",
    .families = Families::kIpv4,
    .protocols = kProtocols,
    .header = ir::Header{.form = ir::Header::Form::kAh},
    .options = kOptions,
    .list_name = "ah",
    .summary =
        "Looks at the authentication header of IPsec. Loaded by -p ah as soon as its option is "
        "used.",
    .list = list,
    .examples = kExamples,
};
static_assert(well_formed(kAh));

}  // namespace

const Match& row() { return kAh; }

}  // namespace bulkhead::ext::match_ah
