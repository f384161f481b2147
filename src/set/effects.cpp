// SPDX-License-Identifier: GPL-2.0-or-later
// What targets, programs and conditions write, and what else is another one then.
#include <algorithm>
#include <iterator>
#include <string_view>

#include "set/model.h"

namespace bulkhead::set {

namespace {

// Whether one of these matches asks it.
bool is_of(std::string_view question, std::initializer_list<std::string_view> matches) {
  return std::ranges::any_of(matches,
                             [&](std::string_view it) { return question.starts_with(it); });
}

// Of the kernel's own matches those that look at a packet's mark: a program may ask for all of it,
// and a route may be chosen by it.
bool may_read_marks(std::string_view question) {
  return is_of(question, {"bpf.", "rpfilter.", "socket."});
}

bool is_packet_mark(const Dimension& it) {
  return it.base == ir::Base::kMeta && it.key == static_cast<uint16_t>(ir::Meta::kMark);
}

bool is_mark(const Dimension& it) {
  return is_packet_mark(it) ||
         (it.base == ir::Base::kConntrack && it.key == static_cast<uint16_t>(ir::Conntrack::kMark));
}

// Of the kernel's own matches those that change something by being asked, whether they hold or not:
// socket --restore-skmark, connlabel --set, and recent, which keeps lists.
bool changes_by_asking(const ir::Opaque& opaque) {
  constexpr std::string_view kChanging[] = {"socket", "connlabel", "recent"};
  return opaque.stateful && std::ranges::find(kChanging, opaque.name) != std::end(kChanging);
}

}  // namespace

Effect Model::writes_of(const ir::Field& field, U128 keep, U128 flip) {
  std::vector<Write> writes;
  for (const Segment& segment : space_.segments(field)) {
    const Dimension& dimension = space_.dimensions()[segment.dimension];
    const U128 bits = low_bits(segment.width);
    const U128 kept = keep >> segment.shift & bits;
    const U128 flipped = flip >> segment.shift & bits;
    if (kept == bits && flipped == 0) continue;
    const bool constant = kept == 0 && segment.width == dimension.width;
    writes.push_back({segment.dimension,
                      constant ? space_.atom_of(segment.dimension, flipped) : Write::kUnknown});
  }
  return outcomes_.effect(std::move(writes));
}

Effect Model::unknown(const ir::Field& field) {
  std::vector<Write> writes;
  for (const Segment& segment : space_.segments(field))
    writes.push_back({segment.dimension, Write::kUnknown});
  return outcomes_.effect(std::move(writes));
}

template <class Wanted> Effect Model::unknown_where(Effect effect, const Wanted& wanted) {
  std::vector<Write> writes;
  for (uint32_t i = 0; i < space_.dimensions().size(); ++i)
    if (wanted(space_.dimensions()[i])) writes.push_back({i, Write::kUnknown});
  return writes.empty() ? effect : outcomes_.composed(effect, outcomes_.effect(std::move(writes)));
}

// The kernel's own matches may answer otherwise of a packet that was changed. What only depends on
// what came before keeps its name.
Effect Model::unknown_answers(Effect effect) {
  const auto marks = [&](const Write& write) {
    return write.dimension < kFirstTag && is_mark(space_.dimensions()[write.dimension]);
  };
  const bool only_marks =
      effect != kNoEffect && std::ranges::all_of(outcomes_.writes(effect), marks);
  return unknown_where(effect, [&](const Dimension& it) {
    return it.kind == Dimension::Kind::kAnswer && !it.remembers &&
           (!only_marks || may_read_marks(it.question));
  });
}

// What the kernel derives from the field: its own matches' answers, and what the routing table says
// of an address, or of the way back to it, for which a mark may count.
Effect Model::with_consequences(Effect effect, const ir::Field& field) {
  const bool header = field.location(space_.family()).base == ir::Base::kNetwork;
  const bool mark = &field == &ir::kPacketMark;
  return unknown_where(unknown_answers(effect), [&](const Dimension& it) {
    if (it.kind != Dimension::Kind::kBits || it.base != ir::Base::kRoute) return false;
    const auto key = static_cast<ir::Route>(it.key);
    return header || (mark && (key == ir::Route::kPathToSourceByMark ||
                               key == ir::Route::kPathToSourceOnInByMark));
  });
}

Effect Model::written_by_asking(const ir::Opaque& opaque) {
  if (!changes_by_asking(opaque)) return kNoEffect;
  Effect effect = kNoEffect;
  if (opaque.name == "socket")
    effect = with_consequences(unknown(ir::kPacketMark), ir::kPacketMark);
  if (opaque.name == "connlabel") {
    effect = unknown_where(
        effect, [](const Dimension& it) { return it.question.starts_with("connlabel."); });
  }
  // Where two rulesets are compared it matters who was asked, be it only for a list.
  if (!named_) return effect;
  return outcomes_.composed(
      effect, tag(ir::OpaqueTarget{
                  .name = opaque.name, .revision = opaque.revision, .bytes = opaque.bytes}));
}

bool Model::writes_by_asking(const ir::Rule& rule) const {
  return std::ranges::any_of(rule.matches, [](const ir::Match& match) {
    return std::ranges::any_of(match.predicate, [](const ir::Condition& condition) {
      const auto* opaque = std::get_if<ir::Opaque>(&condition);
      return opaque != nullptr && changes_by_asking(*opaque);
    });
  });
}

Effect Model::handed_over(const ir::Action& action) {
  if (const auto* proxy = std::get_if<ir::TransparentProxy>(&action)) {
    return with_consequences(writes_of(ir::kPacketMark, proxy->mark_keep, proxy->mark_flip),
                             ir::kPacketMark);
  }
  const auto* target = std::get_if<ir::OpaqueTarget>(&action);
  if (target == nullptr || !target->decides) return kNoEffect;
  const Effect others = outcomes_.composed(unknown(ir::kProtocol), unknown(ir::kLength));
  return unknown_where(others, [](const Dimension& it) {
    if (it.kind == Dimension::Kind::kAnswer) return !it.remembers;
    if (it.kind != Dimension::Kind::kBits) return false;
    return is_mark(it) || it.base == ir::Base::kNetwork || it.base == ir::Base::kTransport ||
           it.base == ir::Base::kRoute;
  });
}

// ip_route_me_harder of net/ipv4/netfilter.c: where the host itself sends, and an address, the mark
// or the type of service is written.
Effect Model::rerouted(Effect effect) {
  const auto counts = [&](const Write& write) {
    if (write.dimension >= kFirstTag) return false;
    const Dimension& it = space_.dimensions()[write.dimension];
    return it.kind == Dimension::Kind::kBits &&
           (it.base == ir::Base::kNetwork || is_packet_mark(it));
  };
  if (std::ranges::none_of(outcomes_.writes(effect), counts)) return effect;
  return unknown_where(outcomes_.composed(effect, unknown(ir::kOutInterface)),
                       [](const Dimension& it) {
                         return it.kind == Dimension::Kind::kAnswer
                                    ? is_of(it.question, {"devgroup.", "policy.", "realm."})
                                    : it.base == ir::Base::kRoute;
                       });
}

Effect Model::before_conntrack(Effect effect) {
  return unknown_where(effect, [](const Dimension& it) {
    return it.kind == Dimension::Kind::kAnswer &&
           is_of(it.question, {"helper.", "connbytes.", "connlabel.", "connlimit.", "conntrack.",
                               "cluster.", "socket."});
  });
}

// A bridged packet has an outgoing port from FORWARD on (br_netfilter_hooks.c). A router has
// counted the time to live down before FORWARD, and before INPUT fragments are put together, which
// programs may see.
Effect Model::coming_to(ir::Hook hook) {
  const bool changed = hook == ir::Hook::kForward || hook == ir::Hook::kInput;
  return unknown_where(kNoEffect, [&](const Dimension& it) {
    if (it.kind != Dimension::Kind::kAnswer || it.remembers) return false;
    return is_of(it.question, {"physdev."}) ||
           (changed && is_of(it.question, {"bpf.", "string.", "u32."}));
  });
}

// Of one packet it may matter in which order such targets come, and how often.
Effect Model::tag(const ir::Action& action) {
  const uint32_t dimension = kFirstTag + outcomes_.decision(action);
  if (!named_) return outcomes_.effect({{dimension, 0}});
  return outcomes_.named(outcomes_.effect({{dimension, Write::kUnknown}}), action, {});
}

Effect Model::named(Effect effect, const ir::Action& action,
                    std::initializer_list<const ir::Field*> reads) {
  if (!named_) return effect;
  std::vector<uint32_t> dimensions;
  for (const ir::Field* field : reads) {
    for (const Segment& segment : space_.segments(*field)) dimensions.push_back(segment.dimension);
  }
  return outcomes_.named(effect, action, std::move(dimensions));
}

std::vector<ir::Action> Model::tags(Effect effect) const {
  std::vector<ir::Action> tags;
  for (const Write& write : outcomes_.writes(effect)) {
    if (write.dimension >= kFirstTag && write.dimension != kDoubt)
      tags.push_back(outcomes_.action(write.dimension - kFirstTag));
  }
  return tags;
}

Effect Model::translation(const std::optional<ir::Nat>& nat) {
  using Kind = ir::Nat::Kind;
  Effect effect = kNoEffect;
  const auto write = [&](Effect then) { effect = outcomes_.composed(effect, then); };
  if (!nat) {
    for (const ir::Field* field :
         {&ir::kSource, &ir::kDestination, &ir::kSourcePort, &ir::kDestinationPort})
      write(unknown(*field));
    return with_consequences(effect, ir::kSource);
  }
  // The connection's status says that it is translated, and its answers go elsewhere.
  effect = unknown_where(effect, [](const Dimension& it) {
    constexpr ir::Conntrack kChanged[] = {
        ir::Conntrack::kStatus, ir::Conntrack::kReplySource, ir::Conntrack::kReplyDestination,
        ir::Conntrack::kReplySourcePort, ir::Conntrack::kReplyDestinationPort};
    return it.kind == Dimension::Kind::kBits && it.base == ir::Base::kConntrack &&
           std::ranges::find(kChanged, static_cast<ir::Conntrack>(it.key)) != std::end(kChanged);
  });
  const bool source = nat->kind == Kind::kSnat || nat->kind == Kind::kMasquerade;
  const ir::Field& address = source ? ir::kSource : ir::kDestination;
  const ir::Field& port = source ? ir::kSourcePort : ir::kDestinationPort;
  if (nat->kind == Kind::kNetmap) {
    // Of which side isn't said here.
    write(unknown(ir::kSource));
    write(unknown(ir::kDestination));
  } else if (nat->addresses && nat->addresses->first == nat->addresses->last) {
    write(writes_of(address, 0, nat->addresses->first.value));
  } else if (nat->addresses || nat->kind != Kind::kDnat || !nat->ports) {
    write(unknown(address));
  }
  if (nat->ports && nat->ports->first == nat->ports->last) {
    write(writes_of(port, 0, nat->ports->first));
  } else if (source || nat->ports) {
    write(unknown(port));  // a source port may have to give way
  }
  return with_consequences(effect, address);
}

}  // namespace bulkhead::set
