// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// A match or a target is a row of data, not code in every layer. Parser, printer, help, manual
// page, lowering, simulator and tests follow from it. docs/adding-a-match.md walks through a real
// one.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "ir/ruleset.h"
#include "net/names.h"

namespace bulkhead::ext {

// What of the rest of the rule a row's arguments depend on.
struct Context {
  net::Family family = net::Family::kIpv4;
  uint8_t protocol = 0;  // of -p; 0: none or "all"
  bool protocol_negated = false;
  const net::Names* names = nullptr;  // needed to read arguments; may be null where they are shown
  // Of the row and the option that is being read, for messages; ext/reader.h sets them.
  std::string_view row{};
  std::string_view option{};
};

// The values that an argument stands for: (field & mask) in values.
struct Values {
  U128 mask = kU128Max;
  ir::ValueSet values;
};

// One kind of argument: how it is read, printed and understood. Shared by all rows; see
// ext/argument/.
struct ArgumentType {
  std::string_view words;  // of the help: "port[:port]"; empty: the option takes no argument
  unsigned count = 1;      // how many words it takes: 0, 1 or 2
  // It takes the next word if that doesn't look like an option, and does without one else; `parse`
  // then gets none. Its `count` is 0.
  bool optional_word = false;
  // Any text may be in it, so -S quotes it where it must (xtables_save_string's rule). The text of
  // any other type is printed as it is, also where it is two words.
  bool free_text = false;
  bool always_quoted = false;  // -S quotes it even where it needn't
  // From the words typed to the canonical text of -S, which parses to itself. The error's message
  // is iptables-legacy's where it has one. Gets fewer words than `count` where the user gave fewer.
  Result<std::string> (*parse)(std::span<const std::string_view> words, const Context&) = nullptr;
  // What the canonical text stands for. Null where the row's own `lower` answers.
  Values (*values)(std::string_view canonical, const Context&) = nullptr;
  // How -L shows the canonical text; numeric: -n. Null: as it is.
  std::string (*list)(std::string_view canonical, bool numeric, const Context&) = nullptr;
  // How a sentence says it. Null: as `list` does without -n.
  std::string (*say)(std::string_view canonical, const Context&) = nullptr;
  // The words that the help lists for it, with their heading. Null: none.
  std::string (*choices)() = nullptr;
};

// kFolded: it may be typed, and the row's `settle` turns it into something without a '!'.
enum class Negation : uint8_t { kAllowed, kRefused, kFolded };

struct Option {
  std::string_view name;                        // without its dashes, as -S prints it
  std::span<const std::string_view> aliases{};  // other spellings; the first is the one in messages
  std::string_view called{};                    // the spelling in messages, if it isn't that one
  const ArgumentType* type = nullptr;
  const ir::Field* field = nullptr;  // what `type->values` constrains; null: see Match::lower
  Negation negation = Negation::kAllowed;
  bool required = false;
  uint8_t group = 0;  // of options with the same number (not 0) only one may be given
  // Options that may not be given with it, and one that must be.
  std::span<const std::string_view> excludes{};
  std::string_view also{};
  bool modifier = false;     // a match with nothing but such options is still bare
  std::string_view hooks{};  // built-in chains that a rule with it may be reached from; empty: all
  std::string_view (*hooks_of)(std::string_view canonical) = nullptr;  // the same, by its argument
  std::string_view hooks_lifted_by{};  // the option that makes it any, given and not negated
  // The option that must have been given before it, and what is said if it wasn't.
  std::string_view after{};
  std::string_view after_error{};
  // The canonical text that holds where the option isn't given; typing it is the same as not giving
  // it. -S leaves it out, unless it always prints the option. Empty: there is none.
  std::string_view fallback{};
  std::string_view fallback6{};  // the same in IPv6, if it differs
  // A flag, which has no text: where no other of its group is given.
  bool always_printed = false;
  // Typing it isn't quite the same: -S prints it where it was typed, and only -L leaves it out.
  bool fallback_kept = false;
  // May be given any number of times. All of such options come last, in the order in which they
  // were typed; the row's `settle` makes of them what -S prints.
  bool repeats = false;
  // The row's `settle` turns it into other options, or leaves it out: -S never prints it.
  bool folded = false;
  // Another way to write the option of this name: without an argument, with this canonical text
  // (--syn); with one, with the canonical text of its own type (--dscp-class).
  std::string_view stands_for{};
  std::string_view stands_for_text{};
  // Negated, it is the option of this name, with the same text: -S prints no '!'.
  std::string_view opposite{};
  // What iptables-legacy says if it is given twice, or beside another of its group, where that
  // isn't its usual message.
  std::string_view twice{};
  std::string_view inverted{};  // the same if it is negated and that is refused
  // What is said on stderr to an argument that is taken all the same; empty: nothing.
  std::string (*warning)(std::string_view canonical) = nullptr;
  // How -L shows it; "{}" is the argument, and what stands in other braces is shown where it is
  // negated: "{!}", "{! }". `list_many` for a range or a list, if that differs ("dpts:{!}{}"). An
  // empty `list` shows nothing.
  std::string_view list{};
  std::string_view list_many{};
  std::string_view help{};  // one line of --help and of the manual
  // For `explain`, filled in like `list`: "its destination port is {not }{}".
  std::string_view sentence{};
};

// A rule, what -S prints for it, the nf_tables it becomes, and packets (words: net/packet_text.h)
// that it matches and that it doesn't. Packets are built from the words, independently of the row;
// the kernel's counters must agree.
struct Example {
  std::string_view rule;       // what follows "-A CHAIN"; without -j unless the row is a target
  std::string_view canonical;  // what -S prints there
  // backend/nft's dump of what -p and the match ask (or of what the target does), one expression a
  // line. Guards, other matches and the counter are left out.
  std::string_view nft;
  std::string_view hit;
  // For a row that takes every packet: one that another condition of the rule keeps out.
  std::string_view miss;
  // What the kernel has seen before (packets that make the state), separated by ';'; usually empty.
  std::string_view before{};
  // The file of tests/kernel that shows the hit and the miss, where words can't: a packet that no
  // socket sent. Empty: the words are all of them.
  std::string_view shown_by{};
  std::string_view table = "filter";
  // The built-in chain that the rule stands in; empty: INPUT, FORWARD or OUTPUT, as the hit goes.
  std::string_view chain{};
  // iptables-legacy takes the rule and we don't, for nf_tables has no way to do it: no packets, and
  // no nft.
  bool refused = false;
};

enum class Families : uint8_t { kBoth, kIpv4, kIpv6 };

// What iptables wants of -p before it takes the row: "tcp" or one of a few. Empty: anything.
struct Match {
  std::string_view name;
  std::span<const std::string_view> aliases{};  // other names that -m takes; -S prints `name`
  Families families = Families::kBoth;
  std::span<const uint8_t> protocols{};  // one of them must be given by -p, not negated
  std::optional<ir::Header> header{};    // stands first in its predicate
  std::span<const Option> options{};     // in the order of -S
  std::string_view list_name{};          // what -L shows first: "tcp", "limit:"
  bool list_glued = false;               // iptables forgot the space before what -L shows
  std::string_view bare_error{};         // said if it is bare; empty: that is allowed
  std::string_view tables{};             // "raw" or several, separated by spaces; empty: all
  std::string_view hooks{};              // built-in chains it may be reached from; empty: all
  std::string_view summary{};            // a paragraph for the manual
  // What -L shows, all of it, where that doesn't follow from the options' `list`.
  std::string (*list)(std::span<const ir::Argument>, bool numeric, const Context&) = nullptr;
  // Where what -S prints doesn't follow option by option from what was typed (time's --timestart is
  // printed with a --timestop): makes it so, or refuses what doesn't go together. Gets them in the
  // order of `options`, and changes nothing of what it gave itself.
  Result<void> (*settle)(std::vector<ir::Argument>&, const Context&) = nullptr;
  // Where the arguments don't lower one by one by their fields: all of the predicate behind
  // `header`, or a refusal ("at least one option").
  Result<ir::Predicate> (*lower)(std::span<const ir::Argument>, const Context&) = nullptr;
  // Changes the header condition by the arguments (tcp's --tcp-option).
  void (*adjust_header)(std::span<const ir::Argument>, ir::Header&) = nullptr;
  std::span<const Example> examples{};
};

struct Target {
  std::string_view name;
  Families families = Families::kBoth;
  std::string_view tables{};  // "filter" or several, separated by spaces; empty: all
  std::string_view hooks{};   // built-in chains it may be reached from; empty: all
  std::span<const Option> options{};
  std::string_view list_name{};
  std::string_view list_target{};  // what -L calls it; empty: its name
  std::string_view bare_error{};   // said if no option is given; empty: that is allowed
  std::string_view summary{};
  std::string_view sentence{};  // "it is accepted"; the options' sentences follow
  std::string (*list)(std::span<const ir::Argument>, bool numeric, const Context&) = nullptr;
  // As Match::settle (NFQUEUE without an option is printed with --queue-num 0).
  Result<void> (*settle)(std::vector<ir::Argument>&, const Context&) = nullptr;
  // kRefused where the kernel would refuse it (tcp-reset without -p tcp).
  Result<ir::Action> (*lower)(std::span<const ir::Argument>, const Context&) = nullptr;
  // Where `lower` says EOPNOTSUPP: what the kernel's own target does, so that rules of another
  // firewall can be analysed. It goes on behind it, and conditions may read what it changes (null:
  // nothing of it). False: not said, and such rules can't be analysed.
  bool goes_on_elsewhere = false;
  const ir::Field* changes_elsewhere = nullptr;
  // What the kernel wants of the rest of the rule, beyond -p (TCPMSS: that it asks for SYN):
  // kRefused, with the kernel's errno_value. Null: nothing.
  Result<void> (*fits)(const ir::Rule&) = nullptr;
  std::span<const Example> examples{};
};

// The rows there are, sorted by name (one file each in ext/match and ext/target; the build lists
// them).
std::span<const Match* const> matches();
std::span<const Target* const> targets();
// By name and family; nullptr if there is none. A name may have two rows, one a family (LOG has one
// for both).
const Match* find_match(std::string_view name, net::Family family);
const Target* find_target(std::string_view name, net::Family family);
// The option of that spelling (name, alias, or an unambiguous beginning of one, as getopt_long(3)
// takes it).
const Option* find_option(std::span<const Option> options, std::string_view spelling);
// The option of that very name, as an ir::Argument has it.
const Option* option_named(std::span<const Option> options, std::string_view name);

// From arguments as written (finish() of ext/reader.h) to what they mean: header, then each
// option's constraint, or the row's own `lower`. kRefused, with the kernel's errno_value, where the
// kernel would refuse it: -p isn't what the match needs.
Result<ir::Predicate> predicate_of(const Match& match, std::span<const ir::Argument> arguments,
                                   const Context&);
// Only the options' constraints, in their order: the part of it that a row's `lower` need not write
// again.
ir::Predicate constraints_of(std::span<const Option> options,
                             std::span<const ir::Argument> arguments, const Context&);
Result<ir::Action> action_of(const Target& target, std::span<const ir::Argument> arguments,
                             const Context&);

}  // namespace bulkhead::ext
