// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/nft/tcp_header.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "backend/nft/chain_name.h"
#include "backend/nft/header.h"

namespace bulkhead::backend::nft {
namespace {

Rule rule(std::vector<Expr> expressions) {
  return {.id = ir::kNoId, .expressions = std::move(expressions)};
}

std::vector<Expr> whole_header() { return header_readable(ir::Header::Form::kTcp); }

void append_verdict(std::vector<Expr>& expressions, VerdictCode code) {
  expressions.emplace_back(Verdict{code, {}});
}

void finish(Chain& chain, net::Family family) {
  std::vector<Expr> fragment = later_fragment(family);
  append_verdict(fragment, VerdictCode::kReturn);
  chain.rules.push_back(rule(std::move(fragment)));
  chain.rules.push_back(rule({Verdict{VerdictCode::kDrop, {}}}));
}

}  // namespace

Chain tcp_header_chain(std::vector<Expr> writing, const ActionPlace& place) {
  Chain chain{.name = action_chain_name(place.table, place.id)};
  std::vector<Expr> expressions = whole_header();
  std::ranges::move(writing, std::back_inserter(expressions));
  append_verdict(expressions, VerdictCode::kReturn);
  chain.rules.push_back(rule(std::move(expressions)));
  finish(chain, place.family);
  return chain;
}

// tcpoptstrip_mangle_packet() of net/netfilter/xt_TCPOPTSTRIP.c: a header that says it is shorter
// than the shortest, or longer than the packet, drops it. There nf_tables' strip ends its rule.
Chain strip_chain(const ir::StripTcpOptions& strip, const ActionPlace& place) {
  constexpr uint8_t kNop = 1;
  constexpr size_t kKindsInARule = 64;  // the kernel takes 128 expressions
  Chain chain{.name = action_chain_name(place.table, place.id)};
  std::vector<uint8_t> kinds = strip.kinds;
  if (kinds.empty()) kinds.push_back(kNop);  // changes nothing, and asks for the header
  for (size_t first = 0; first < kinds.size(); first += kKindsInARule) {
    const size_t end = std::min(first + kKindsInARule, kinds.size());
    std::vector<Expr> expressions;
    for (size_t i = first; i < end; ++i) expressions.emplace_back(StripTcpOption{kinds[i]});
    if (end == kinds.size()) append_verdict(expressions, VerdictCode::kReturn);
    chain.rules.push_back(rule(std::move(expressions)));
  }
  finish(chain, place.family);
  return chain;
}

}  // namespace bulkhead::backend::nft
