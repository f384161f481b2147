// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/bpf_program.h"

#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "ext/argument/always_quoted.h"
#include "ext/argument/split.h"
#include "ext/error.h"

namespace bulkhead::ext {
namespace {

constexpr size_t kMost = XT_BPF_MAX_NUM_INSTR;

// The decimal number that the text begins with, blanks before it taken away too.
template <class Number> std::optional<Number> take_number(std::string_view& text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  Number value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(stop - text.data()));
  return value;
}

std::optional<sock_filter> instruction(std::string_view text) {
  const auto code = take_number<uint16_t>(text);
  const auto if_true = take_number<uint8_t>(text);
  const auto if_false = take_number<uint8_t>(text);
  const auto operand = take_number<uint32_t>(text);
  while (text.starts_with(' ')) text.remove_prefix(1);
  if (!code || !if_true || !if_false || !operand || !text.empty()) return std::nullopt;
  return sock_filter{*code, *if_true, *if_false, *operand};
}

Result<std::vector<sock_filter>> read_program(std::string_view text) {
  const size_t comma = text.find(',');
  std::string_view head = text.substr(0, comma);
  const std::optional<uint16_t> length = take_number<uint16_t>(head);
  if (!length || !head.empty() || comma == text.npos)
    return usage_error("bpf: error parsing program length");
  if (*length == 0) return usage_error("bpf: illegal zero length program");
  if (*length > kMost) return usage_error("bpf: number of instructions exceeds maximum");

  std::vector<sock_filter> program;
  text.remove_prefix(comma + 1);
  if (text.ends_with(',')) text.remove_suffix(1);
  for (const std::string_view part : split(text, ',')) {
    if (program.empty() && text.empty()) break;
    if (program.size() == *length) {
      return usage_error("bpf: real program length exceeds the encoded length parameter");
    }
    const std::optional<sock_filter> next = instruction(part);
    if (!next) return usage_error(fmt::format("bpf: error at instr {}", program.size()));
    program.push_back(*next);
  }
  if (program.size() != *length) {
    return usage_error("bpf: parsed program length is less than the encoded length parameter");
  }
  return program;
}

}  // namespace

Result<std::string> parse_bpf_program(std::span<const std::string_view> words, const Context&) {
  const Result<std::vector<sock_filter>> program = read_program(words[0]);
  if (!program) return program.error();
  std::string text = fmt::format("{}", program->size());
  for (const sock_filter& each : *program)
    text += fmt::format(",{} {} {} {}", each.code, each.jt, each.jf, each.k);
  return always_quoted(text);
}

std::vector<sock_filter> bpf_program(std::string_view canonical) {
  return *read_program(unquoted(canonical));
}

std::string bpf_instructions(std::string_view canonical) {
  const std::string text = unquoted(canonical);
  return text.substr(text.find(',') + 1);
}

}  // namespace bulkhead::ext
