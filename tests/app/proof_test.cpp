// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/proof.h"

#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "app/command/prove.h"
#include "app/rules_input.h"
#include "support/random.h"

namespace bulkhead::app {
namespace {

using State = Answer::State;

// The seed's web server.
constexpr const char* kWeb =
    "*filter\n:INPUT DROP\n:FORWARD DROP\n:OUTPUT ACCEPT\n"
    "-A INPUT -i lo -j ACCEPT\n"
    "-4 -A INPUT -p tcp --dport 22 -s 192.168.56.1 -j ACCEPT\n"
    "-A INPUT -p tcp --dport 80 -j ACCEPT\n"
    "-A INPUT -m state --state ESTABLISHED,RELATED -j ACCEPT\n"
    "COMMIT\n";
constexpr const char* kGroups =
    "[groups]\nmanagement = \"192.168.56.1\"\nsubnet = \"192.168.56.0/24\"\n";

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  const size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), by);
}

std::vector<ir::Ruleset> rulesets(const std::string& text) {
  auto parsed = parse_inputs({{Source("rules", text), {}}});
  EXPECT_TRUE(parsed.ok());
  return *parsed;
}

std::vector<policy::Claim> claims_of(const std::string& text) {
  const Source source("claims", text);
  auto claims = policy::parse_claims(source, net::SystemNames());
  EXPECT_TRUE(claims.ok()) << (claims.ok() ? "" : render(claims.error(), source));
  return *claims;
}

// What `bulkhead prove` prints of one claim, without the summary.
std::string told(const std::string& rules, const std::string& claim,
                 const pass::AnalysisLimits& limits = {}) {
  const auto claims = claims_of(kGroups + std::string("[[claim]]\nname = \"it\"\n") + claim);
  const auto loaded = rulesets(rules);
  const Source source("rules", rules);
  const auto proofs = shown_proofs(
      claims, prove(loaded, claims, limits), loaded,
      [&](net::Family, const std::string&, Span span) {
        return span.empty() ? "" : "rules:" + std::to_string(source.position(span.begin).line);
      });
  const std::string text = prove_text(proofs, Paint());
  return text.substr(0, text.find("\n\n") + 1);
}

TEST(Prove, OnlyFrom) {
  const char* claim = "service = \"tcp/22\"\nonly-from = \"management\"\n";
  EXPECT_EQ(told(kWeb, claim), "proved     it  IPv4, IPv6\n");
  EXPECT_EQ(told(replaced(kWeb, " -s 192.168.56.1", ""), claim),
            "REFUTED    it  IPv4\n"
            "           tcp 198.51.100.66:40000 > 192.0.2.20:22 new in eth0 flags syn\n"
            "           is accepted by rule 2 of INPUT (rules:6)\n"
            "             -p tcp -m tcp --dport 22 -j ACCEPT\n");
}

TEST(Prove, NothingExcept) {
  const char* claim =
      "verdict = \"blocked\"\npackets = { source = \"subnet but management\", service = \"not "
      "tcp/80\" }\n";
  EXPECT_EQ(told(kWeb, claim), "proved     it  IPv4\n");
  const std::string open =
      told(replaced(kWeb, "-A INPUT -p tcp --dport 80", "-A INPUT -p tcp --dport 80:81"), claim);
  EXPECT_NE(open.find(":81 new in eth0 flags syn\n           is accepted by rule 3 of INPUT"),
            std::string::npos)
      << open;
}

TEST(Prove, Passes) {
  const char* claim = "verdict = \"passes\"\npackets = { service = \"tcp/80\" }\n";
  EXPECT_EQ(told(kWeb, claim), "proved     it  IPv4, IPv6\n");
  const std::string bad = told(replaced(kWeb, "-A INPUT -p tcp --dport 80",
                                        "-4 -A INPUT -p tcp --dport 80 -s 192.168.0.0/16"),
                               claim);
  EXPECT_NE(bad.find("REFUTED    it  IPv4"), std::string::npos) << bad;
  EXPECT_NE(bad.find("is dropped by the policy of INPUT"), std::string::npos) << bad;
}

