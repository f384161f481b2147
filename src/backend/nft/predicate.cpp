// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/nft/predicate.h"

#include <fmt/format.h>

#include "backend/nft/constraint.h"

namespace bulkhead::backend::nft {
namespace {

const ir::Constraint* as_protocol(const ir::Condition& condition) {
  const auto* constraint = std::get_if<ir::Constraint>(&condition);
  return constraint != nullptr && constraint->field == &ir::kProtocol ? constraint : nullptr;
}

// The one protocol that the constraint allows, or 0.
uint8_t protocol_of(const ir::Constraint& constraint) {
  const auto& intervals = constraint.values.intervals();
  const bool one = intervals.size() == 1 && intervals[0].first == intervals[0].last;
  return one ? static_cast<uint8_t>(intervals[0].first) : 0;
}

struct PredicateLowering {
  net::Family family;
  uint8_t protocol = 0;   // the one that has been asked for already
  bool stateful = false;  // one has been asked already

  Result<Part> operator()(const ir::Constraint& constraint) const {
    auto expressions = lower(constraint, family);
    if (!expressions) return expressions.error();
    Part part{.expressions = std::move(*expressions)};
    // ip6_packet_match looks for the protocol only if it is asked for one, and drops if the headers
    // are cut off.
    if (family == net::Family::kIpv6 && constraint.field == &ir::kProtocol &&
        !part.expressions.empty()) {
      if (stateful) return refused("the protocol can't be asked for behind a limit");
      part.check = Check::kProtocol;
    }
    return part;
  }

  Result<Part> operator()(const ir::AnyOf& any) const {
    auto expressions = lower(any, family);
    if (!expressions) return expressions.error();
    return Part{.expressions = std::move(*expressions)};
  }

  Result<Part> operator()(const ir::Header& header) const {
    if (!stateful && header.tcp_option == 0) {
      return Part{.expressions = header_readable(header.form),
                  .check = check_for(header.form),
                  .header = true};
    }
    if (protocol == 0) return refused("a match of a header needs its protocol (-p)");
    return Part{.expressions = {xt_header(header)}, .xt_protocol = protocol};
  }

  // xt_limit's bucket of no size never has a packet; nf_tables takes 0 for its default.
  Result<Part> operator()(const ir::Limit& limit) const {
    if (limit.burst == 0 || limit.rate == 0) return Part{.expressions = never()};
    return Part{.expressions = {Limit{limit.rate, limit.seconds, limit.burst}}, .stateful = true};
  }

  Result<Part> operator()(const ir::Opaque& opaque) const {
    return Part{.expressions = {XtMatch{opaque.name, opaque.revision, opaque.bytes}},
                .stateful = opaque.stateful,
                .xt_protocol = protocol};
  }
};

Fingerprint identity_of(const Part& part) {
  Hasher hasher;
  for (const Expr& expression : part.expressions) add(hasher, expression);
  return hasher.result();
}

}  // namespace

Result<std::vector<Part>> lower_predicate(std::span<const ir::Condition> conditions,
                                          net::Family family) {
  PredicateLowering lowering{.family = family};
  std::vector<Part> parts;
  parts.reserve(conditions.size());
  for (const ir::Condition& condition : conditions) {
    const ir::Constraint* protocol = as_protocol(condition);
    // Two rules in one (pass/inline_deep_chains) may ask for two protocols. No packet has both, so
    // nothing more is asked: the kernel would refuse an xt match for the first one's sake, and of
    // the question about the first one's header, which join() puts last, nft 1.0.6 would die where
    // it doesn't know the second.
    const bool contradicts = protocol != nullptr && lowering.protocol != 0 &&
                             !protocol->values.contains(lowering.protocol);
    auto part =
        contradicts ? Result<Part>(Part{.expressions = never()}) : std::visit(lowering, condition);
    if (!part) return part.error();
    part->identity = identity_of(*part);
    lowering.stateful |= part->stateful;
    parts.push_back(std::move(*part));
    if (contradicts) break;
    if (protocol != nullptr && lowering.protocol == 0) lowering.protocol = protocol_of(*protocol);
  }
  return parts;
}

uint8_t protocol_asked(std::span<const ir::Condition> conditions) {
  for (const ir::Condition& condition : conditions) {
    const ir::Constraint* protocol = as_protocol(condition);
    if (protocol == nullptr) continue;
    if (const uint8_t one = protocol_of(*protocol); one != 0) return one;
  }
  return 0;
}

Rule join(std::span<const Part> parts) {
  Rule rule;
  const auto append = [&](const Part& part) {
    rule.expressions.insert(rule.expressions.end(), part.expressions.begin(),
                            part.expressions.end());
  };
  std::vector<const Part*> headers;
  const auto append_headers = [&] {
    for (const Part* header : headers) append(*header);
    headers.clear();
  };
  for (const Part& part : parts) {
    if (part.xt_protocol != 0) rule.xt_protocol = part.xt_protocol;
    if (part.header) {
      headers.push_back(&part);
      continue;
    }
    if (part.stateful) append_headers();
    append(part);
  }
  append_headers();
  return rule;
}

}  // namespace bulkhead::backend::nft
