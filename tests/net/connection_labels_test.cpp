// SPDX-License-Identifier: GPL-2.0-or-later
#include "net/connection_labels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bulkhead::net {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ConnectionLabels, AreNumbersAndNames) {
  EXPECT_THAT(parse_connection_labels("0 web\n  1\tmail # and a remark\n# 2 not\n127 last"),
              ElementsAre(ConnectionLabel{0, "web"}, ConnectionLabel{1, "mail"},
                          ConnectionLabel{127, "last"}));
}

TEST(ConnectionLabels, TheFirstOfTwoHolds) {
  EXPECT_THAT(parse_connection_labels("1 a\n1 b\n2 a\n"), ElementsAre(ConnectionLabel{1, "a"}));
}

TEST(ConnectionLabels, WhatIsNoneIsPassedOver) {
  EXPECT_THAT(parse_connection_labels("128 far\nx y\n5\n-1 a\n1x b\n\n"), IsEmpty());
}

}  // namespace
}  // namespace bulkhead::net
