// SPDX-License-Identifier: GPL-2.0-or-later
// A connection's packets one after the other: what raw and nat have made of the first decides what
// the others are.
#include "app/explanation.h"
#include "app/remedy.h"

namespace bulkhead::app {

namespace {

using backend::sim::Verdict;

bool passes(const Explanation& explanation) { return explanation.verdict == Verdict::kAccept; }

net::Direction opposite(net::Direction direction) {
  switch (direction) {
    case net::Direction::kInput: return net::Direction::kOutput;
    case net::Direction::kForward: return net::Direction::kForward;
    case net::Direction::kOutput: return net::Direction::kInput;
  }
  return direction;
}

Translation::End source_of(const net::PacketFields& fields) {
  return {fields.source, fields.source_port};
}
Translation::End destination_of(const net::PacketFields& fields) {
  return {fields.destination, fields.destination_port};
}

std::optional<Translation::End> where_changed(const Translation::End& from,
                                              const Translation::End& to) {
  return from == to ? std::nullopt : std::optional(to);
}

// A packet of it, as it was explained.
struct Step {
  net::PacketText packet;
  Translation translation;
  Explanation explanation;
};

struct Steps {
  Step first;
  Step answer;
  Step following;
  std::string lost;
  bool clashes = false;
};

Step step_of(const ir::Ruleset& rules, const net::PacketText& packet, Way way,
             const Translation& translation) {
  return {packet, translation, explain(rules, packet, way, {}, translation)};
}

// By lo it goes out, whichever half of its way the words are of.
net::PacketText sent_by_lo(net::PacketText packet) {
  packet.in_interface.clear();
  packet.out_interface = "lo";
  return packet;
}

// The first packet and what is made of it in `rules`.
Steps steps_of(const ir::Ruleset& rules, const net::PacketText& packet, Way there) {
  const Way back{opposite(there.direction), there.over_lo};
  Steps all{.first = step_of(rules, packet, there, {}), .answer = {}, .following = {}, .lost = {}};
  // The answer is to the packet as it left here.
  const net::PacketFields& sent = packet.fields;
  const net::PacketFields& left = all.first.explanation.left;
  net::PacketText translated = packet;
  translated.fields = left;
  net::PacketText reply = net::reply_to(translated);
  if (there.over_lo) reply = sent_by_lo(std::move(reply));
  const Translation taken_back{.source = where_changed(destination_of(left), destination_of(sent)),
                               .destination = where_changed(source_of(left), source_of(sent))};
  all.answer = step_of(rules, reply, back, taken_back);

  const Tracking& first = all.first.explanation.tracking;
  const Tracking answer = all.answer.explanation.tracking;
  const bool found = !first.untracked && first.reply_zone == answer.reply_zone;
  if (!found && !answer.untracked) {
    reply.state = net::state_of_unknown(reply.fields);
    all.answer = step_of(rules, reply, back, {});
    all.lost = first.untracked ? "its first packet isn't tracked"
                               : "table raw has it looked for in another zone";
    // __nf_conntrack_confirm() of nf_conntrack_core.c. Of TCP the data behind an invalid first
    // answer begin it.
    const bool same_zone =
        first.original_zone == answer.original_zone && first.original_zone == answer.reply_zone;
    all.clashes = !first.untracked && same_zone &&
                  (reply.state == net::PacketState::kNew || reply.fields.protocol == net::kTcp);
  }

  net::PacketText next = packet;
  next.state = net::PacketState::kEstablished;
  if (next.fields.protocol == net::kTcp) next.fields.tcp_flags = net::kAck;
  Translation as_first{.source = where_changed(source_of(sent), source_of(left)),
                       .destination = where_changed(destination_of(sent), destination_of(left))};
  if (first.untracked) next.state = net::state_of_unknown(next.fields);
  // Of a connection that no answer was seen of; its first packet was not answered to TCP's mind.
  if (!first.untracked && (!found || answer.untracked)) {
    next.state = next.fields.protocol == net::kTcp ? net::PacketState::kInvalid
                                                   : net::state_of_unknown(next.fields);
  }
  if (next.state != net::PacketState::kEstablished) as_first = {};
  all.following = step_of(rules, next, there, as_first);
  return all;
}

// The first of them that doesn't pass.
const Step* stopped(const Steps& steps) {
  for (const Step* step : {&steps.first, &steps.answer, &steps.following})
    if (!passes(step->explanation)) return step;
  return nullptr;
}

Remedy remedy_of(const ir::Ruleset& rules, const Steps& steps, const Step& step) {
  const Asked asked{rules, step.packet, step.translation, step.explanation};
  if (step.explanation.over_lo) {
    const bool in = step.explanation.direction == net::Direction::kInput;
    auto remedy = remedy_by(asked, {in ? "-i lo -j ACCEPT" : "-o lo -j ACCEPT"});
    const bool filter =
        !step.explanation.passages.empty() && step.explanation.passages.back().table == "filter";
    if (filter && (remedy.addition || !remedy.note.empty())) return remedy;
  }
  return &step == &steps.first ? remedy_for(asked)
                               : remedy_by(asked, {std::string(kKnownConnections)});
}

// One rule behind the other, until it works.
std::vector<std::string> find_remedies(ir::Ruleset rules, const Steps& now, Way there) {
  constexpr size_t kMost = 6;                             // two hooks for each of three packets
  if (!now.first.explanation.goes_to.empty()) return {};  // it is forwarded, or not
  const net::PacketText& packet = now.first.packet;
  Steps steps = now;
  std::vector<std::string> commands;
  while (const Step* const step = stopped(steps)) {
    const Remedy remedy = remedy_of(rules, steps, *step);
    if (!remedy.addition || !remedy.note.empty() || commands.size() == kMost) return {};
    commands.push_back(command_of(*remedy.addition, rules.family));
    rules = *with(rules, *remedy.addition);
    steps = steps_of(rules, packet, there);
  }
  return steps.clashes ? std::vector<std::string>{} : commands;
}

}  // namespace

bool ConnectionExplanation::works() const {
  return passes(first) && passes(answer) && passes(following) && !clashes;
}

ConnectionExplanation explain_connection(const ir::Ruleset& rules, const net::PacketText& packet) {
  const bool over_lo = packet.direction() != net::Direction::kForward &&
                       (packet.in_interface == "lo" || packet.out_interface == "lo");
  const Way there{over_lo ? net::Direction::kOutput : packet.direction(), over_lo};
  const Steps steps = steps_of(rules, over_lo ? sent_by_lo(packet) : packet, there);
  ConnectionExplanation all{.first = steps.first.explanation,
                            .answer = steps.answer.explanation,
                            .following = steps.following.explanation,
                            .lost = steps.lost,
                            .clashes = steps.clashes,
                            .remedies = find_remedies(rules, steps, there)};
  if (!passes(all.first)) {
    const Remedy remedy = remedy_of(rules, steps, steps.first);
    if (remedy.addition) all.first.remedy = command_of(*remedy.addition, rules.family);
    all.first.remedy_note = remedy.note;
  }
  return all;
}

}  // namespace bulkhead::app
