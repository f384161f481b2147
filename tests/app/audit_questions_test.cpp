// SPDX-License-Identifier: GPL-2.0-or-later
// What a check asks exactly: rules that look well and aren't, and rules that look odd and are well.
#include <fstream>
#include <map>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/audit_rules.h"

namespace bulkhead::app::audit {
namespace {

using net::Family;

const std::string kMasquerade = "*nat\n-A POSTROUTING -o eth0 -j MASQUERADE\nCOMMIT\n";
const std::string kNeighbours = "-A INPUT -p ipv6-icmp -j ACCEPT\n";

const std::string kToDatabase =
    "*nat\n-A PREROUTING -p tcp --dport 8080 -j REDIRECT --to-ports 3306\nCOMMIT\n";
const std::string kByOldPort = "-A INPUT -p tcp -m conntrack --ctorigdstport 8080 -j ACCEPT\n";
const std::string kAtARate = "-A INPUT -m limit --limit 5/min -j LOG\n";
const std::string kRecent =
    "-A INPUT -p tcp --dport 22 -m recent --update --seconds 60 --hitcount 6 --name S -j DROP\n";

HostFacts a_host() {
  HostFacts facts;
  facts.interfaces = interfaces();
  facts.listeners = {{.protocol = net::kTcp, .port = 80, .address = {}, .family = Family::kIpv4},
                     {.protocol = net::kTcp, .port = 9000, .address = {}, .family = Family::kIpv4}};
  return facts;
}

struct Question {
  const char* name;
  const char* id;
  Verdict verdict;
  Family family;
  std::string rules;
  bool forwarding = false;
  bool on_a_host = false;
};

constexpr Verdict kPass = Verdict::kPass;
constexpr Verdict kFail = Verdict::kFail;
constexpr Family k4 = Family::kIpv4;
constexpr Family k6 = Family::kIpv6;

const std::vector<Question>& questions() {
  static const std::vector<Question> kQuestions = {
      // --- sockets
      {"a_ban_is_no_rule_for_a_socket", "listeners", kFail, k4,
       filter("DDA", kSpoofed + kLo + kAnswers + kWeb), false, true},
      {"a_rule_for_some_speaks_of_a_socket", "listeners", kPass, k4,
       filter("DDA", kWeb + "-A INPUT -s 192.0.2.9 -p tcp --dport 9000 -j ACCEPT\n"), false, true},
      {"a_chain_called_for_a_port_speaks_of_a_socket", "listeners", kPass, k4,
       filter("DDA",
              ":WEB -\n-A INPUT -p tcp -m multiport --dports 80,9000 -j WEB\n"
              "-A WEB -s 192.0.2.0/24 -j ACCEPT\n"),
       false, true},
      {"each_of_two_neighbouring_ports_needs_a_listener", "openings", kFail, k4,
       filter("DDA", kWeb + "-A INPUT -p tcp --dport 81 -j ACCEPT\n"), false, true},
      {"a_range_needs_one_listener", "openings", kPass, k4,
       filter("DDA", "-A INPUT -p tcp --dport 8000:9999 -j ACCEPT\n"), false, true},
      // --- from any
      {"half_of_all_ip6_addresses_is_any", "admin-ports", kFail, k6,
       filter("DDA", "-A INPUT -s 2000::/4 -p tcp --dport 3306 -j ACCEPT\n")},
      {"a_registry_of_ip6_is_any", "admin-ports", kFail, k6,
       filter("DDA", "-A INPUT -s 2a00::/12 -p tcp --dport 3306 -j ACCEPT\n")},
      {"a_provider_of_ip6_is_not_any", "admin-ports", kPass, k6,
       filter("DDA", "-A INPUT -s 2a01:4f8::/32 -p tcp --dport 3306 -j ACCEPT\n")},
      {"half_of_all_ip6_addresses_to_any_port", "any-any", kFail, k6,
       filter("DDA", "-A INPUT -s 2000::/4 -j ACCEPT\n")},
      {"udp_22_is_not_ssh", "admin-ports", kFail, k4,
       filter("DDA", "-A INPUT -p udp --dport 22 -j ACCEPT\n")},
      {"what_is_published_on_loopback_is_not_any", "published-ports", kPass, k4,
       "*nat\n-A PREROUTING -d 127.0.0.1 -p tcp --dport 5432 -j DNAT --to-destination "
       "172.17.0.2:5432\nCOMMIT\n" +
           filter("DDA", "-A FORWARD -d 172.17.0.2 -j ACCEPT\n")},
      // --- ssh
      {"ssh_without_first_packets", "ssh-management", kFail, k4,
       filter("DDA", kLo + kAnswers + "-A INPUT -p tcp --syn -j DROP\n" + kSsh)},
      {"ssh_from_one_client_port_only", "ssh-management", kFail, k4,
       filter("DDA",
              kAnswers + "-A INPUT -s 192.0.2.9 -p tcp --sport 1023 --dport 22 -j ACCEPT\n")},
      {"ssh_without_answers", "ssh-management", kFail, k4,
       filter("DDD", "-A OUTPUT -o lo -j ACCEPT\n" + kAnswers + kSsh)},
      {"ssh_with_answers", "ssh-management", kPass, k4,
       filter("DDD", "-A OUTPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT\n" + kAnswers + kSsh)},
      {"ssh_whose_second_packet_is_dropped", "ssh-management", kFail, k4,
       filter("DDA",
              "-A INPUT -p tcp --dport 32768:60999 -m conntrack --ctstate ESTABLISHED "
              "-j ACCEPT\n"
              "-A INPUT -s 192.0.2.9 -p tcp --dport 22 -m conntrack --ctstate NEW "
              "-j ACCEPT\n")},
      {"ssh_with_a_rate_limit", "ssh-management", kPass, k4,
       filter("DDA", kAnswers + "-A INPUT -p tcp --dport 22 -m limit --limit 6/min -j ACCEPT\n")},
      {"ssh_by_a_redirect", "ssh-management", kPass, k4,
       "*nat\n-A PREROUTING -p tcp --dport 2222 -j REDIRECT --to-ports 22\nCOMMIT\n" +
           filter("DDA", kAnswers + kSsh)},
      {"the_clock_counts_nothing", "ssh-rate", kFail, k4,
       filter("DDA",
              "-A INPUT -p tcp --dport 22 -m time --timestart 08:00 --timestop 18:00 "
              "-j ACCEPT\n")},
      {"who_is_shut_out_by_hours_is_not_counted", "ssh-rate", kFail, k4,
       filter("DDA", "-A INPUT -m time --timestart 18:00 --timestop 23:00 -j DROP\n" + kSsh)},
      // --- how often one may try ssh
      {"recent_counts", "ssh-rate", kPass, k4,
       filter("DDA", "-A INPUT -p tcp --dport 22 -m recent --set --name S\n" + kRecent + kSsh)},
      {"recent_counts_whom_the_accepting_rule_notes", "ssh-rate", kPass, k4,
       filter("DDA", kRecent + "-A INPUT -p tcp --dport 22 -m recent --set --name S -j ACCEPT\n")},
      {"recent_lets_in_who_is_not_on_its_list", "ssh-rate", kPass, k4,
       filter("DDA",
              "-A INPUT -p tcp --dport 22 -m recent --set --name S\n"
              "-A INPUT -p tcp --dport 22 -m recent ! --rcheck --seconds 60 --hitcount 4 --name S "
              "-j ACCEPT\n")},
      {"a_list_that_nobody_is_put_on_counts_nothing", "ssh-rate", kFail, k4,
       filter("DDA", kRecent + kSsh)},
      {"a_list_of_another_name_counts_nothing", "ssh-rate", kFail, k4,
       filter("DDA", kRecent + "-A INPUT -p tcp --dport 22 -m recent --set --name T -j ACCEPT\n")},
      {"a_list_of_destinations_counts_no_sources", "ssh-rate", kFail, k4,
       filter("DDA", kRecent + "-A INPUT -p tcp --dport 22 -m recent --set --name S --rdest "
                               "-j ACCEPT\n")},
      {"a_list_of_another_service_counts_nothing", "ssh-rate", kFail, k4,
       filter("DDA", kRecent + kSsh +
                         "-A INPUT -p tcp --dport 80 -m recent --set --name S "
                         "-j ACCEPT\n")},
      {"who_is_let_in_before_is_not_put_on_the_list", "ssh-rate", kFail, k4,
       filter("DDA", kRecent + kSsh + "-A INPUT -p tcp --dport 22 -m recent --set --name S\n")},
      {"to_be_put_on_a_list_is_no_limit", "ssh-rate", kFail, k4,
       filter("DDA", "-A INPUT -p tcp --dport 22 -m recent --set --name S -j ACCEPT\n")},
      {"who_knocks_may_try_as_often_as_he_likes", "ssh-rate", kFail, k4,
       filter("DDA",
              "-A INPUT -p tcp --dport 22 -m recent --rcheck --seconds 30 --name S -j ACCEPT\n"
              "-A INPUT -p tcp --dport 1234 -m recent --set --name S -j DROP\n")},
      {"a_rate_that_lets_in_the_fast_ones", "ssh-rate", kFail, k4,
       filter("DDA",
              "-A INPUT -p tcp --dport 22 -m hashlimit --hashlimit-above 10/min "
              "--hashlimit-name x -j ACCEPT\n")},
      {"a_rate_that_drops_the_fast_ones", "ssh-rate", kPass, k4,
       filter("DDA",
              "-A INPUT -p tcp --dport 22 -m hashlimit --hashlimit-above 10/min "
              "--hashlimit-name x -j DROP\n" +
                  kSsh)},
      {"a_rate_that_drops_the_slow_ones", "ssh-rate", kFail, k4,
       filter("DDA", "-A INPUT -p tcp --dport 22 -m limit --limit 5/min -j DROP\n" + kSsh)},
      {"a_rate_that_is_only_logged", "ssh-rate", kFail, k4,
       filter("DDA", "-A INPUT -p tcp --dport 22 -m limit --limit 5/min -j LOG\n" + kSsh)},
      {"a_chain_that_lets_back_the_slow_ones", "ssh-rate", kPass, k4,
       filter("DDA", ":SSH -\n-A INPUT -p tcp --dport 22 -j SSH\n" + kSsh +
                         "-A SSH -m limit --limit 5/min -j RETURN\n-A SSH -j DROP\n")},
      {"few_connections_at_a_time", "ssh-rate", kPass, k4,
       filter("DDA",
              "-A INPUT -p tcp --dport 22 -m connlimit --connlimit-above 3 -j REJECT\n" + kSsh)},
      {"many_connections_at_a_time", "ssh-rate", kFail, k4,
       filter("DDA", "-A INPUT -p tcp --dport 22 -m connlimit --connlimit-above 3 -j ACCEPT\n")},
      // --- answers
      {"a_source_drop_and_a_translation", "established", kPass, k4,
       kMasquerade + filter("DDA", kSpoofed + kLo + kAnswers)},
      {"answers_without_unreachable", "established", kFail, k4,
       filter("DDA", "-A INPUT -p icmp -m conntrack --ctstate RELATED -j DROP\n" + kAnswers)},
      {"a_router_without_answers", "established", kFail, k4,
       filter("DDA", kAnswers + "-A FORWARD -m conntrack --ctstate NEW -i eth1 -j ACCEPT\n"), true},
      {"a_router_with_answers", "established", kPass, k4,
       filter("DDA", kAnswers +
                         "-A FORWARD -i eth1 -j ACCEPT\n"
                         "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"),
       true},
      {"answers_by_interfaces_that_are_there", "established", kPass, k4,
       filter("DDA", "-A INPUT -i eth0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"),
       false, true},
      {"answers_by_the_interfaces_of_a_file", "established", kPass, k4,
       filter("DDA", "-A INPUT -i eth7 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n")},
      {"answers_by_an_interface_that_is_not_there", "established", kFail, k4,
       filter("DDA", "-A INPUT -i eth7 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"),
       false, true},
      {"headers_that_no_answer_has", "established", kPass, k6,
       filter("DDA", kLo +
                         "-A INPUT -m rt --rt-type 0 -j DROP\n"
                         "-A INPUT -m ipv6header --header hop-by-hop --soft -j DROP\n" +
                         kAnswers)},
      {"headers_that_no_neighbour_has", "neighbours", kPass, k6,
       filter("DDA", "-A INPUT -m rt --rt-type 0 -j DROP\n" + kNeighbours)},
      {"headers_that_no_router_has", "too-big", kPass, k6,
       filter("DDA", "-A INPUT -m rt --rt-type 0 -j DROP\n" + kAnswers + kNeighbours)},
      {"headers_that_an_attacker_has", "any-any", kFail, k6,
       filter("DDA", "-A INPUT -m ipv6header --header dst --soft -j ACCEPT\n")},
      // --- what a packet brings with it
      {"nobody_is_translated_without_a_rule", "any-any", kPass, k4,
       filter("AAA", "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED,DNAT -j ACCEPT\n" + kLo +
                         "-A INPUT -j REJECT\n-A FORWARD -j REJECT\n")},
      {"who_is_translated_comes_in", "admin-ports", kFail, k4,
       "*nat\n-A PREROUTING -p tcp --dport 8306 -j REDIRECT --to-ports 3306\nCOMMIT\n" +
           filter("DDA", "-A INPUT -m conntrack --ctstate ESTABLISHED,DNAT -j ACCEPT\n")},
      {"the_network_carries_no_marks", "any-any", kPass, k4,
       filter("DDA",
              "-A INPUT -m mark --mark 0x1 -j ACCEPT\n"
              "-A INPUT -m connmark --mark 0x1/0x1 -j ACCEPT\n")},
      {"what_a_rule_marks_is_marked", "any-any", kFail, k4,
       "*mangle\n-A PREROUTING -p tcp -j MARK --set-mark 1\nCOMMIT\n" +
           filter("DDA", "-A INPUT -m mark --mark 0x1 -j ACCEPT\n")},
      {"what_a_rule_marks_for_some_is_not_any", "any-any", kPass, k4,
       "*mangle\n-A PREROUTING -s 10.0.0.0/8 -j MARK --set-mark 1\nCOMMIT\n" +
           filter("DDA", "-A INPUT -m mark --mark 0x1 -j ACCEPT\n")},
      // --- a router
      {"a_router_forwards_by_interface", "any-any", kPass, k4,
       filter("DDA", "-A FORWARD -i lan0 -o wan0 -j ACCEPT\n"), true},
      {"a_router_forwards_all", "any-any", kFail, k4, filter("DDA", "-A FORWARD -j ACCEPT\n"),
       true},
      {"a_router_forwards_what_is_invalid", "invalid", kFail, k4,
       filter("DDA", "-A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED,INVALID -j ACCEPT\n"),
       true},
      // --- no router
      {"what_is_not_new_is_forwarded", "forward-drop", kFail, k4,
       filter("DDA", "-A FORWARD -m conntrack ! --ctstate NEW -j ACCEPT\n")},
      {"a_scan_is_forwarded", "invalid", kFail, k4,
       filter("DDA", "-A FORWARD -m conntrack ! --ctstate NEW -j ACCEPT\n")},
      {"only_answers_are_forwarded", "forward-drop", kPass, k4,
       filter("DDA",
              "-A FORWARD -m conntrack --ctstate INVALID -j DROP\n"
              "-A FORWARD -m conntrack ! --ctstate NEW -j ACCEPT\n")},
      {"what_forwards_all_is_said_once", "invalid", kPass, k4, filter("DAA", "")},
      // --- the connection that a packet begins is its own
      {"a_port_as_it_was_sent_is_no_other", "ssh-only-management", kPass, k4,
       kToDatabase + filter("DDA", kByOldPort + kSsh)},
      {"a_port_as_it_was_sent_is_not_all", "any-any", kPass, k4,
       kToDatabase + filter("DDA", kByOldPort)},
      {"a_port_as_it_was_sent_leads_on", "admin-ports", kFail, k4,
       kToDatabase + filter("DDA", kByOldPort)},
      {"what_is_sent_on_to_loopback_is_dropped", "admin-ports", kPass, k4,
       "*nat\n-A PREROUTING -p tcp --dport 8080 -j DNAT --to-destination 127.0.0.1:3306\nCOMMIT\n" +
           filter("DDA", "-A INPUT -p tcp --dport 3306 -m conntrack --ctstate DNAT -j ACCEPT\n")},
      // --- loopback
      {"an_own_address_goes_through_lo", "loopback-accepted", kFail, k4,
       filter("DDA", "-A INPUT -i lo -s 127.0.0.0/8 -d 127.0.0.0/8 -j ACCEPT\n")},
      {"an_own_address_of_a_host_goes_through_lo", "loopback-accepted", kFail, k4,
       filter("DDA",
              "-A INPUT -i lo -s 127.0.0.0/8 -d 127.0.0.0/8 -j ACCEPT\n"
              "-A INPUT -i lo -s 10.0.0.0/8 -j ACCEPT\n"),
       false, true},
      // --- neighbours
      {"neighbours_to_all_nodes_only", "neighbours", kFail, k6,
       filter("DDA", "-A INPUT -d ff02::1 -p ipv6-icmp -j ACCEPT\n")},
      {"neighbours_from_the_link_only", "neighbours", kFail, k6,
       filter("DDA", "-A INPUT -s fe80::/10 -p ipv6-icmp -j ACCEPT\n")},
      {"neighbours_by_all_their_addresses", "neighbours", kPass, k6,
       filter("DDA",
              "-A INPUT -s fe80::/10 -p ipv6-icmp -j ACCEPT\n"
              "-A INPUT -s ::/128 -p ipv6-icmp -j ACCEPT\n"
              "-A INPUT -s 2001:db8::/64 -p ipv6-icmp -j ACCEPT\n")},
      // --- logging
      {"a_log_of_the_flood_only", "drops-logged", kFail, k4,
       filter("DDA", "-A INPUT -m hashlimit --hashlimit-above 10/min --hashlimit-name x -j LOG\n")},
      {"a_log_up_to_a_rate", "drops-logged", kPass, k4,
       filter("DDA", "-A INPUT -m hashlimit --hashlimit-upto 10/min --hashlimit-name x -j LOG\n")},
      {"a_chain_that_logs_at_a_rate", "drops-logged", kPass, k4,
       filter("DDA",
              ":LOGGING -\n-A INPUT -m limit --limit 5/min -j LOGGING\n"
              "-A LOGGING -j LOG\n")},
      {"a_log_of_everything_behind_one_at_a_rate", "drops-logged", kFail, k4,
       filter("DDA", kWeb + kAtARate + "-A INPUT -j LOG\n")},
      {"a_log_of_everything_before_one_at_a_rate", "drops-logged", kFail, k4,
       filter("DDA", kWeb + "-A INPUT -j NFLOG\n" + kAtARate + "-A INPUT -j DROP\n")},
      {"a_log_of_every_scan", "drops-logged", kFail, k4,
       filter("DDA", "-A INPUT -m conntrack --ctstate INVALID -j LOG\n" + kInvalid + kAtARate)},
      {"a_log_of_all_that_is_let_in", "drops-logged", kPass, k4,
       filter("DDA", "-A INPUT -p tcp --dport 80 -j LOG\n" + kWeb + kAtARate)},
      {"a_log_behind_the_drop_of_a_flood", "drops-logged", kPass, k4,
       filter("DDA",
              "-A INPUT -m hashlimit --hashlimit-above 10/min --hashlimit-name x -j DROP\n"
              "-A INPUT -j LOG\n")},
      {"a_log_in_another_table", "drops-logged", kPass, k4,
       "*mangle\n-A PREROUTING -m limit --limit 5/min -j LOG\nCOMMIT\n" + filter("DDA", kWeb)},
      {"a_log_of_everything_in_another_table", "drops-logged", kFail, k4,
       "*mangle\n-A PREROUTING -j LOG\nCOMMIT\n" + filter("DDA", kWeb + kAtARate)},
      {"a_log_of_tcp", "drops-logged", kFail, k4,
       filter("DDA", "-A INPUT -p tcp -m limit --limit 5/min -j LOG\n")},
      {"a_log_of_tcp_and_one_of_udp", "drops-logged", kPass, k4,
       filter("DDA",
              "-A INPUT -p tcp --syn -m limit --limit 5/min -j LOG\n"
              "-A INPUT -p udp -m limit --limit 5/min -j LOG\n")},
      {"a_log_of_high_ports", "drops-logged", kFail, k4,
       filter("DDA",
              "-A INPUT -p tcp --dport 32768:60999 -m limit --limit 5/min -j LOG\n"
              "-A INPUT -p udp -m limit --limit 5/min -j LOG\n")},
      {"a_log_of_one_network", "drops-logged", kFail, k4,
       filter("DDA", "-A INPUT -s 198.51.100.0/24 -m limit --limit 5/min -j LOG\n")},
      {"a_log_of_all_but_one_network", "drops-logged", kPass, k4,
       filter("DDA", "-A INPUT ! -s 198.51.100.0/24 -m limit --limit 5/min -j LOG\n")},
      {"a_log_of_all_but_broadcasts", "drops-logged", kPass, k4,
       filter("DDA",
              ":END -\n-A INPUT -j END\n-A END -m addrtype --dst-type BROADCAST -j DROP\n"
              "-A END -m limit --limit 5/min -j LOG\n-A END -j DROP\n")},
      {"a_log_by_the_interface_that_is_there", "drops-logged", kPass, k4,
       filter("DDA", "-A INPUT -i eth0 -m limit --limit 5/min -j LOG\n"), false, true},
      {"a_log_by_an_interface_that_is_not_there", "drops-logged", kFail, k4,
       filter("DDA", "-A INPUT -i eth7 -m limit --limit 5/min -j LOG\n"), false, true},
      {"who_is_banned_need_not_be_logged", "drops-logged", kPass, k4,
       filter("DDA",
              ":f2b -\n-A INPUT -j f2b\n-A INPUT -m limit --limit 5/min -j LOG\n"
              "-A f2b -s 192.0.2.66 -j REJECT\n-A f2b -s 198.51.100.66 -j REJECT\n"
              "-A f2b -j RETURN\n")},
  };
  return kQuestions;
}

class Questions : public ::testing::TestWithParam<Question> {};

TEST_P(Questions, HasItsVerdict) {
  const Question& one = GetParam();
  const HostFacts facts = a_host();
  Declared what = declared();
  what.forwarding = one.forwarding;
  const Answer answer =
      answer_of(one.id, {parsed(one.rules, one.family)}, one.on_a_host ? &facts : nullptr, what);
  EXPECT_EQ(answer.verdict, one.verdict) << answer.why;
  for (const Finding& finding : answer.findings) {
    if (one.verdict == kPass)
      ADD_FAILURE() << finding.text << ": "
                    << (finding.witness ? net::to_string(finding.witness->packet) : "");
  }
}

INSTANTIATE_TEST_SUITE_P(Audit, Questions, ::testing::ValuesIn(questions()),
                         [](const auto& one) { return std::string(one.param.name); });

// firewalld's layout and ufw's, as they are after installation: what is said of them must be so.
TEST(AuditWitness, IsTreatedAsTheFindingSays) {
  const std::string not_local =
      ":not-local -\n-A INPUT -j not-local\n-A INPUT -p tcp --dport 22 -j ACCEPT\n"
      "-A not-local -m addrtype --dst-type LOCAL -j RETURN\n-A not-local -j DROP\n";
  auto rules = parse_rules(Source("test", filter("DDA", not_local)), k4, Counts::kLeftOut);
  ASSERT_TRUE(rules.ok()) << rules.error().message;
  const Input input{
      .rulesets = {*rules}, .host = nullptr, .declared = declared(), .skipped = {}, .limits = {}};
  for (const CheckResult& result : audit(input)) {
    if (result.check->id != "ssh-only-management") continue;
    ASSERT_EQ(result.answer.verdict, kFail);
    const Witness& witness = *result.answer.findings.front().witness;
    EXPECT_EQ(net::to_string(witness.packet),
              "tcp 198.51.100.66:40000 > 192.0.2.20:22 new in eth0 flags syn");
    EXPECT_EQ(witness.verdict, "accepted");
    EXPECT_EQ(witness.decided, "rule 2 of INPUT");
    EXPECT_FALSE(witness.certain);
  }
}

// The table nat has the last word, and decides nothing.
TEST(AuditWitness, NamesTheRuleThatForwardsIt) {
  const Answer answer =
      answer_of("forward-drop",
                {parsed("*nat\n-A POSTROUTING -j MASQUERADE\nCOMMIT\n" +
                        filter("DDA", "-A FORWARD -p tcp --dport 80 -j ACCEPT\n"))},
                nullptr);
  ASSERT_EQ(answer.verdict, kFail);
  const Witness& witness = *answer.findings.front().witness;
  EXPECT_EQ(witness.decided, "rule 1 of FORWARD");
  EXPECT_EQ(witness.rule, "-p tcp -m tcp --dport 80 -j ACCEPT");
}

TEST(AuditDocs, TheirTableIsTheList) {
  std::ifstream file(BULKHEAD_SOURCE_DIR "/docs/audit.md");
  std::map<std::string, std::string> rows;
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("| `")) continue;
    const std::string id = line.substr(3, line.find('`', 3) - 3);
    rows[id] = line;
  }
  for (const Check& check : checks()) {
    EXPECT_THAT(rows[std::string(check.id)],
                ::testing::EndsWith(fmt::format("| {} | {} |", check.passes, check.sources)))
        << check.id;
  }
}

