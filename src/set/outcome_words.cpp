// SPDX-License-Identifier: GPL-2.0-or-later
#include "set/outcome_words.h"

#include <algorithm>
#include <set>
#include <vector>

#include <fmt/format.h>

#include "ir/dump.h"

namespace bulkhead::set {

namespace {

std::string decision_words(const ir::Action& action) {
  if (std::holds_alternative<ir::Accept>(action)) return "accepted";
  if (std::holds_alternative<ir::Drop>(action)) return "dropped";
  if (const auto* reject = std::get_if<ir::Reject>(&action)) {
    if (reject->tcp_reset) return "rejected (tcp-reset)";
    return fmt::format("rejected (icmp code {})", unsigned{reject->icmp_code});
  }
  if (const auto* target = std::get_if<ir::OpaqueTarget>(&action))
    return fmt::format("handed to {}", target->name);
  return ir::dump(action);
}

// The bits of one field that are written, the others of it left as they are.
struct WrittenField {
  const Dimension* place = nullptr;
  U128 value = 0;
  U128 mask = 0;
};

bool same_place(const Dimension& a, const Dimension& b) {
  return a.base == b.base && a.key == b.key;
}

// Of what the kernel says beside the packet (marks) each number is one field, in one dimension or
// in several; in a packet each dimension speaks for itself.
bool is_number_of_kernel(const Dimension& dimension) {
  return dimension.base == ir::Base::kMeta || dimension.base == ir::Base::kConntrack ||
         dimension.base == ir::Base::kRoute;
}

const ir::Field* field_at(const Space& space, const Dimension& dimension) {
  if (dimension.field != nullptr || !is_number_of_kernel(dimension)) return dimension.field;
  for (const Dimension& other : space.dimensions())
    if (other.field != nullptr && same_place(other, dimension)) return other.field;
  return nullptr;
}

std::string field_words(const Space& space, const WrittenField& written) {
  const ir::Field* field = field_at(space, *written.place);
  if (field == nullptr) {
    return fmt::format("bits from {} on {:#x}", unsigned{written.place->first},
                       static_cast<uint64_t>(written.value));
  }
  std::string text = fmt::format("{} {:#x}", field->words, static_cast<uint64_t>(written.value));
  const U128 all =
      low_bits(is_number_of_kernel(*written.place) ? field->location(space.family()).width
                                                   : written.place->width);
  // As `--mark VALUE/MASK` has it.
  if (written.mask != all) text += fmt::format("/{:#x}", static_cast<uint64_t>(written.mask));
  return text;
}

std::vector<std::string> known_words(const Space& space, std::span<const Write> writes) {
  std::vector<WrittenField> fields;
  for (const Write& write : writes) {
    if (!write.known() || write.dimension >= kFirstTag) continue;
    const Dimension& dimension = space.dimensions()[write.dimension];
    const ir::Field* field = field_at(space, dimension);
    const bool number = is_number_of_kernel(dimension) && field != nullptr;
    const unsigned width = number ? field->location(space.family()).width : dimension.width;
    const unsigned shift = number ? width - dimension.first - dimension.width : 0;
    const auto same = std::ranges::find_if(
        fields, [&](const WrittenField& it) { return number && same_place(*it.place, dimension); });
    WrittenField& into = same != fields.end() ? *same : fields.emplace_back(&dimension);
    into.value |= dimension.atoms[write.atom].first << shift;
    into.mask |= low_bits(dimension.width) << shift;
  }
  std::vector<std::string> words;
  for (const WrittenField& each : fields) words.push_back(field_words(space, each));
  return words;
}

// What the action makes of a field whose value it doesn't know.
std::string action_words(const ir::Action& action, net::Family family) {
  if (const auto* assign = std::get_if<ir::Assign>(&action)) {
    const U128 all = low_bits(assign->field->location(family).width);
    if ((assign->keep & all) == all) {
      return fmt::format("{} with {:#x} flipped", assign->field->words,
                         static_cast<uint64_t>(assign->flip));
    }
  }
  const auto* mark = std::get_if<ir::ConnectionMark>(&action);
  const bool whole = mark != nullptr && mark->shift == 0 && mark->packet_mask == UINT32_MAX &&
                     mark->connection_mask == UINT32_MAX;
  using Mode = ir::ConnectionMark::Mode;
  if (whole && mark->mode == Mode::kSave) return "connection's mark that of the packet";
  if (whole && mark->mode == Mode::kRestore) return "mark that of the connection";
  return ir::dump(action);
}

std::string other_words(const Outcomes& outcomes, const Write& write, net::Family family) {
  if (write.dimension == kDoubt || write.atom == Write::kUnknown) return "";
  if (write.dimension >= kFirstTag)
    return action_words(outcomes.action(write.dimension - kFirstTag), family);
  return write.known() ? "" : action_words(outcomes.maker(write), family);
}

std::string outcome_words(const Space& space, const Outcomes& outcomes, const Outcome& outcome) {
  std::string text = outcome.flow == Flow::kDecided
                         ? decision_words(outcomes.action(outcome.decision))
                         : "not decided";
  std::set<std::string> said;  // one action may write several dimensions
  for (const std::string& part : known_words(space, outcomes.writes(outcome.effect)))
    text += ", " + part;
  for (const Write& write : outcomes.writes(outcome.effect)) {
    const std::string part = other_words(outcomes, write, space.family());
    if (!part.empty() && said.insert(part).second) text += ", " + part;
  }
  return text;
}

}  // namespace

std::string words(const Space& space, const Outcomes& outcomes, Node end) {
  std::string text;
  for (const Outcome& outcome : outcomes.possible(end))
    text += (text.empty() ? "" : " or ") + outcome_words(space, outcomes, outcome);
  return text;
}

}  // namespace bulkhead::set
