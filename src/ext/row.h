// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// A match or a target is a row of data, not code in every layer. Parser, printer, help, manual page, lowering,
// simulator and tests follow from it. docs/adding-a-match.md walks through a real one.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/result.h"
#include "ir/ruleset.h"
#include "net/names.h"

namespace bulkhead::ext {

// What of the rest of the rule a row's arguments depend on.
struct Context {
  net::Family family = net::Family::kIpv4;
  uint8_t protocol = 0;  // of -p; 0: none or "all"
  bool protocol_negated = false;
  const net::Names* names = nullptr;
};

// The values that an argument stands for: (field & mask) in values.
struct Values {
  U128 mask = kU128Max;
  ir::ValueSet values;
};

// One kind of argument: how it is read, printed and understood. Shared by all rows; see ext/argument.h.
struct ArgumentType {
  std::string_view words;  // of the help: "port[:port]"; empty: the option takes no argument
  unsigned count = 1;      // how many words it takes: 0, 1 or 2
  // From the words typed to the canonical text of -S. The error's message is iptables-legacy's where it has one.
  Result<std::string> (*parse)(std::span<const std::string_view> words, const Context&) = nullptr;
  // What the canonical text stands for. Null where the row's own `lower` answers.
  Values (*values)(std::string_view canonical, const Context&) = nullptr;
  // How -L shows the canonical text; numeric: -n. Null: as it is.
  std::string (*list)(std::string_view canonical, bool numeric, const Context&) = nullptr;
};

enum class Negation : uint8_t { kAllowed, kRefused };

struct Option {
  std::string_view name;                         // without its dashes, as -S prints it
  std::span<const std::string_view> aliases{};   // other spellings: "destination-port"
  const ArgumentType* type = nullptr;
  const ir::Field* field = nullptr;              // what `type->values` constrains; null: see Match::lower
  Negation negation = Negation::kAllowed;
  bool required = false;
  uint8_t group = 0;                             // of options with the same number (not 0) only one may be given
  // How -L shows it; "{!}" is "!" where negated, "{}" the argument. `list_many` for a range or a list, if that
  // differs ("dpts:{!}{}"). An empty `list` shows nothing.
  std::string_view list{};
  std::string_view list_many{};
  std::string_view help{};      // one line of --help and of the manual
  std::string_view sentence{};  // for `explain`: "its destination port is {}"; {not} where "not" would stand
};

// A rule, what -S prints for it, the nf_tables it becomes, and packets (words: net/packet_text.h) that it
// matches and that it doesn't. Packets are built from the words, independently of the row; the kernel's counters
// must agree.
struct Example {
  std::string_view rule;       // what follows "-A CHAIN"; without -j unless the row is a target
  std::string_view canonical;  // what -S prints there
  std::string_view nft;        // backend/nft's dump of the conditions (or of the target), one expression a line
  std::string_view hit;
  std::string_view miss;  // for a target that takes every packet: one that another condition of the rule keeps out
  // What the kernel has seen before (packets that make the state), separated by ';'; usually empty.
  std::string_view before{};
};

enum class Families : uint8_t { kBoth, kIpv4, kIpv6 };

// What iptables wants of -p before it takes the row: "tcp" or one of a few. Empty: anything.
struct Match {
  std::string_view name;
  Families families = Families::kBoth;
  std::span<const uint8_t> protocols{};          // one of them must be given by -p, not negated
  std::optional<ir::Header> header{};            // stands first in its predicate
  std::span<const Option> options{};             // in the order of -S
  std::string_view list_name{};                  // what -L shows first: "tcp", "limit:"
  std::string_view summary{};                    // a paragraph for the manual
  // Where the arguments don't lower one by one by their fields: all of the predicate behind `header`, or a
  // refusal ("at least one option").
  Result<ir::Predicate> (*lower)(std::span<const ir::Argument>, const Context&) = nullptr;
  // Changes the header condition by the arguments (tcp's --tcp-option).
  void (*adjust_header)(std::span<const ir::Argument>, ir::Header&) = nullptr;
  std::span<const Example> examples{};
};

struct Target {
  std::string_view name;
  Families families = Families::kBoth;
  std::string_view tables{};                     // "filter" or several, separated by spaces; empty: all
  std::string_view hooks{};                      // built-in chains it may be reached from; empty: all
  std::span<const Option> options{};
  std::string_view list_name{};
  std::string_view summary{};
  Result<ir::Action> (*lower)(std::span<const ir::Argument>, const Context&) = nullptr;
  std::span<const Example> examples{};
};

// The rows there are, sorted by name (one file each in ext/match and ext/target; the build lists them).
std::span<const Match* const> matches();
std::span<const Target* const> targets();
// By name and family; nullptr if there is none. A name may have two rows, one a family (LOG has one for both).
const Match* find_match(std::string_view name, net::Family family);
const Target* find_target(std::string_view name, net::Family family);
// The option of that spelling (name, alias, or an unambiguous beginning of one, as getopt_long(3) takes it).
const Option* find_option(std::span<const Option> options, std::string_view spelling);

// From arguments as written to what they mean: header, then each option's constraint, or the row's own `lower`.
Result<ir::Predicate> predicate_of(const Match& match, std::span<const ir::Argument> arguments, const Context&);

}  // namespace bulkhead::ext
