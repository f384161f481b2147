// SPDX-License-Identifier: GPL-2.0-or-later
// What a product of conditions says, as a person would.
#include <algorithm>
#include <bit>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "net/address.h"
#include "net/names.h"
#include "net/packet_build.h"
#include "set/cube.h"
#include "set/witness.h"

namespace bulkhead::set {

namespace {

constexpr size_t kMostListed = 6;

ir::ValueSet values_of(const Dimension& dimension, const std::vector<bool>& atoms) {
  std::vector<ir::Interval> values;
  for (size_t i = 0; i < atoms.size(); ++i)
    if (atoms[i]) values.push_back(dimension.atoms[i]);
  return ir::ValueSet(std::move(values));
}

std::vector<net::Network> prefixes_of(net::Family family, const ir::ValueSet& addresses) {
  const unsigned width = net::address_bits(family);
  std::vector<net::Network> prefixes;
  for (ir::Interval rest : addresses.intervals()) {
    for (;;) {
      unsigned size = 0;  // in bits that are free
      while (size < width && (rest.first >> size & 1) == 0 &&
             low_bits(size + 1) <= rest.last - rest.first)
        ++size;
      prefixes.push_back({{family, rest.first}, net::prefix_mask(family, width - size)});
      if (rest.last - rest.first == low_bits(size)) break;
      rest.first += low_bits(size) + 1;
    }
  }
  return prefixes;
}

std::string prefix_words(const net::Network& prefix) {
  const bool host = prefix.mask == low_bits(net::address_bits(prefix.address.family));
  return host ? net::to_string(prefix.address) : net::to_string(prefix);
}

std::string listed(const std::vector<std::string>& all, std::string_view separator = ", ") {
  if (all.size() <= kMostListed) return fmt::format("{}", fmt::join(all, separator));
  return fmt::format("{} and {} more",
                     fmt::join(all.begin(), all.begin() + kMostListed - 1, separator),
                     all.size() - kMostListed + 1);
}

std::string interval_words(net::Family family, const ir::Interval& interval) {
  const auto prefixes = prefixes_of(family, ir::ValueSet{interval});
  if (prefixes.size() == 1) return prefix_words(prefixes.front());
  return fmt::format("{}-{}", net::to_string(net::Address{family, interval.first}),
                     net::to_string(net::Address{family, interval.last}));
}

std::string intervals_words(net::Family family, const ir::ValueSet& addresses) {
  std::vector<std::string> all;
  for (const ir::Interval& interval : addresses.intervals())
    all.push_back(interval_words(family, interval));
  return listed(all);
}

std::string number_words(const ir::ValueSet& values) {
  std::vector<std::string> all;
  for (const auto& [first, last] : values.intervals()) {
    const auto from = static_cast<uint64_t>(first);
    const auto to = static_cast<uint64_t>(last);
    all.push_back(from == to ? fmt::format("{}", from) : fmt::format("{}-{}", from, to));
  }
  return listed(all);
}

// "22", "not 22": whichever is shorter.
std::string choice_words(const ir::ValueSet& values, unsigned width) {
  const ir::ValueSet others = values.complement(width);
  if (others.intervals().size() < values.intervals().size()) return "not " + number_words(others);
  return number_words(values);
}

// All names that begin with the bytes that both ends of the interval share.
ir::Interval names_around(const ir::Interval& interval) {
  constexpr unsigned kBits = 128, kByte = 8;
  const U128 differing = interval.first ^ interval.last;
  unsigned same = 0;
  while (same + kByte <= kBits && differing >> (kBits - kByte - same) == 0) same += kByte;
  const U128 behind = same == kBits ? 0 : low_bits(kBits - same);
  return {interval.first & ~behind, interval.last | behind};
}

std::string one_interface(const ir::Interval& names) {
  if (names.first == names.last) return interface_name(names.first);
  const ir::Interval around = names_around(names);
  const std::string stem = interface_name(around.first);
  return stem.empty() ? interface_name(names.first) + " to " + interface_name(names.last)
                      : stem + "+";
}

// "eth0, ppp+", "eth+ but eth0": intervals of one stem that leave out a few of its names.
std::vector<std::string> interface_list(const ir::ValueSet& values) {
  const auto& intervals = values.intervals();
  std::vector<std::string> all;
  for (size_t i = 0; i < intervals.size();) {
    size_t end = intervals.size() - 1;
    const auto fits = [&] {
      const ir::Interval hull{intervals[i].first, intervals[end].last};
      const ir::Interval around = names_around(hull);
      return around.first == hull.first && around.last == hull.last && around.first != 0;
    };
    while (end > i && !fits()) --end;
    if (end == i) {
      all.push_back(one_interface(intervals[i++]));
      continue;
    }
    const ir::Interval hull{intervals[i].first, intervals[end].last};
    const ir::ValueSet missing =
        values.complement(128).intersected(ir::ValueSet::range(hull.first, hull.last));
    std::vector<std::string> but;
    for (const ir::Interval& each : missing.intervals()) but.push_back(one_interface(each));
    all.push_back(one_interface(hull) + " but " + listed(but, " and "));
    i = end + 1;
  }
  return all;
}

std::string interface_words(const ir::ValueSet& values) {
  constexpr unsigned kWidth = 128;
  const ir::ValueSet others = values.complement(kWidth);
  // No interface isn't worth a word: it can't be there, or no other can.
  const ir::ValueSet some = ir::ValueSet::range(1, kU128Max);
  const ir::ValueSet named = others.intersected(some);
  const ir::ValueSet there = values.intersected(some);
  if (named.empty() || there.empty()) return "";
  if (!values.contains(kU128Max)) return listed(interface_list(there));
  const std::vector<std::string> but = interface_list(named);
  return (but.size() == 1 ? "not " : "none of ") + listed(but);
}

std::string state_words(const ir::ValueSet& values) {
  constexpr std::pair<ir::CtState, std::string_view> kNames[] = {
      {ir::CtState::kNew, "new"},
      {ir::CtState::kEstablished, "established"},
      {ir::CtState::kRelated, "related"},
      {ir::CtState::kInvalid, "invalid"},
      {ir::CtState::kUntracked, "untracked"}};
  std::vector<std::string_view> in;
  std::vector<std::string_view> out;
  for (const auto& [state, name] : kNames)
    (values.contains(static_cast<U128>(state)) ? in : out).push_back(name);
  if (out.size() < in.size()) return fmt::format("not {}", fmt::join(out, " or "));
  return fmt::format("{}", fmt::join(in, " or "));
}

std::string shape_words(const std::vector<bool>& atoms) {
  constexpr std::string_view kNames[] = {"whole", "cut off in its header, behind the ports",
                                         "cut off before its header",
                                         "a later fragment, over TCP's flags", "a later fragment"};
  const bool later = atoms[static_cast<size_t>(Shape::kLaterFragment)];
  std::vector<std::string_view> in;
  for (size_t i = 0; i < atoms.size(); ++i)
    if (atoms[i] && !(later && i == static_cast<size_t>(Shape::kSecondBlock)))
      in.push_back(kNames[i]);
  if (std::ranges::count(atoms, true) == static_cast<std::ptrdiff_t>(atoms.size()) - 1)
    return "a fragment, or cut off in its header";
  return fmt::format("{}", fmt::join(in, " or "));
}

// "syn, no ack" where each bit says its own; else "of the flags rst, syn, fin just syn, or none".
std::string flag_words(const Dimension& dimension, const ir::ValueSet& values) {
  constexpr std::string_view kBits[] = {"cwr", "ece", "urg", "ack", "psh", "rst", "syn", "fin"};
  const unsigned first = dimension.first - kTcpFlags.v4.offset;
  if (first + dimension.width > std::size(kBits)) return "TCP bits " + number_words(values);
  const auto names = [&](unsigned value, std::string_view separator) {
    std::string text;
    for (unsigned bit = 0; bit < dimension.width; ++bit) {
      if ((value >> (dimension.width - 1 - bit) & 1) != 0)
        text += fmt::format("{}{}", text.empty() ? "" : separator, kBits[first + bit]);
    }
    return text;
  };
  const auto all = static_cast<unsigned>(low_bits(dimension.width));
  unsigned always = all, ever = 0;
  std::vector<std::string> in, out;
  for (unsigned value = 0; value <= all; ++value) {
    const bool there = values.contains(value);
    (there ? in : out).push_back(value == 0 ? "none" : names(value, "+"));
    if (!there) continue;
    always &= value;
    ever |= value;
  }
  if (in.size() == 1u << std::popcount(ever & ~always)) {
    std::vector<std::string> said;
    for (unsigned bit = 0; bit < dimension.width; ++bit) {
      const unsigned mask = 1u << (dimension.width - 1 - bit);
      if ((always & mask) != 0) said.emplace_back(kBits[first + bit]);
      if ((ever & mask) == 0) said.push_back(fmt::format("no {}", kBits[first + bit]));
    }
    return fmt::format("{}", fmt::join(said, ", "));
  }
  const std::string of = dimension.width == 1 ? "" : "of the flags " + names(all, ", ") + " ";
  return out.size() < in.size() ? fmt::format("{}not just {}", of, listed(out, " or "))
                                : fmt::format("{}just {}", of, listed(in, " or "));
}

constexpr unsigned kMacBits = 48;

std::string mac_words(const ir::ValueSet& values) {
  const ir::ValueSet others = values.complement(kMacBits);
  const bool negated = others.intervals().size() < values.intervals().size();
  const auto one = [](U128 value) {
    std::string text;
    for (unsigned byte = 6; byte-- > 0;)
      text += fmt::format("{}{:02x}", text.empty() ? "" : ":",
                          static_cast<unsigned>(value >> (8 * byte) & 0xff));
    return text;
  };
  std::vector<std::string> all;
  for (const auto& [first, last] : (negated ? others : values).intervals())
    all.push_back(first == last ? one(first) : one(first) + "-" + one(last));
  return fmt::format("{}mac {}", negated ? "not " : "", listed(all));
}

// Collects what the sides say, then puts it in a person's order.
class Sentence {
 public:
  Sentence(const Space& space, const Cube& cube, const std::optional<ir::ValueSet>& known)
      : space_(space), known_(known) {
    for (const Cube::Side& side : cube.sides) {
      const Dimension& dimension = space.dimensions()[side.dimension];
      if (dimension.base == ir::Base::kMeta && is(dimension, ir::Meta::kProtocol))
        protocols_ = values_of(dimension, side.atoms);
    }
    for (const Cube::Side& side : cube.sides) {
      const Dimension& dimension = space.dimensions()[side.dimension];
      by_mac_ |= dimension.base == ir::Base::kLink;
    }
    for (const Cube::Side& side : cube.sides) say(side);
  }

