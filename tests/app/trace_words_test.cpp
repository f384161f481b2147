// SPDX-License-Identifier: GPL-2.0-or-later
// Which packets a description chooses, and where.
#include "app/trace_words.h"

#include <sstream>

#include <gtest/gtest.h>

#include "ir/dump.h"

namespace bulkhead::app {
namespace {

Result<std::vector<backend::TraceStart>, Failure> starts(const std::string& text,
                                                         std::optional<net::Family> family = {}) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return trace_starts(words, family, net::SystemNames(net::SystemNames::Hosts::kNotAsked));
}

// "4: prerouting, output" for each family.
std::string places(const std::string& text) {
  const auto read = starts(text);
  if (!read) return read.error().error.message;
  static constexpr const char* kHooks[] = {"prerouting", "input", "forward", "output",
                                           "postrouting"};
  std::string out;
  for (const auto& start : *read) {
    out += start.family == net::Family::kIpv4 ? "4:" : "6:";
    for (const ir::Hook hook : start.hooks) {
      out += " ";
      out += kHooks[static_cast<size_t>(hook)];
    }
    out += start.behind_conntrack ? " behind conntrack;" : ";";
  }
  return out;
}

TEST(TraceWords, BothFamiliesUnlessAWordDecides) {
  EXPECT_EQ(places(""), "4: prerouting output;6: prerouting output;");
  EXPECT_EQ(places("-p tcp --dport 22"), "4: prerouting output;6: prerouting output;");
  EXPECT_EQ(places("-s 192.0.2.0/24"), "4: prerouting output;");
  EXPECT_EQ(places("-d 2001:db8::1"), "6: prerouting output;");
  EXPECT_EQ(places("-p icmpv6 --icmpv6-type echo-request"), "6: prerouting output;");
  EXPECT_EQ(starts("-p tcp", net::Family::kIpv6)->size(), 1u);
}

TEST(TraceWords, TheFirstHookThatKnowsWhatIsAsked) {
  EXPECT_EQ(places("-s 192.0.2.1 -i eth0"), "4: prerouting;");
  EXPECT_EQ(places("-s 192.0.2.1 -o eth0"), "4: forward output;");
  EXPECT_EQ(places("-s 192.0.2.1 ! -o eth0"), "4: forward output;");
  EXPECT_EQ(places("-s 192.0.2.1 -i eth0 -o eth1"), "4: forward;");
  EXPECT_EQ(places("-s 192.0.2.1 -m owner --uid-owner 0"), "4: output;");
  EXPECT_NE(places("-i eth0 -m owner --uid-owner 0").find("match owner can't be reached"),
            std::string::npos);
}

TEST(TraceWords, AConnectionIsKnownBehindConntrack) {
  EXPECT_EQ(places("-s 192.0.2.1 -m state --state NEW"), "4: prerouting output behind conntrack;");
  EXPECT_EQ(places("-s 192.0.2.1 -m conntrack --ctstate INVALID"),
            "4: prerouting output behind conntrack;");
  EXPECT_EQ(places("-s 192.0.2.1 -m mark --mark 1"), "4: prerouting output;");
}

TEST(TraceWords, MeansWhatARuleMeans) {
  const auto read = starts("-s 192.0.2.1,192.0.2.2 -p udp --dport 53");
  ASSERT_TRUE(read.ok());
  const auto& any = read->front().any_of;
  ASSERT_EQ(any.size(), 2u);
  std::string text;
  for (const auto& condition : any[1]) text += ir::dump(condition, net::Family::kIpv4) + "; ";
  EXPECT_NE(text.find("l4proto 17"), std::string::npos) << text;
  EXPECT_NE(text.find("dport 53"), std::string::npos) << text;
}

TEST(TraceWords, AWrongWordHasItsPlace) {
  const auto read = starts("-p tcp --dport htpt");
  ASSERT_FALSE(read.ok());
  const Failure& failure = read.error();
  EXPECT_EQ(failure.error.kind, ErrorKind::kUsage);
  EXPECT_EQ(failure.source->text().substr(failure.error.span.begin,
                                          failure.error.span.end - failure.error.span.begin),
            "htpt");
  EXPECT_EQ(places("-p tcp -j DROP"), "a trace takes no target");
  EXPECT_NE(places("-A INPUT -p tcp").find("-A"), std::string::npos);
  EXPECT_NE(places("-p tcp ssh").find("ssh"), std::string::npos);
}

}  // namespace
}  // namespace bulkhead::app
