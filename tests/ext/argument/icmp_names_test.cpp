// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/icmp_names.h"

#include <gtest/gtest.h>

#include "ext/argument/icmp_type.h"

namespace bulkhead::ext {
namespace {

// A name that begins another one would be ambiguous, and so unusable.
TEST(IcmpNames, ParseAndAreShownAgain) {
  for (const net::Family family : net::kFamilies) {
    const Context context{.family = family};
    for (const IcmpName& name : icmp_names(family)) {
      const Result<std::string> canonical = parse_icmp_type({&name.name, 1}, context);
      ASSERT_TRUE(canonical) << name.name << ": " << canonical.error().message;
      const std::string_view text = *canonical;
      EXPECT_EQ(*parse_icmp_type({&text, 1}, context), *canonical) << name.name;
      const std::string shown = list_icmp_type(*canonical, /*numeric=*/false, context);
      const std::string_view again = shown;
      EXPECT_EQ(*parse_icmp_type({&again, 1}, context), *canonical)
          << name.name << " is shown as " << shown;
    }
  }
}

TEST(IcmpNames, AreAsManyAsLegacyHas) {
  EXPECT_EQ(icmp_names(net::Family::kIpv4).size(), 40u);
  EXPECT_EQ(icmp_names(net::Family::kIpv6).size(), 28u);
}

}  // namespace
}  // namespace bulkhead::ext
