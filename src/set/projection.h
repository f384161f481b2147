// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// What a set of packets says of some of their fields, whatever the others are.

#include <optional>
#include <span>
#include <vector>

#include "ir/value_set.h"
#include "set/model.h"

namespace bulkhead::set {

// The packets that agree in these fields with some packet of the set: no other field is asked for.
Node projected(Model& model, Node set, std::span<const ir::Field* const> fields);

// Which part of all values of the fields the set has, 0 to 1. The set asks for no other field.
double share(Model& model, Node set, std::span<const ir::Field* const> fields);

// The values of one field that packets of the set have. None where rules tell parts of the field
// apart by their bits, so that there is no short answer.
std::optional<ir::ValueSet> values(Model& model, Node set, const ir::Field& field);

// The values of a field that no rule tells apart, in order; none as above.
std::optional<std::vector<ir::Interval>> classes(const Space& space, const ir::Field& field);

}  // namespace bulkhead::set
