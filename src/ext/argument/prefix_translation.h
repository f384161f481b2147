// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cerrno>

#include "ext/argument/host_mask.h"
#include "ext/error.h"
#include "ext/row.h"

// What SNPT and DNPT share (RFC 6296). Both are read and refused: a prefix is exchanged together
// with 16 bits that keep the checksum as it was, a sum that nf_tables can't do.

namespace bulkhead::ext {

inline Result<std::string> parse_prefix_text(std::span<const std::string_view> words,
                                             const Context& context) {
  Result<std::string> text = parse_host_mask(words, context);
  if (text && text->find('/') == std::string::npos) *text += "/128";
  return text;
}

inline constexpr ArgumentType kTranslatedPrefix{.words = "prefix/length",
                                                .parse = parse_prefix_text};

inline Result<ir::Action> refuse_prefix_translation(std::span<const ir::Argument>, const Context&) {
  return kernel_refusal(
      EOPNOTSUPP,
      "nf_tables can't translate a prefix and keep the checksum, and the kernel's "
      "own SNPT and DNPT work only in a table named mangle");
}

constexpr Option prefix_option(std::string_view name, std::string_view list, std::string_view help,
                               std::string_view sentence) {
  return {.name = name,
          .type = &kTranslatedPrefix,
          .negation = Negation::kRefused,
          .required = true,
          .list = list,
          .help = help,
          .sentence = sentence};
}

inline constexpr Option kSourcePrefixOption =
    prefix_option("src-pfx", "src-pfx {}", "the prefix before, at most 64 bits", "from {}");
inline constexpr Option kDestinationPrefixOption =
    prefix_option("dst-pfx", "dst-pfx {}", "the prefix behind, at most 64 bits", "to {}");

}  // namespace bulkhead::ext
