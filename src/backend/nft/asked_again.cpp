// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/nft/asked_again.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

namespace bulkhead::backend::nft {
namespace {

// Matches of the kernel that read nothing but the packet, its socket and the host's own settings.
// Not among them: what reads the connection (conntrack, connbytes, helper, ipvs, ...), and what
// looks at a moment (cpu, socket).
constexpr std::string_view kSame[] = {
    "addrtype", "ah",   "bpf",  "cgroup",     "dccp",   "devgroup", "dst",     "ecn",
    "eui64",    "frag", "hbh",  "ipv6header", "mh",     "owner",    "physdev", "policy",
    "realm",    "rt",   "sctp", "srh",        "string", "u32"};
// Those of them that may read the packet's mark.
constexpr std::string_view kOfMark[] = {"addrtype", "bpf"};
// Targets of the kernel that leave the packet as it is.
constexpr std::string_view kHarmless[] = {"AUDIT",   "HMARK", "IDLETIMER", "LED",
                                          "RATEEST", "SET",   "TEE"};

template <size_t kSize> bool among(const std::string_view (&names)[kSize], std::string_view name) {
  return std::ranges::find(names, name) != std::end(names);
}

bool overlap(const ir::Location& a, const ir::Location& b) {
  if (a.base != b.base) return false;
  if (a.base == ir::Base::kMeta) return a.offset == b.offset;
  return a.offset < b.offset + b.width && b.offset < a.offset + a.width;
}

}  // namespace

AskedAgain::AskedAgain(const classify::Plan& plan) : family_(plan.family) {
  for (const classify::Chain& chain : plan.chains) {
    if (chain.table != "raw") continue;
    for (const classify::Step& step : chain.steps) note(step.action);
  }
}

void AskedAgain::note(const ir::Action& action) {
  if (const auto* assign = std::get_if<ir::Assign>(&action)) {
    written_.push_back(assign->field->location(family_));
  } else if (const auto* adjust = std::get_if<ir::Adjust>(&action)) {
    written_.push_back(adjust->field->location(family_));
  } else if (const auto* mark = std::get_if<ir::ConnectionMark>(&action)) {
    if (mark->mode == ir::ConnectionMark::Mode::kRestore)
      written_.push_back(ir::kPacketMark.location(family_));
  } else if (const auto* target = std::get_if<ir::OpaqueTarget>(&action)) {
    if (target->writes != nullptr) written_.push_back(target->writes->location(family_));
    anything_written_ |= target->decides || !among(kHarmless, target->name);
  } else if (!std::holds_alternative<ir::Untrack>(action) &&
             !std::holds_alternative<ir::Zone>(action) &&
             !std::holds_alternative<ir::ConnectionTemplate>(action)) {
    anything_written_ |= ir::changes_packet(action);
  }
}

bool AskedAgain::written(const ir::Location& where) const {
  return std::ranges::any_of(written_, [&](const auto& each) { return overlap(each, where); });
}

std::string AskedAgain::obstacle(const ir::Field& field) const {
  const ir::Location& where = field.location(family_);
  if (where.base == ir::Base::kConntrack)
    return fmt::format("asks for the {}, and table raw comes before there is one", field.words);
  const bool by_mark = where.base == ir::Base::kRoute && (where.offset & 4) != 0 &&
                       written(ir::kPacketMark.location(family_));
  if (by_mark || written(where))
    return fmt::format("asks for the {}, which a rule of table raw changes", field.words);
  return {};
}

std::string AskedAgain::obstacle(const ir::Condition& condition) const {
  if (anything_written_) return "asks for what a rule of table raw may change";
  if (const auto* constraint = std::get_if<ir::Constraint>(&condition))
    return obstacle(*constraint->field);
  if (const auto* any = std::get_if<ir::AnyOf>(&condition)) {
    for (const ir::Constraint& each : any->alternatives) {
      if (std::string found = obstacle(*each.field); !found.empty()) return found;
    }
    return {};
  }
  if (std::holds_alternative<ir::Limit>(condition)) return "has a limit";
  const auto* opaque = std::get_if<ir::Opaque>(&condition);
  if (opaque == nullptr) return {};  // a header is there or isn't
  const bool same = !opaque->stateful && among(kSame, opaque->name) &&
                    (written_.empty() || !among(kOfMark, opaque->name));
  return same ? "" : fmt::format("has a match \"{}\", which may change its mind", opaque->name);
}

}  // namespace bulkhead::backend::nft