TEST(Prove, AConnectionNeedsItsAnswers) {
  const char* claim = "connection = { direction = \"out\", service = [\"udp/53\", \"tcp/53\"] }\n";
  EXPECT_EQ(told(kWeb, claim), "proved     it  IPv4, IPv6\n");
  const std::string hangs =
      told(replaced(kWeb, "-A INPUT -m state --state ESTABLISHED,RELATED -j ACCEPT\n", ""), claim);
  EXPECT_NE(hangs.find("           the answer to it: tcp "), std::string::npos) << hangs;
  EXPECT_NE(
      hangs.find(" established in eth0 flags ack\n           is dropped by the policy of INPUT\n"),
      std::string::npos)
      << hangs;
  const std::string mute = told(replaced(kWeb, ":OUTPUT ACCEPT\n", ":OUTPUT DROP\n"), claim);
  EXPECT_NE(mute.find("its first packet: tcp "), std::string::npos) << mute;
  const std::string later = told(
      replaced(kWeb, "COMMIT", "-A OUTPUT -m state --state ESTABLISHED -j DROP\nCOMMIT"), claim);
  EXPECT_NE(later.find("what follows: tcp "), std::string::npos) << later;
}

TEST(Prove, NothingIsForwarded) {
  const char* claim =
      "verdict = \"blocked\"\npackets = { direction = \"forward\", state = \"any\" }\n";
  EXPECT_EQ(told(kWeb, claim), "proved     it  IPv4, IPv6\n");
  const std::string open = told(
      replaced(kWeb, "COMMIT", "-A FORWARD -m state --state ESTABLISHED -j ACCEPT\nCOMMIT"), claim);
  EXPECT_NE(open.find("established in eth0 out eth0"), std::string::npos) << open;
}

TEST(Prove, V6AnswersAsV4) {
  const char* claim = "same = [\"v4\", \"v6\"]\n";
  // Somebody reaches ssh with IPv4, nobody with IPv6.
  const std::string ssh = told(kWeb, claim);
  EXPECT_NE(
      ssh.find(":22 new in eth0 flags syn\n           is accepted by rule 2 of INPUT (rules:6)"),
      std::string::npos)
      << ssh;
  EXPECT_NE(ssh.find("           tcp [2001:db8::66]:40000 > [2001:db8::20]:22 new in eth0 flags "
                     "syn\n           is dropped by the policy of INPUT\n"),
            std::string::npos)
      << ssh;
  EXPECT_EQ(told(kWeb, std::string(claim) + "packets = { service = \"not tcp/22\" }\n"),
            "proved     it\n");
  const std::string twin =
      replaced(kWeb, "-4 -A", "-6 -A INPUT -p tcp --dport 22 -s fd00::1 -j ACCEPT\n-4 -A");
  EXPECT_EQ(told(twin, claim), "proved     it\n");
  // Somebody with the one, everybody with the other.
  const std::string wide = told(replaced(twin, " -s fd00::1", ""), claim);
  EXPECT_NE(wide.find("REFUTED"), std::string::npos) << wide;
  EXPECT_NE(wide.find("is dropped by the policy of INPUT\n           tcp [2001:db8::66]"),
            std::string::npos)
      << wide;
}

TEST(Prove, V6AloneCannotBeCompared) {
  auto loaded = rulesets(kWeb);
  loaded.pop_back();
  const auto proofs =
      prove(loaded, claims_of("[[claim]]\nname = \"it\"\nsame = [\"v4\", \"v6\"]\n"), {});
  EXPECT_EQ(proofs[0].state(), State::kUndecided);
  EXPECT_EQ(proofs[0].both->why, "there are no rules of IPv6 to compare with");
}

TEST(Prove, AClaimOfNoPacketIsntProved) {
  EXPECT_EQ(
      told(kWeb, "family = \"v6\"\nverdict = \"passes\"\npackets = { source = \"management\" }\n"),
      "empty      it  IPv6\n           there is no such packet of IPv6\n");
}

TEST(Prove, ALimitMayFallEitherWay) {
  const std::string rules = replaced(kWeb, "--dport 80", "--dport 80 -m limit --limit 5/s");
  const char* packets = "packets = { service = \"tcp/80\" }\n";
  for (const char* verdict : {"verdict = \"passes\"\n", "verdict = \"blocked\"\n"}) {
    const std::string text = told(rules, std::string(verdict) + packets);
    EXPECT_NE(text.find("it hangs on rule 3 of INPUT, which may match or not"), std::string::npos)
        << text;
    EXPECT_NE(text.find("           may be "), std::string::npos) << text;
  }
  // It hangs on nothing that is accepted a rule later anyway.
  EXPECT_EQ(told(replaced(rules, "-m state", "-p tcp --dport 80 -j ACCEPT\n-A INPUT -m state"),
                 std::string("verdict = \"passes\"\n") + packets),
            "proved     it  IPv4, IPv6\n");
}