  std::string text() const {
    std::string out = protocols_ ? protocol_words() : "";
    const auto add = [&](const std::string& part) {
      if (!part.empty()) out += (out.empty() ? "" : " ") + part;
    };
    add(icmp_);
    if (!destination_.empty()) add("to " + destination_);
    if (!destination_port_.empty())
      add((destination_.empty() ? "to port " : "port ") + destination_port_);
    if (!source_.empty()) add("from " + source_);
    if (!source_port_.empty()) add((source_.empty() ? "from port " : "port ") + source_port_);
    if (out.empty()) out = more_.empty() ? "everything" : "anything";
    for (const std::string& part : more_) out += ", " + part;
    return out;
  }

 private:
  static bool is(const Dimension& dimension, ir::Meta key) {
    return dimension.key == static_cast<uint16_t>(key);
  }
  bool only(std::initializer_list<uint8_t> which) const {
    const std::optional<ir::ValueSet>& protocols = protocols_ ? protocols_ : known_;
    if (!protocols) return false;
    ir::ValueSet those;
    for (const uint8_t each : which) those = those.united(ir::ValueSet::of(each));
    return protocols->intersected(those) == *protocols;
  }

  std::string protocol_words() const {
    const auto names = [](const ir::ValueSet& of) {
      std::vector<std::string> all;
      for (const auto& [first, last] : of.intervals()) {
        if (last - first > 3) {
          all.push_back(fmt::format("protocols {}-{}", static_cast<unsigned>(first),
                                    static_cast<unsigned>(last)));
          continue;
        }
        for (U128 number = first; number <= last; ++number) {
          const auto name = net::builtin_protocol_name(static_cast<uint8_t>(number));
          all.push_back(name ? std::string(*name)
                             : fmt::format("protocol {}", static_cast<unsigned>(number)));
        }
      }
      return listed(all);
    };
    const ir::ValueSet others = protocols_->complement(8);
    const bool negated = others.intervals().size() < protocols_->intervals().size();
    return negated ? "not " + names(others) : names(*protocols_);
  }

