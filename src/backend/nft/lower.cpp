// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/nft/lower.h"

#include <utility>

#include <fmt/format.h>

#include "backend/nft/chain_name.h"
#include "backend/nft/guard.h"
#include "backend/nft/predicate.h"

namespace bulkhead::backend::nft {
namespace {

void append_action(std::vector<Expr>& out, const ir::Action& action, std::string_view table) {
  struct Visitor {
    std::vector<Expr>& out;
    std::string_view table;

    void operator()(const ir::Continue&) const {}
    void operator()(const ir::Accept&) const { verdict(VerdictCode::kAccept); }
    void operator()(const ir::Drop&) const { verdict(VerdictCode::kDrop); }
    void operator()(const ir::Return&) const { verdict(VerdictCode::kReturn); }
    void operator()(const ir::Jump& jump) const {
      verdict(jump.is_goto ? VerdictCode::kGoto : VerdictCode::kJump,
              chain_name(table, jump.chain));
    }
    void operator()(const ir::Log& log) const {
      out.emplace_back(Log{log.level, log.flags, log.prefix});
    }
    void operator()(const ir::NetlinkLog& log) const {
      out.emplace_back(NetlinkLog{log.group, log.threshold, log.size, log.prefix});
    }
    void operator()(const ir::Reject& reject) const {
      out.emplace_back(reject.tcp_reset ? Reject{RejectType::kTcpReset, 0}
                                        : Reject{RejectType::kIcmpUnreachable, reject.icmp_code});
    }
    void verdict(VerdictCode code, std::string chain = {}) const {
      out.emplace_back(Verdict{code, std::move(chain)});
    }
  };
  std::visit(Visitor{out, table}, action);
}

// nf_tables' chain types do more than hook: "nat" is asked for the first packet of a connection
// only, "route" looks for a new route after a mangled output packet.
std::string chain_type(const classify::Entry& entry) {
  if (entry.table == "nat") return "nat";
  if (entry.table == "mangle" && entry.hook == ir::Hook::kOutput) return "route";
  return "filter";
}

Chain base_chain(const classify::Entry& entry) {
  Chain chain{.name = base_chain_name(entry.table, entry.chain),
              .base = BaseHook{.type = chain_type(entry),
                               .hook = static_cast<unsigned>(entry.hook),
                               .priority = entry.priority}};
  chain.rules.push_back(
      {.expressions = {Verdict{VerdictCode::kJump, chain_name(entry.table, entry.chain)}}});
  const bool accept = entry.policy == ir::Policy::kAccept;
  chain.rules.push_back(
      {.id = entry.policy_id,
       .expressions = {Counter{},
                       Verdict{accept ? VerdictCode::kAccept : VerdictCode::kDrop, {}}}});
  return chain;
}

Result<Chain> lower_chain(const classify::Chain& chain, net::Family family, Guards& guards) {
  Chain out{.name = chain_name(chain.table, chain.name)};
  out.rules.reserve(chain.steps.size());
  guards.start_chain();
  for (const classify::Step& step : chain.steps) {
    auto parts = lower_predicate(step.conditions, family);
    if (!parts) {
      Error error = parts.error();
      error.message = fmt::format("chain {}: {}", chain.name, error.message);
      return error;
    }
    for (size_t i = 0; i < parts->size(); ++i) {
      if (!(*parts)[i].check) continue;
      if (auto guard = guards.guard(std::span(*parts).first(i + 1)))
        out.rules.push_back(std::move(*guard));
    }
    Rule rule = join(*parts);
    rule.id = step.id;
    rule.expressions.emplace_back(Counter{});
    append_action(rule.expressions, step.action, chain.table);
    out.rules.push_back(std::move(rule));
  }
  return out;
}

}  // namespace

// ir::Hook counts as enum nf_inet_hooks does.
static_assert(static_cast<unsigned>(ir::Hook::kPrerouting) == 0 &&
              static_cast<unsigned>(ir::Hook::kPostrouting) == 4);

Result<Program> lower(const classify::Plan& plan) {
  Program program{.family = plan.family};
  for (const classify::Entry& entry : plan.entries) program.chains.push_back(base_chain(entry));
  Guards guards;
  for (const classify::Chain& chain : plan.chains) {
    auto lowered = lower_chain(chain, plan.family, guards);
    if (!lowered) return lowered.error();
    program.chains.push_back(std::move(*lowered));
  }
  for (unsigned check = 0; check < kChecks; ++check) {
    if (guards.used()[check])
      program.chains.push_back(check_chain(static_cast<Check>(check), plan.family));
  }
  return program;
}

}  // namespace bulkhead::backend::nft
