// SPDX-License-Identifier: GPL-2.0-or-later
#include <netinet/in.h>

#include "ext/argument/spi_option.h"
#include "ext/row.h"
#include "ext/row_check.h"

namespace bulkhead::ext::match_esp {
namespace {

// RFC 4303, 2.
constexpr ir::Field kSpi{"esp spi", "security parameter index", ir::Kind::kNumber,
                         ir::at(ir::Base::kTransport, 0, 32), ir::at(ir::Base::kTransport, 0, 32)};

constexpr uint8_t kProtocols[] = {IPPROTO_ESP};

constexpr Option kOptions[] = {spi_option("espspi", &kSpi)};

constexpr Example kExamples[] = {
    {
        .rule = "-p esp -m esp --espspi 0x100",
        .canonical = "-p esp -m esp --espspi 256",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x32 ]\n"
               "[ payload load 4b @ transport + 0 => reg 1 ]\n"
               "[ cmp eq reg 1 0x00000100 ]\n"
               "[ payload load 3b @ transport + 5 => reg 1 ]\n"
               "[ cmp gte reg 1 0x000000 ]",
        .hit = "esp 192.0.2.1 > 192.0.2.2 data 0x0000010000000001",
        .miss = "esp 192.0.2.1 > 192.0.2.2 data 0x0000000100000100",
    },
    {
        .rule = "-p esp -m esp --espspi 256:",
        .canonical = "-p esp -m esp --espspi 256:4294967295",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x32 ]\n"
               "[ payload load 4b @ transport + 0 => reg 1 ]\n"
               "[ cmp gte reg 1 0x00000100 ]\n"
               "[ payload load 3b @ transport + 5 => reg 1 ]\n"
               "[ cmp gte reg 1 0x000000 ]",
        .hit = "esp 2001:db8::1 > 2001:db8::2 data 0xffffffff00000001",
        .miss = "esp 2001:db8::1 > 2001:db8::2 data 0x000000ff00000001",
    },
    {
        .rule = "-p esp -m esp ! --espspi 0:255",
        .canonical = "-p esp -m esp ! --espspi 0:255",
        .nft = "[ meta load l4proto => reg 1 ]\n"
               "[ cmp eq reg 1 0x32 ]\n"
               "[ payload load 4b @ transport + 0 => reg 1 ]\n"
               "[ cmp gte reg 1 0x00000100 ]\n"
               "[ payload load 3b @ transport + 5 => reg 1 ]\n"
               "[ cmp gte reg 1 0x000000 ]",
        .hit = "esp 192.0.2.1 > 192.0.2.2 data 0x0000010000000001",
        .miss = "esp 192.0.2.1 > 192.0.2.2 data 0x000000ff00000001",
    },
};

constexpr Match kEsp{
    .name = "esp",
    .protocols = kProtocols,
    .header = ir::Header{.form = ir::Header::Form::kEsp},
    .options = kOptions,
    .list_name = "esp",
    .summary =
        "Looks at the header of ESP, the encrypted packets of IPsec. Loaded by -p esp as soon as "
        "its option is used.",
    .examples = kExamples,
};
static_assert(well_formed(kEsp));

}  // namespace

const Match& row() { return kEsp; }

}  // namespace bulkhead::ext::match_esp