  void say(const Cube::Side& side) {
    const Dimension& dimension = space_.dimensions()[side.dimension];
    if (dimension.kind == Dimension::Kind::kShape) {
      // That a packet is whole isn't worth a word.
      if (!side.atoms[static_cast<size_t>(Shape::kWhole)]) more_.push_back(shape_words(side.atoms));
      return;
    }
    if (dimension.kind == Dimension::Kind::kAnswer) return say_answer(dimension, side.atoms[1]);
    const ir::ValueSet values = values_of(dimension, side.atoms);
    switch (dimension.base) {
      case ir::Base::kTransport: return say_transport(dimension, values);
      case ir::Base::kConntrack:
        if (dimension.field == &ir::kCtState) return more_.push_back(state_words(values));
        break;
      case ir::Base::kMeta:
        if (is(dimension, ir::Meta::kProtocol)) return;
        if (is(dimension, ir::Meta::kInInterface) || is(dimension, ir::Meta::kOutInterface)) {
          const std::string name = interface_words(values);
          const std::string_view way = is(dimension, ir::Meta::kInInterface) ? "in" : "out";
          if (!name.empty()) more_.push_back(fmt::format("{} {}", way, name));
          return;
        }
        // That a packet with a MAC address came over Ethernet isn't worth a word.
        if (is(dimension, ir::Meta::kInDeviceType) && by_mac_) return;
        break;
      case ir::Base::kLink:
        if (dimension.width == kMacBits) return more_.push_back(mac_words(values));
        break;
      default: break;
    }
    const bool whole = dimension.field != nullptr &&
                       dimension.field->location(space_.family()).width == dimension.width;
    if (whole && dimension.field->kind == ir::Kind::kAddress) {
      const std::string addresses = address_words(space_.family(), values);
      if (dimension.field == &ir::kSource)
        source_ = addresses;
      else if (dimension.field == &ir::kDestination)
        destination_ = addresses;
      else
        more_.push_back(fmt::format("{} {}", dimension.field->words, addresses));
      return;
    }
    if (whole && dimension.base == ir::Base::kRoute &&
        ir::is_path(static_cast<ir::Route>(dimension.key))) {
      more_.push_back(fmt::format("{} {}", values.contains(0) ? "without a" : "with a",
                                  dimension.field->words));
      return;
    }
    if (!whole) return more_.push_back(part_words(dimension, values));
    more_.push_back(
        fmt::format("{} {}", dimension.field->words, choice_words(values, dimension.width)));
  }

