// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/xt_opts.h"

#include <linux/netfilter_ipv6/ip6t_opts.h>

#include "ext/argument/ip6_options.h"
#include "ext/argument/number.h"
#include "ext/opaque.h"

namespace bulkhead::ext {

ir::Opaque xt_opts(std::string_view name, std::span<const ir::Argument> arguments) {
  return xt_match<ip6t_opts>(name, 0, [&](ip6t_opts& info) {
    for (const ir::Argument& argument : arguments) {
      if (argument.option.ends_with("-len")) {
        info.flags |= IP6T_OPTS_LEN;
        info.hdrlen = static_cast<uint32_t>(canonical_number(argument.text));
        if (argument.negated) info.invflags |= IP6T_OPTS_INV_LEN;
        continue;
      }
      info.flags |= IP6T_OPTS_OPTS;
      for (const Ip6Option& option : read_ip6_options(argument.text)) {
        const unsigned length = option.length.value_or(UINT8_MAX);
        info.opts[info.optsnr++] = static_cast<uint16_t>(option.type << 8 | length);
      }
    }
  });
}

}  // namespace bulkhead::ext
