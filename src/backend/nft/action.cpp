// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/nft/action.h"

#include <utility>

#include "backend/nft/assign.h"
#include "backend/nft/chain_name.h"
#include "backend/nft/nat.h"
#include "backend/nft/tcp_header.h"

namespace bulkhead::backend::nft {
namespace {

using Expressions = Result<std::vector<Expr>>;

Expr verdict(VerdictCode code, std::string chain = {}) { return Verdict{code, std::move(chain)}; }

// nf_tables would give a zone also to a packet that isn't to be tracked; in iptables whatever came
// first stands (xt_ct_target of net/netfilter/xt_CT.c).
std::vector<Expr> lower_zone(const ir::Zone& zone) {
  constexpr CtDirection kDirections[] = {CtDirection::kNone, CtDirection::kOriginal,
                                         CtDirection::kReply};
  constexpr auto kUntracked = static_cast<uint32_t>(ir::CtState::kUntracked);
  std::vector<Expr> out{
      Ct{CtKey::kState, 0},
      Cmp{0, CmpOp::kNotEqual, make_data(kUntracked, sizeof kUntracked, ByteOrder::kHost)}};
  // Of the mark's register the kernel takes the first 16 bits: on a little-endian machine the
  // lower ones.
  if (zone.of_mark) {
    out.emplace_back(Meta{MetaKey::kMark, 0});
  } else {
    out.emplace_back(Immediate{0, make_data(zone.number, 2, ByteOrder::kHost)});
  }
  out.emplace_back(CtSet{CtKey::kZone, 0, kDirections[static_cast<size_t>(zone.direction)]});
  return out;
}

// nf_tables' tproxy ends its rule where no socket takes the packet, so the drop is a second rule
// and the two stand in a chain of their own.
Chain proxy_chain(const ir::TransparentProxy& proxy, const ActionPlace& place) {
  constexpr Register kAddress = 0;
  constexpr Register kPort = 4;
  Chain chain{.name = action_chain_name(place.table, place.id)};
  Rule rule;
  TransparentProxy expression{.family = place.family, .address = {}, .port = {}};
  if (proxy.address) {
    rule.expressions.emplace_back(
        Immediate{kAddress, make_data(proxy.address->value, net::address_bits(place.family) / 8)});
    expression.address = kAddress;
  }
  // The kernel wants one of the two, and takes port 0 for the packet's own.
  if (proxy.port != 0 || !proxy.address) {
    rule.expressions.emplace_back(Immediate{kPort, make_data(proxy.port, sizeof proxy.port)});
    expression.port = kPort;
  }
  rule.expressions.emplace_back(expression);
  if (proxy.mark_keep != UINT32_MAX || proxy.mark_flip != 0) {
    const auto word = [](uint32_t value) { return make_data(value, 4, ByteOrder::kHost); };
    rule.expressions.emplace_back(Meta{MetaKey::kMark, 0});
    rule.expressions.emplace_back(Bitwise{0, word(proxy.mark_keep), word(proxy.mark_flip)});
    rule.expressions.emplace_back(MetaSet{MetaKey::kMark, 0});
  }
  rule.expressions.push_back(verdict(VerdictCode::kAccept));
  chain.rules.push_back(std::move(rule));
  chain.rules.push_back({.id = ir::kNoId, .expressions = {verdict(VerdictCode::kDrop)}});
  return chain;
}

struct ActionLowering {
  const ActionPlace& place;
  LoweredAction& out;

  Expressions operator()(const ir::Continue&) const { return std::vector<Expr>(); }
  Expressions operator()(const ir::Accept&) const { return just(verdict(VerdictCode::kAccept)); }
  Expressions operator()(const ir::Drop&) const { return just(verdict(VerdictCode::kDrop)); }
  Expressions operator()(const ir::Return&) const { return just(verdict(VerdictCode::kReturn)); }
  Expressions operator()(const ir::Jump& jump) const {
    return just(verdict(jump.is_goto ? VerdictCode::kGoto : VerdictCode::kJump,
                        chain_name(place.table, jump.chain)));
  }
  Expressions operator()(const ir::Log& log) const {
    return just(Log{log.level, log.flags, log.prefix});
  }
  Expressions operator()(const ir::NetlinkLog& log) const {
    return just(NetlinkLog{log.group, log.threshold, log.size, log.prefix});
  }
  Expressions operator()(const ir::Reject& reject) const {
    return just(reject.tcp_reset ? Reject{RejectType::kTcpReset, 0}
                                 : Reject{RejectType::kIcmpUnreachable, reject.icmp_code});
  }
  Expressions operator()(const ir::Assign& assign) const {
    Expressions writing = nft::lower(assign, place.family);
    if (!writing || assign.field->location(place.family).base != ir::Base::kTransport)
      return writing;
    return called(tcp_header_chain(*std::move(writing), place));
  }
  Expressions operator()(const ir::Adjust& adjust) const {
    return nft::lower(adjust, place.family);
  }
  Expressions operator()(const ir::ConnectionMark& mark) const { return nft::lower(mark); }
  Expressions operator()(const ir::ConnectionSecurityMark& mark) const { return nft::lower(mark); }
  Expressions operator()(const ir::Untrack&) const { return just(Untrack{}); }
  Expressions operator()(const ir::Zone& zone) const { return lower_zone(zone); }
  // The rest is given when there is a connection: connection_template.h.
  Expressions operator()(const ir::ConnectionTemplate& made) const { return lower_zone(made.zone); }
  Expressions operator()(const ir::Nat& nat) const { return nft::lower(nat, place); }
  Expressions operator()(const ir::TransparentProxy& proxy) const {
    out.chain = proxy_chain(proxy, place);
    return just(verdict(VerdictCode::kGoto, out.chain->name));
  }
  Expressions operator()(const ir::StripTcpOptions& strip) const {
    return called(strip_chain(strip, place));
  }
  Expressions operator()(const ir::Trace&) const {
    return std::vector<Expr>{Immediate{0, make_data(1, 1)}, MetaSet{MetaKey::kTrace, 0}};
  }
  Expressions operator()(const ir::OpaqueTarget& target) const {
    out.xt_protocol = place.protocol;
    return just(XtTarget{target.name, target.revision, target.bytes});
  }

  Expressions called(Chain chain) const {
    out.chain = std::move(chain);
    return just(verdict(VerdictCode::kJump, out.chain->name));
  }
  static std::vector<Expr> just(Expr expression) { return {std::move(expression)}; }
};

}  // namespace

Result<LoweredAction> lower_action(const ir::Action& action, const ActionPlace& place) {
  LoweredAction out;
  Expressions expressions = std::visit(ActionLowering{place, out}, action);
  if (!expressions) return expressions.error();
  out.expressions = *std::move(expressions);
  return out;
}

}  // namespace bulkhead::backend::nft
