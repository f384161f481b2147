// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/command/explain.h"

#include <unistd.h>

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "app/other_iptables.h"
#include "app/remedy.h"
#include "app/report.h"
#include "app/rules_to_analyse.h"
#include "app/store.h"
#include "app/summary.h"

namespace bulkhead::app {

namespace {

struct RulesOfTheHost {
  ir::Ruleset rules;
  std::vector<std::string> others;  // what else may drop, in words
};

std::string_view hook_word(net::Direction direction) {
  switch (direction) {
    case net::Direction::kInput: return "input";
    case net::Direction::kForward: return "forward";
    case net::Direction::kOutput: return "output";
  }
  return "";
}

// Other programs' chains that a packet of this family meets on its way.
std::vector<std::string> others_on_the_way(const std::vector<backend::ForeignChain>& foreign,
                                           net::Family family, net::Direction direction) {
  std::vector<std::string> others;
  const auto has_way = [&](const backend::ForeignChain& chain) {
    return chain.hook == hook_word(direction) || chain.hook == "ingress" ||
           chain.hook == "egress" ||
           (chain.hook == "prerouting" && direction != net::Direction::kOutput) ||
           (chain.hook == "postrouting" && direction != net::Direction::kInput);
  };
  for (const backend::ForeignChain& chain : foreign) {
    const bool sees = chain.family == net::family_word(family) || chain.family == "inet" ||
                      chain.family == "netdev" || chain.family == "bridge";
    if (!chain.drops || !sees || !has_way(chain)) continue;
    others.push_back(fmt::format("table {} {}, chain {} at {}", chain.family,
                                 printable(chain.table), printable(chain.chain), chain.hook));
  }
  for (const std::string& table : legacy_tables(family)) {
    others.push_back(fmt::format("iptables-legacy's table {}", table));
  }
  return others;
}

Result<RulesOfTheHost, Failure> rules_of_files(const ExplainOptions& options, net::Family family) {
  std::vector<RulesInput> inputs;
  for (const std::string& file : options.files) {
    auto input = read_rules_file(file, {});
    if (!input) return Failure{input.error(), {}};
    if (input->family && *input->family != family) continue;
    input->family = family;
    inputs.push_back(*std::move(input));
  }
  auto rulesets = parse_inputs(inputs);
  if (!rulesets) return rulesets.error();
  if (rulesets->empty()) return RulesOfTheHost{{.family = family, .tables = {}}, {}};
  return RulesOfTheHost{std::move(rulesets->front()), {}};
}

Result<RulesOfTheHost, Failure> rules_of_boot(net::Family family) {
  auto saved = rules_to_analyse(std::string(kSavedRules), family);
  if (!saved) return saved.error();
  return RulesOfTheHost{std::move(saved->rulesets.front()), {}};
}

Result<RulesOfTheHost, Failure> rules_of_kernel(net::Family family, net::Direction direction) {
  const auto backend = open_backend();
  if (!backend) return Failure{backend.error(), {}};
  auto rules = Store(**backend).load(family);
  if (!rules) return Failure{rules.error(), {}};
  const auto foreign = (*backend)->foreign();
  if (!foreign) return Failure{foreign.error(), {}};
  return RulesOfTheHost{*std::move(rules), others_on_the_way(*foreign, family, direction)};
}

// As `explain --who` takes them.
Result<RulesOfTheHost, Failure> rules_of(const ExplainOptions& options, const net::PacketText& at) {
  const std::string only = options.files.size() == 1 ? options.files.front() : "";
  if (options.files.empty() || only == kKernelRules)
    return rules_of_kernel(at.family(), at.direction());
  return only == kSavedRules ? rules_of_boot(at.family()) : rules_of_files(options, at.family());
}

// Every packet has a state here, but not every packet begins a connection.
std::string state_note(const net::PacketText& packet, const Paint& paint) {
  const auto real = net::state_of_unknown(packet.fields);
  if (packet.state != net::PacketState::kNew || real == net::PacketState::kNew) return {};
  return fmt::format("{} no such packet begins a connection: the kernel has it as {}\n",
                     paint.warning("note:"),
                     real == net::PacketState::kInvalid ? "invalid" : "untracked");
}

// A packet without an interface is one that no -i and no -o matches, which is seldom what was
// meant.
std::string interface_note(const net::PacketText& packet, const Paint& paint) {
  if (!packet.in_interface.empty() || !packet.out_interface.empty()) return {};
  return fmt::format(
      "{} the packet names no interface (\"in eth0\", \"out eth0\"), so -i matches nothing\n",
      paint.warning("note:"));
}

// A packet that goes out by lo has only half of its way behind it.
std::string loopback_note(const net::PacketText& packet, const Paint& paint) {
  const bool half = packet.in_interface.empty() && packet.out_interface == "lo";
  if (!half) return {};
  return fmt::format(
      "{} by lo it comes in again, through INPUT: ask with \"in lo\", or with --connection\n",
      paint.warning("note:"));
}

std::string others_text(const std::vector<std::string>& others, const Paint& paint) {
  std::string text;
  for (const std::string& other : others) {
    text += fmt::format("{} {} may still drop it: that is not looked into here\n",
                        paint.warning("note:"), other);
  }
  return text;
}

}  // namespace

int run_explain(const ExplainOptions& options) {
  if (!options.who.empty()) return run_who(options);
  if (options.packet.empty()) {
    return report({.kind = ErrorKind::kUsage,
                   .message = "which packet?",
                   .hint = "bulkhead explain 'tcp 192.0.2.9 > 192.0.2.1:22 in eth0', or "
                           "bulkhead explain --who tcp/22"});
  }
  const Source words("packet", options.packet);
  const auto packet = net::parse_packet(options.packet);
  if (!packet) return report(packet.error(), words);
  const auto found = rules_of(options, *packet);
  if (!found) return report(found.error());

  const Paint paint(wants_color(options.color, STDOUT_FILENO));
  std::string text;
  bool accepted = false;
  if (options.connection) {
    const auto connection = explain_connection(found->rules, *packet);
    accepted = connection.works();
    text = options.json ? explain_json(connection, found->others) : explain_text(connection, paint);
  } else {
    Explanation explanation = explain(found->rules, *packet, packet->direction());
    const Remedy remedy = remedy_for({found->rules, *packet, {}, explanation});
    if (remedy.addition) explanation.remedy = command_of(*remedy.addition, found->rules.family);
    explanation.remedy_note = remedy.note;
    accepted = explanation.verdict == backend::sim::Verdict::kAccept;
    text =
        options.json ? explain_json(explanation, found->others) : explain_text(explanation, paint);
  }
  print(text);
  if (!options.json && !options.connection && accepted) print(loopback_note(*packet, paint));
  if (!options.json)
    print(interface_note(*packet, paint) + state_note(*packet, paint) +
          (accepted ? others_text(found->others, paint) : ""));
  return options.connection && !accepted ? kFailed : kDone;
}

}  // namespace bulkhead::app