  // "packet mark 0x1/0x3": as iptables writes a value and which of its bits count.
  std::string part_words(const Dimension& dimension, const ir::ValueSet& values) const {
    const ir::Field* around = nullptr;
    unsigned shift = 0;
    for (const ir::Field* field :
         {&ir::kSource, &ir::kDestination, &ir::kPacketMark, &ir::kConnectionMark, &ir::kCtStatus,
          &ir::kTypeOfService, &ir::kInDeviceType, &ir::kSourceMac}) {
      for (const Segment& segment : space_.segments(*field)) {
        if (&space_.dimensions()[segment.dimension] != &dimension) continue;
        around = field;
        shift = segment.shift;
      }
    }
    if (around == nullptr)
      return fmt::format("{} bits at {}: {}", dimension.width, unsigned{dimension.first},
                         choice_words(values, dimension.width));
    const net::Family family = space_.family();
    const auto text = [&](U128 bits) {
      if (around->kind == ir::Kind::kAddress)
        return net::to_string(net::Address{family, bits << shift});
      return fmt::format("{:#x}", static_cast<uint64_t>(bits << shift));
    };
    const ir::ValueSet others = values.complement(dimension.width);
    const bool negated = others.intervals().size() < values.intervals().size();
    std::vector<std::string> all;
    for (const auto& [first, last] : (negated ? others : values).intervals())
      all.push_back(first == last ? text(first) : text(first) + "-" + text(last));
    return fmt::format("{} {}{}/{}", around->words, negated ? "not " : "", listed(all),
                       text(low_bits(dimension.width)));
  }

