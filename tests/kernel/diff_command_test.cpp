// SPDX-License-Identifier: GPL-2.0-or-later
// `bulkhead diff` of rules in force, rules saved and rules in files.
#include <nlohmann/json.hpp>

#include "kernel/program_fixture.h"
#include "net/packet_text.h"
#include "support/drop_in_host.h"

namespace bulkhead::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

// For both families.
constexpr char kRules[] =
    "*filter\n:INPUT DROP\n:FORWARD DROP\n:OUTPUT ACCEPT\n:ssh -\n"
    "-A INPUT -i lo -j ACCEPT\n"
    "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
    "-A INPUT -p tcp -m tcp --dport 22 -j ssh\n"
    "-4 -A ssh -s 192.0.2.9 -d 192.0.2.1 -j ACCEPT\n"
    "-6 -A ssh -s 2001:db8::9 -d 2001:db8::1 -j ACCEPT\n"
    "COMMIT\n";

class DiffCommandTest : public ProgramTest {
 protected:
  void SetUp() override {
    ProgramTest::SetUp();
    if (IsSkipped()) return;
    // `saved` is what lies where a boot looks for it.
    give_own_folders(*net_);
    file_ = write("both.rules", kRules);
    const auto applied = bulkhead({"apply", file_});
    ASSERT_EQ(applied.exit_code, 0) << applied.describe();
  }

  ExecResult diff(const std::string& before, const std::string& after) const {
    return bulkhead({"diff", before, after});
  }
  Json diff_json(const std::string& before, const std::string& after, int exit_code) const {
    const auto result = bulkhead({"diff", "--json", before, after});
    EXPECT_EQ(result.exit_code, exit_code) << result.describe();
    return Json::parse(result.out);
  }
  void type(std::vector<std::string> words) const {
    const auto typed = run(std::move(words));
    ASSERT_EQ(typed.exit_code, 0) << typed.describe();
  }
  // The first change of the only family that has one.
  static Json change_of(const Json& diff, const std::string& family) {
    Json found;
    for (const Json& each : diff["families"]) {
      EXPECT_EQ(each["same"], each["family"] != family) << diff.dump(2);
      if (each["family"] != family) continue;
      EXPECT_FALSE(each["changes"].empty()) << diff.dump(2);
      found = each["changes"].at(0);
    }
    return found;
  }
  std::string fate(const Json& witness) {
    const auto packet = net::parse_packet(witness.get<std::string>());
    EXPECT_TRUE(packet.ok()) << witness;
    rig_->flush_conntrack();
    return text(rig_->inject(packet->in_interface, stamped(packet->bytes())));
  }

  std::string file_;
};

TEST_F(DiffCommandTest, WhatWasAppliedIsInForce) {
  for (const auto& [before, after] : {std::pair<std::string, std::string>{file_, "kernel"},
                                      {"kernel", file_},
                                      {"kernel", "kernel"}}) {
    const auto same = diff(before, after);
    EXPECT_EQ(same.exit_code, 0) << same.describe();
    EXPECT_EQ(same.out,
              "IPv4: the same: the rules are the same\nIPv6: the same: the rules are the same\n");
  }
  const Json json = diff_json(file_, "kernel", 0);
  EXPECT_EQ(json["before"], file_);
  EXPECT_EQ(json["after"], "kernel");
  EXPECT_EQ(json["same"], true);
  EXPECT_EQ(json["families"].size(), 2u);
}

TEST_F(DiffCommandTest, ARuleThatWasChangedIsFoundAndItsPacketShowsIt) {
  struct Change {
    std::string family;
    std::vector<std::string> command;
    std::string before, after;
  };
  const Change changes[] = {
      {"IPv4",
       {"iptables", "-R", "ssh", "1", "-s", "192.0.2.9", "-d", "192.0.2.1", "-p", "udp", "-j",
        "ACCEPT"},
       "accepted",
       "dropped"},
      {"IPv6", {"ip6tables", "-D", "ssh", "1"}, "accepted", "dropped"},
      {"IPv4",
       {"iptables", "-I", "INPUT", "3", "-s", "192.0.2.0/28", "-d", "192.0.2.1", "-p", "tcp",
        "--dport", "23", "-j", "REJECT"},
       "dropped",
       "rejected"},
      {"IPv6",
       {"ip6tables", "-A", "INPUT", "-d", "2001:db8::1", "-p", "udp", "--dport", "53", "-j",
        "ACCEPT"},
       "dropped",
       "accepted"},
  };
  for (const Change& change : changes) {
    ASSERT_EQ(bulkhead({"apply", file_}).exit_code, 0);
    type(change.command);
    const Json json = diff_json(file_, "kernel", 1);
    EXPECT_EQ(json["same"], false);
    const Json found = change_of(json, change.family);
    ASSERT_FALSE(found.is_null());
    EXPECT_EQ(found["table"], "filter");
    EXPECT_EQ(found["chain"], "INPUT");
    EXPECT_THAT(found["before"]["fate"].get<std::string>(), HasSubstr(change.before));
    EXPECT_THAT(found["after"]["fate"].get<std::string>(), HasSubstr(change.after));
    EXPECT_THAT(fate(found["witness"]), HasSubstr(change.after)) << found.dump(2);
    ASSERT_EQ(bulkhead({"apply", file_}).exit_code, 0);
    EXPECT_THAT(fate(found["witness"]), HasSubstr(change.before)) << found.dump(2);
  }
}