TEST(AuditHost, OneSettingOfSourceRoutesIsEnough) {
  HostFacts facts = a_host();
  facts.sysctls = {{"net.ipv6.conf.all.accept_source_route", "0"},
                   {"net.ipv6.conf.eth0.accept_source_route", "1"}};
  Input input{.rulesets = {}, .host = &facts, .declared = declared(), .skipped = {}, .limits = {}};
  const auto verdict = [&] {
    for (const CheckResult& result : audit(input))
      if (result.check->id == "source-routes") return result.answer.verdict;
    return Verdict::kUnknown;
  };
  EXPECT_EQ(verdict(), kPass) << "the kernel takes the smaller one";
  facts.sysctls["net.ipv6.conf.all.accept_source_route"] = "1";
  EXPECT_EQ(verdict(), kFail);
}

TEST(AuditHost, ServicesOfLoopbackAreOpenWhereTheKernelRoutesToThem) {
  HostFacts facts = a_host();
  auto rules = parse_rules(Source("test", filter("DDA", kSpoofed + kWeb)), k4, Counts::kLeftOut);
  ASSERT_TRUE(rules.ok());
  Input input{
      .rulesets = {*rules}, .host = &facts, .declared = declared(), .skipped = {}, .limits = {}};
  const auto verdict = [&] {
    for (const CheckResult& result : audit(input))
      if (result.check->id == "loopback-spoofed") return result.answer.verdict;
    return Verdict::kUnknown;
  };
  EXPECT_EQ(verdict(), kPass);
  facts.sysctls["net.ipv4.conf.eth0.route_localnet"] = "1";
  EXPECT_EQ(verdict(), kFail);
}

