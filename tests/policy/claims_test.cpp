// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/claims.h"

#include <cstdlib>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "lang/language.h"
#include "policy/lower.h"

namespace bulkhead::policy {
namespace {

Result<std::vector<Claim>> parsed(const std::string& text) {
  static const lang::TestNames names;
  return parse_claims(Source("c.toml", text), names);
}

Claim one(const std::string& text) {
  const auto claims = parsed(
      "[groups]\nmanagement = [\"192.0.2.1\", \"2001:db8::1\"]\n"
      "subnet = \"192.0.2.0/24\"\n[services]\nweb = [\"tcp/80\", \"tcp/443\"]\n"
      "[[claim]]\nname = \"c\"\n" +
      text);
  EXPECT_TRUE(claims.ok()) << claims.error().message;
  return claims.ok() ? claims->front() : Claim{};
}

using Intervals = std::vector<ir::Interval>;

TEST(Claims, OnlyFromIsAllOthersBlocked) {
  const Claim claim = one("service = \"tcp/ssh\"\nonly-from = \"management\"\n");
  EXPECT_EQ(claim.kind, Claim::Kind::kBlocked);
  EXPECT_EQ(claim.packets.direction, net::Direction::kInput);
  EXPECT_EQ(claim.packets.source->v4.intervals(),
            (Intervals{{0, 0xc0000200}, {0xc0000202, 0xffffffff}}));
  EXPECT_EQ(claim.packets.source->v6.intervals().size(), 2U);
  ASSERT_EQ(claim.packets.services->any_of.size(), 1U);
  EXPECT_EQ(*claim.packets.services->any_of[0].ports, ir::ValueSet::of(22));
}

TEST(Claims, AddressesInWords) {
  const auto source = [](const std::string& words) {
    return one("verdict = \"blocked\"\npackets = { source = " + words + " }\n")
        .packets.source->v4.intervals();
  };
  EXPECT_EQ(source("\"subnet but management\""),
            (Intervals{{0xc0000200, 0xc0000200}, {0xc0000202, 0xc00002ff}}));
  EXPECT_EQ(source("\"subnet except 192.0.2.0-192.0.2.9 and 192.0.2.128/25\""),
            (Intervals{{0xc000020a, 0xc000027f}}));
  EXPECT_EQ(source("[\"management\", \"192.0.2.2\"]"), (Intervals{{0xc0000201, 0xc0000202}}));
  EXPECT_EQ(source("\"any\""), (Intervals{{0, 0xffffffff}}));
  EXPECT_EQ(source("\"not 0.0.0.0/1\""), (Intervals{{0x80000000, 0xffffffff}}));
  EXPECT_EQ(source("\"192.0.2.0/255.255.255.0\""), (Intervals{{0xc0000200, 0xc00002ff}}));
  EXPECT_TRUE(source("\"2001:db8::/32\"").empty());
}

TEST(Claims, OtherFields) {
  const Claim claim =
      one("family = \"v4\"\nverdict = \"passes\"\n"
          "packets = { direction = \"forward\", protocol = [\"tcp\", \"udp\"], source-port = "
          "\"1024-65535\", "
          "destination-port = \"not 22\", in-interface = \"eth+\", out-interface = \"any\", "
          "state = [\"new\", \"related\"] }\n");
  const Description& packets = claim.packets;
  EXPECT_EQ(claim.family, net::Family::kIpv4);
  EXPECT_EQ(packets.direction, net::Direction::kForward);
  EXPECT_EQ(packets.protocols->intervals(), (Intervals{{6, 6}, {17, 17}}));
  EXPECT_EQ(packets.source_ports->intervals(), (Intervals{{1024, 65535}}));
  EXPECT_EQ(packets.destination_ports->intervals(), (Intervals{{0, 21}, {23, 65535}}));
  EXPECT_EQ(packets.in_interfaces->intervals().size(), 1U);
  EXPECT_EQ(packets.in_interfaces->intervals()[0].first >> 104, U128{0x657468});
  EXPECT_EQ(packets.out_interfaces->intervals(), (Intervals{{0, kU128Max}}));
  EXPECT_EQ(*packets.states, ir::ValueSet::of(8).united(ir::ValueSet::of(4)));
}

TEST(Claims, NamedServicesMayBeNegated) {
  const Claim claim = one("verdict = \"blocked\"\npackets = { service = \"not web\" }\n");
  EXPECT_TRUE(claim.packets.services->negated);
  EXPECT_EQ(claim.packets.services->any_of.size(), 2U);
}

TEST(Claims, AConnectionHasThreeSteps) {
  const Claim claim = one("connection = { direction = \"out\", service = \"udp/53\" }\n");
  const auto steps = steps_of(claim, net::Family::kIpv4);
  ASSERT_EQ(steps.size(), 3U);
  EXPECT_EQ(steps[0].packets.direction, net::Direction::kOutput);
  EXPECT_EQ(steps[1].packets.direction, net::Direction::kInput);
  EXPECT_EQ(steps[2].packets.direction, net::Direction::kOutput);
}

TEST(Claims, ASingleServiceInWords) {
  const lang::TestNames names;
  const auto service = parse_service(Source("--who", "tcp/ssh"), names);
  ASSERT_TRUE(service.ok());
  EXPECT_EQ(service->any_of[0].protocol, 6);
  const Source wrong("--who", "tcp/x");
  const auto refused = parse_service(wrong, names);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(render(refused.error(), wrong),
            "--who:1:5: `x' is no port\n  tcp/x\n      ^\n"
            "  hint: a number up to 65535, a range (8000-8100) or a service's name (ssh)\n");
}

// wrong_claims.txt: a claims file, a line of dashes, the whole error; a line of equals signs.
TEST(Claims, EveryErrorHasItsPlace) {
  std::ifstream file(BULKHEAD_SOURCE_DIR "/tests/policy/wrong_claims.txt");
  ASSERT_TRUE(file);
  std::string text, told, all;
  bool in_text = true;
  size_t cases = 0;
  const lang::TestNames names;
  for (std::string line; std::getline(file, line);) {
    if (line == "----") {
      in_text = false;
    } else if (line == "====") {
      const Source source("c.toml", text);
      const auto claims = parse_claims(source, names);
      EXPECT_FALSE(claims.ok()) << text;
      const std::string got = claims.ok() ? "" : render(claims.error(), source);
      EXPECT_EQ(got, told) << text;
      all += text + "----\n" + got + "====\n";
      text.clear();
      told.clear();
      in_text = true;
      ++cases;
    } else {
      (in_text ? text : told) += line + "\n";
    }
  }
  EXPECT_GE(cases, 30U);
  if (const char* to = std::getenv("BULKHEAD_WRONG_CLAIMS")) std::ofstream(to) << all;
}

}  // namespace
}  // namespace bulkhead::policy