  void say_transport(const Dimension& dimension, const ir::ValueSet& values) {
    if (dimension.first >= kTcpFlags.v4.offset)
      return more_.push_back(flag_words(dimension, values));
    const bool source = dimension.first < 16;
    if (source && only({net::kIcmp, net::kIcmp6})) {
      constexpr unsigned kTypeBits = 8;
      const bool code = dimension.first >= kTypeBits;
      const bool both = dimension.width > kTypeBits;
      icmp_ += fmt::format("{}{} {}", icmp_.empty() ? "" : " ", code ? "code" : "type",
                           both ? icmp_words(values) : choice_words(values, dimension.width));
      return;
    }
    (source ? source_port_ : destination_port_) = choice_words(values, dimension.width);
  }

  static std::string icmp_words(const ir::ValueSet& values) {
    std::vector<std::string> all;
    for (const auto& [first, last] : values.intervals()) {
      const auto from = static_cast<unsigned>(first);
      const auto to = static_cast<unsigned>(last);
      if (from == to) {
        all.push_back(fmt::format("{}/{}", from >> 8, from & 0xff));
      } else if ((from & 0xff) == 0 && (to & 0xff) == 0xff) {
        all.push_back(from >> 8 == to >> 8 ? fmt::format("{}", from >> 8)
                                           : fmt::format("{}-{}", from >> 8, to >> 8));
      } else {
        all.push_back(fmt::format("{}/{}-{}/{}", from >> 8, from & 0xff, to >> 8, to & 0xff));
      }
    }
    return listed(all);
  }

  void say_answer(const Dimension& dimension, bool yes) {
    const std::string name = dimension.question.substr(0, dimension.question.find_first_of(" ."));
    more_.push_back(fmt::format("{} -m {}", yes ? "matching" : "not matching", name));
  }

  const Space& space_;
  bool by_mac_ = false;
  std::optional<ir::ValueSet> known_, protocols_;
  std::string icmp_, source_, source_port_, destination_, destination_port_;
  std::vector<std::string> more_;
};

}  // namespace

std::string address_words(net::Family family, const ir::ValueSet& addresses) {
  const unsigned width = net::address_bits(family);
  if (addresses.empty()) return "none";
  const U128 first = addresses.intervals().front().first;
  const U128 last = addresses.intervals().back().last;
  if (first == 0 && last == low_bits(width) && addresses.intervals().size() == 1) return "any";
  // The smallest prefix around them, and what it has too many.
  unsigned length = width;
  while (length > 0 && ((first ^ last) & net::prefix_mask(family, length)) != 0) --length;
  const net::Network around{{family, first & net::prefix_mask(family, length)},
                            net::prefix_mask(family, length)};
  const ir::ValueSet whole =
      ir::ValueSet::range(around.address.value, around.address.value | low_bits(width - length));
  const ir::ValueSet missing = addresses.complement(width).intersected(whole);
  if (missing.empty()) return prefix_words(around);
  if (missing.intervals().size() <= addresses.intervals().size() &&
      prefixes_of(family, missing).size() < prefixes_of(family, addresses).size()) {
    const std::string but = intervals_words(family, missing);
    return length == 0 ? "any except " + but : prefix_words(around) + " except " + but;
  }
  return intervals_words(family, addresses);
}

std::string words(const Space& space, const Cube& cube, const std::optional<ir::ValueSet>& known) {
  return Sentence(space, cube, known).text();
}

}  // namespace bulkhead::set