TEST(AuditHost, WhatIsSentOnToLoopbackArrivesWhereTheKernelRoutesThere) {
  HostFacts facts = a_host();
  const auto rules = parsed(
      "*nat\n-A PREROUTING -p tcp --dport 8080 -j DNAT --to-destination 127.0.0.1:3306\n"
      "COMMIT\n" +
      filter("DDA", "-A INPUT -p tcp --dport 3306 -m conntrack --ctstate DNAT -j ACCEPT\n"));
  EXPECT_EQ(answer_of("admin-ports", {rules}, &facts).verdict, kPass);
  facts.sysctls["net.ipv4.conf.eth0.route_localnet"] = "1";
  EXPECT_EQ(answer_of("admin-ports", {rules}, &facts).verdict, kFail);
}

TEST(AuditHost, BothWaysToAServiceOfLoopbackAreShut) {
  HostFacts facts = a_host();
  facts.sysctls["net.ipv4.conf.eth0.route_localnet"] = "1";
  const Input input{.rulesets = {parsed(filter("DDA", kLo + kAnswers + kWeb))},
                    .host = &facts,
                    .declared = declared(),
                    .skipped = {},
                    .limits = {}};
  Answer answer;
  for (const CheckResult& result : audit(input))
    if (result.check->id == "loopback-spoofed") answer = result.answer;
  ASSERT_EQ(answer.findings.size(), 2u);
  EXPECT_THAT(answer.findings[0].remedy,
              ::testing::ElementsAre("iptables -I INPUT ! -i lo -s 127.0.0.0/8 -j DROP"));
  EXPECT_THAT(answer.findings[1].remedy,
              ::testing::ElementsAre("iptables -I INPUT ! -i lo -d 127.0.0.0/8 -j DROP"));
}

TEST(AuditOptionsTest, ChecksAreSkippedByName) {
  AuditOptions options;
  options.skipped = {"invalid,boot", "egress"};
  const auto skipped = skipped_by(options);
  ASSERT_TRUE(skipped.ok());
  EXPECT_THAT(*skipped, ::testing::ElementsAre("boot", "egress", "invalid"));
  options.skipped = {"invalid,nothing"};
  EXPECT_EQ(skipped_by(options).error().kind, ErrorKind::kUsage);
}

TEST(AuditOptionsTest, AFileThatCannotBeReadIsNoFinding) {
  AuditOptions options;
  options.config = "/nonexistent/bulkhead.toml";
  options.files = {"/nonexistent/rules.v4"};
  EXPECT_EQ(run_audit(options), 2);
}

}  // namespace
}  // namespace bulkhead::app::audit