TEST_F(DiffCommandTest, TheTextNamesTheRulesOfBothSides) {
  type({"iptables", "-D", "ssh", "1"});
  const auto different = diff("kernel", file_);
  EXPECT_EQ(different.exit_code, 1) << different.describe();
  EXPECT_THAT(different.out,
              AllOf(HasSubstr("IPv4, table filter, INPUT opens:\n"
                              "  tcp to 192.0.2.1 port 22 from 192.0.2.9, in not lo, not "
                              "established or related\n"),
                    HasSubstr("for example tcp 192.0.2.9:40000 > 192.0.2.1:22 new in eth0 flags "
                              "syn\n"),
                    HasSubstr("accepted by rule 1 of ssh  -s 192.0.2.9/32 -d 192.0.2.1/32 -j "
                              "ACCEPT\n"),
                    HasSubstr("dropped by the policy of INPUT\n"),
                    HasSubstr("IPv4: different\nIPv6: the same: the rules are the same\n")));
}

TEST_F(DiffCommandTest, CountsAndOrderMakeNoDifference) {
  EXPECT_EQ(in(to_host({Tcp{.dport = 22}})), "accepted input");
  type({"iptables", "-E", "ssh", "secure"});
  type({"iptables", "-I", "INPUT", "1", "-j", "LOG"});
  const auto same = diff(file_, "kernel");
  EXPECT_EQ(same.exit_code, 0) << same.describe();
  EXPECT_THAT(same.out, HasSubstr("IPv4: the same: the rules differ, also in what they log\n"));
}

TEST_F(DiffCommandTest, OfAFileForOneFamilyOnlyThatIsCompared) {
  const auto same = diff(write("r.v6", "*filter\nCOMMIT\n"), "kernel");
  EXPECT_EQ(same.exit_code, 1) << same.describe();
  EXPECT_THAT(same.out, AllOf(HasSubstr("IPv6: different\n"),
                              HasSubstr("IPv4: not compared, only kernel speaks of it\n")));
  EXPECT_EQ(diff_json(write("r.v6", "*filter\nCOMMIT\n"), "kernel", 1)["not_compared"],
            Json::parse(R"([{"family": "IPv4", "in": "kernel"}])"));
}

TEST_F(DiffCommandTest, WhatABootLoadsIsComparedWithWhatIsInForce) {
  ASSERT_EQ(bulkhead({"save"}).exit_code, 0);
  EXPECT_EQ(diff("saved", "kernel").exit_code, 0);
  EXPECT_EQ(diff("saved", file_).exit_code, 0);
  type({"ip6tables", "-I", "INPUT", "-s", "2001:db8::66", "-d", "2001:db8::1", "-j", "DROP"});
  EXPECT_EQ(diff("saved", file_).exit_code, 0) << "what is in force now isn't saved yet";
  const Json found = change_of(diff_json("saved", "kernel", 1), "IPv6");
  EXPECT_EQ(found["before"]["fate"], "accepted") << found.dump(2);
  EXPECT_EQ(found["after"]["fate"], "dropped");
  EXPECT_EQ(found["after"]["by"][0]["place"], "rule 1 of INPUT");
  ASSERT_EQ(bulkhead({"save"}).exit_code, 0);
  EXPECT_EQ(diff("kernel", "saved").exit_code, 0);
  EXPECT_EQ(diff(file_, "saved").exit_code, 1);
}

TEST_F(DiffCommandTest, WhatCantBeReadIsTrouble) {
  const auto unsaved = diff("saved", "kernel");
  EXPECT_EQ(unsaved.exit_code, 2) << unsaved.describe();
  EXPECT_THAT(unsaved.err, AllOf(HasSubstr("no rules were ever saved"), Not(HasSubstr("kernel"))));
  EXPECT_EQ(diff("kernel", (folder_ / "none.v4").string()).exit_code, 2);
  nft({"flush chain ip bulkhead filter/INPUT"});
  const auto damaged = diff("kernel", file_);
  EXPECT_EQ(damaged.exit_code, 4) << damaged.describe();
  EXPECT_EQ(damaged.out, "");
}

}  // namespace
}  // namespace bulkhead::testing
