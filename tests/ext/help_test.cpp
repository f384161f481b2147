// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/help.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bulkhead::ext {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr net::Family k4 = net::Family::kIpv4;

TEST(Help, ListsEveryOptionWithItsSpellings) {
  EXPECT_EQ(help(*find_match("udp", k4)),
            "udp match options:\n"
            "[!] --sport, --source-port port[:port]\n"
            "                                source port, or a range of them\n"
            "[!] --dport, --destination-port port[:port]\n"
            "                                destination port, or a range of them\n");
}

TEST(Help, PutsShortOptionsOnOneLine) {
  EXPECT_THAT(help(*find_match("comment", k4)),
              HasSubstr("\n    --comment text              a remark of at most 255 bytes\n"));
}

TEST(Help, ListsTheWordsOfAnArgument) {
  const std::string icmp = help(*find_match("icmp", k4));
  EXPECT_THAT(icmp, HasSubstr("Valid ICMP Types:\nany\necho-reply (pong)\ndestination-unreachable\n"
                              "   network-unreachable\n"));
  EXPECT_THAT(help(*find_target("REJECT", k4)),
              HasSubstr("    icmp-port-unreachable    ICMP port unreachable\n"));
}

TEST(Help, ListsTheWordsOfSeveralOptionsOnce) {
  const std::string text = help(*find_match("addrtype", k4));
  const size_t first = text.find("Valid types:");
  ASSERT_NE(first, std::string::npos);
  EXPECT_EQ(text.find("Valid types:", first + 1), std::string::npos);
}

TEST(Help, OfTargetsWithoutOptionsIsLegacys) {
  EXPECT_EQ(help(*find_target("DROP", k4)),
            "standard match options:\n(If target is DROP, ACCEPT, RETURN or nothing)\n");
  EXPECT_THAT(help(*find_target("LOG", k4)), StartsWith("LOG target options:\n"));
}

TEST(Manual, IsARoffSection) {
  const std::string page = manual(*find_match("tcp", k4));
  EXPECT_THAT(page, StartsWith(".SS tcp\n"));
  EXPECT_THAT(page,
              HasSubstr(".TP\n[\\fB!\\fP] \\fB\\-\\-dport\\fP, \\fB\\-\\-destination\\-port\\fP "
                        "\\fIport[:port]\\fP\n"));
  EXPECT_THAT(page, HasSubstr("\\-p tcp \\-\\-dport ssh\n"));
}

// A line that begins with one of these is a request to roff; a bare minus becomes a hyphen when it
// is copied.
TEST(Manual, EscapesWhatRoffWouldRead) {
  const auto check = [](const std::string& page) {
    std::string_view rest = page;
    while (!rest.empty()) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(line.size() + 1);
      if (line.starts_with('.')) {
        const std::string_view request = line.substr(0, line.find(' '));
        EXPECT_TRUE(request == ".SS" || request == ".TP" || request == ".PP" || request == ".nf" ||
                    request == ".fi")
            << line;
      }
      for (size_t at = line.find('-'); at != std::string_view::npos; at = line.find('-', at + 1)) {
        ASSERT_GT(at, 0u) << line;
        EXPECT_EQ(line[at - 1], '\\') << line;
      }
    }
  };
  for (const Match* match : matches()) check(manual(*match));
  for (const Target* target : targets()) check(manual(*target));
  EXPECT_THAT(manual(*find_match("comment", k4)), Not(HasSubstr("\\\"")));
}

}  // namespace
}  // namespace bulkhead::ext