TEST(Prove, TranslationsAndMarksCount) {
  const std::string rules =
      "*nat\n-A PREROUTING -i eth0 -p tcp --dport 2222 -j REDIRECT --to-ports 22\nCOMMIT\n"
      "*mangle\n-A PREROUTING -p tcp --dport 8080 -j MARK --set-mark 7\nCOMMIT\n"
      "*filter\n:INPUT DROP\n-A INPUT -p tcp --dport 22 -j ACCEPT\n"
      "-A INPUT -m mark --mark 7 -j ACCEPT\nCOMMIT\n";
  const std::string nat = told(rules, "service = \"tcp/2222\"\nonly-from = \"management\"\n");
  EXPECT_NE(nat.find(":2222 new in eth0 flags syn\n           is accepted by rule 1 of INPUT"),
            std::string::npos)
      << nat;
  EXPECT_EQ(told(rules,
                 "verdict = \"blocked\"\n"
                 "packets = { service = \"tcp/2222\", in-interface = \"eth1\" }\n"),
            "proved     it  IPv4, IPv6\n");
  EXPECT_EQ(told(rules, "verdict = \"passes\"\npackets = { service = \"tcp/8080\" }\n"),
            "proved     it  IPv4, IPv6\n");
}

TEST(Prove, WithoutTimeNothingIsProved) {
  std::string rules = "*filter\n:INPUT DROP\n";
  testing::Random random("prove", 1);
  for (int i = 0; i < 400; ++i) {
    rules += "-4 -A INPUT -s 10." + std::to_string(random.below(256)) + "." +
             std::to_string(random.below(256)) + ".0/24 -p tcp --dport " +
             std::to_string(random.below(60000)) + " --sport " +
             std::to_string(random.below(60000)) + " -j " + (random.one_in(2) ? "ACCEPT" : "DROP") +
             "\n";
  }
  rules += "COMMIT\n";
  const pass::AnalysisLimits limits{.time = std::chrono::milliseconds(0)};
  const std::string text =
      told(rules, "service = \"tcp/22\"\nonly-from = \"management\"\n", limits);
  EXPECT_NE(text.find("undecided"), std::string::npos) << text;
  EXPECT_NE(text.find("the analysis needs more than 0 seconds; --time SECONDS allows it more"),
            std::string::npos)
      << text;
}

// The file beside the page, and the example in the page itself.
TEST(Prove, TheDocumentedClaimsHoldOfTheDocumentedHost) {
  const auto read = [](const std::string& name) {
    std::ostringstream text;
    text << std::ifstream(BULKHEAD_SOURCE_DIR "/docs/" + name).rdbuf();
    return text.str();
  };
  std::string page = read("claims.md");
  page.erase(0, page.find("```toml\n") + 8);
  page.erase(page.find("```"));
  const auto loaded = rulesets(read("examples/web-server.rules"));
  for (const std::string& text : {read("examples/web-server.claims.toml"), page}) {
    const auto claims = claims_of(text);
    EXPECT_GE(claims.size(), 6U);
    const auto proofs = prove(loaded, claims, {});
    for (size_t i = 0; i < claims.size(); ++i)
      EXPECT_EQ(proofs[i].state(), State::kProved) << claims[i].name;
  }
}

TEST(Prove, ForAProgram) {
  const auto claims = claims_of(
      "[[claim]]\nname = \"a\"\nverdict = \"blocked\"\npackets = { service = \"tcp/80\" }\n");
  const auto loaded = rulesets(kWeb);
  const std::string json = prove_json(
      "rules", shown_proofs(claims, prove(loaded, claims, {}), loaded,
                            [](net::Family, const std::string&, Span) { return "rules:7"; }));
  for (const char* part :
       {"\"proved\": false", "\"result\": \"refuted\"", "\"family\": \"IPv6\"", "\"certain\": true",
        "\"verdict\": \"accepted\"", "\"number\": 3",
        "\"rule\": \"-p tcp -m tcp --dport 80 -j ACCEPT\"", "\"place\": \"rules:7\""})
    EXPECT_NE(json.find(part), std::string::npos) << part << json;
}

}  // namespace
}  // namespace bulkhead::app
