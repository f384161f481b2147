// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// What the tests of the language share: names that don't depend on the machine, and commands as one
// string.

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "lang/edit.h"
#include "lang/parse.h"
#include "lang/print.h"
#include "lang/restore.h"
#include "lang/words.h"
#include "net/names.h"

namespace bulkhead::lang {

class TestNames final : public net::Names {
 public:
  std::optional<uint8_t> protocol(std::string_view name) const override {
    return name == "gre" ? std::optional<uint8_t>(47) : std::nullopt;
  }
  std::optional<std::string> protocol_name(uint8_t number) const override {
    return number == 47 ? std::optional<std::string>("gre") : std::nullopt;
  }
  std::optional<uint16_t> service(std::string_view name, std::string_view) const override {
    return name == "ssh" ? std::optional<uint16_t>(22) : std::nullopt;
  }
  std::optional<std::string> service_name(uint16_t port, std::string_view) const override {
    return port == 22 ? std::optional<std::string>("ssh") : std::nullopt;
  }
  Result<std::vector<net::Address>> host(net::Family family, std::string_view name) const override {
    if (name == "two.example" && family == net::Family::kIpv4) {
      return std::vector<net::Address>{{family, 0xC0000201}, {family, 0xC0000202}};
    }
    return Error{.kind = ErrorKind::kUsage, .message = "Name or service not known"};
  }
  std::optional<std::string> host_name(const net::Address& address) const override {
    return address.value == 0xC0000201 ? std::optional<std::string>("one.example") : std::nullopt;
  }
  std::optional<net::Address> network(std::string_view name) const override {
    return name == "loopback" ? std::optional(net::Address{net::Family::kIpv4, 0x7F000000})
                              : std::nullopt;
  }
  std::optional<uint32_t> user(std::string_view) const override { return std::nullopt; }
  std::optional<std::string> user_name(uint32_t) const override { return std::nullopt; }
  std::optional<uint32_t> group(std::string_view) const override { return std::nullopt; }
  std::optional<std::string> group_name(uint32_t) const override { return std::nullopt; }
  Result<uint16_t> ip_set(net::Family, std::string_view name) const override {
    if (name == "blocked") return uint16_t{5};
    return Error{.kind = ErrorKind::kUsage, .message = fmt::format("Set {} doesn't exist.", name)};
  }
  std::optional<uint16_t> connection_label(std::string_view) const override { return std::nullopt; }
  std::optional<std::string> connection_label_name(uint16_t) const override { return std::nullopt; }
  std::optional<uint32_t> iproute_number(Iproute, std::string_view) const override {
    return std::nullopt;
  }
  std::optional<std::string> iproute_name(Iproute, uint32_t) const override { return std::nullopt; }
};

inline const TestNames kTestNames;

// The words of a command line, as a shell without expansions would make them.
inline std::vector<Word> words(std::string_view line) {
  std::vector<Word> out;
  Result<void> split = split_words(line, 0, out);
  if (!split) throw std::invalid_argument(split.error().message);
  return out;
}

inline Result<Command> parse(std::string_view line, net::Family family = net::Family::kIpv4,
                             const ParseOptions& options = {}) {
  return parse_command(words(line), family, kTestNames, options);
}

// Does a command to a ruleset; the error's text, empty if there is none.
inline std::string run(ir::Ruleset& rules, std::string_view line) {
  Result<Command> command = parse(line, rules.family);
  if (!command) return command.error().message;
  ir::Ruleset copy = rules;
  Result<void> done = apply(*command, copy);
  if (!done) return done.error().message;
  rules = std::move(copy);
  return {};
}

// What a command prints.
inline std::string output(const ir::Ruleset& rules, std::string_view line) {
  Result<Command> command = parse(line, rules.family);
  return command ? output_of(*command, rules, kTestNames) : command.error().message;
}

// The only rule of "-A ..." as -S shows it, or the error's text.
inline std::string canonical(std::string_view line, net::Family family = net::Family::kIpv4) {
  Result<Command> command = parse(line, family);
  if (!command) return command.error().message;
  std::string text;
  const auto& append = std::get<Append>(command->operation);
  for (const ir::Rule& rule : append.rules) {
    if (!text.empty()) text += '\n';
    text += rule_text(append.chain, rule, family);
  }
  return text;
}

// What a restore file does to a ruleset; the error's text, empty if there is none.
inline std::string load(ir::Ruleset& rules, std::string_view text, RestoreOptions options = {}) {
  options.names = &kTestNames;
  Result<void> done = restore(Source("rules", std::string(text)), options, rules);
  return done ? "" : done.error().message;
}

}  // namespace bulkhead::lang
