// SPDX-License-Identifier: GPL-2.0-or-later
#include "lang/parse.h"

#include <gtest/gtest.h>

#include "lang/language.h"

namespace bulkhead::lang {
namespace {

struct Wrong {
  std::string_view line;
  std::string_view message;
  std::string_view at;  // the words under the caret
};

// The messages are what iptables-legacy 1.8.9 printed for these lines.
constexpr Wrong kWrong[] = {
    {"-A INPUT --foo", "unknown option \"--foo\"", "--foo"},
    {"-A INPUT -p tcp --foo 1", "unknown option \"--foo\"", "--foo"},
    {"-Q", "unknown option \"-Q\"", "-Q"},
    {"-A", "option \"-A\" requires an argument", "-A"},
    {"-A INPUT -p tcp --dport", "option \"--dport\" requires an argument", "--dport"},
    {"-A INPUT --dport 22", "unknown option \"--dport\"", "--dport"},
    {"-A INPUT foo", "Bad argument `foo'", "foo"},
    {"-A INPUT -s ! 192.0.2.1 -j ACCEPT", "Bad argument `192.0.2.1'", "192.0.2.1"},
    {"-t filter", "no command specified", ""},
    {"-A INPUT -A INPUT", "Cannot use -A with -A", "INPUT"},
    {"-L -F", "Cannot use -F with -L", "-F"},
    {"-L -Z -F", "Cannot use -F with -Z", "-F"},
    {"! -L", "unexpected '!' flag", "!"},
    {"-A INPUT ! ! -s 192.0.2.1", "multiple consecutive ! not allowed", "!"},
    {"-A INPUT !", "nothing appropriate following !", "!"},
    {"-A INPUT ! -j ACCEPT", "cannot have ! before -j", "!"},
    {"-A INPUT ! -m tcp", "unexpected ! flag before --match", "!"},
    {"-L ! -t nat", "unexpected ! flag before --table", "!"},
    {"-L -n -n", "multiple -n flags not allowed", "-n"},
    {"-A INPUT -i lo -i lo", "multiple -i flags not allowed", "lo"},
    {"-A INPUT -j a -g b", "multiple -j flags not allowed", "b"},
    {"-A INPUT -n", "Illegal option `-n' with this command", ""},
    {"-S -n", "Illegal option `-n' with this command", ""},
    {"-A INPUT --line-numbers", "Illegal option `-0' with this command", ""},
    {"-D INPUT -j ACCEPT -c 1 2", "Illegal option `-c' with this command", ""},
    {"-D INPUT 0", "Invalid rule number `0'", "0"},
    {"-I INPUT x", "Invalid rule number `x'", "x"},
    {"-R INPUT", "-R requires a rule number", "INPUT"},
    {"-E a", "-E requires old-chain-name and new-chain-name", "a"},
    {"-P INPUT", "-P requires a chain and a policy", "INPUT"},
    {"-N -x", "chain name not allowed to start with `-'", "-x"},
    {"-N \"a b\"", "Invalid chain name `a b'", "\"a b\""},
    {"-N REJECT", "chain name may not clash with target name", "REJECT"},
    {"-N ACCEPT", "chain name may not clash with target name", "ACCEPT"},
    {"-N abcdefghijklmnopqrstuvwxyz012",
     "chain name `abcdefghijklmnopqrstuvwxyz012' too long (must be under 29 chars)",
     "abcdefghijklmnopqrstuvwxyz012"},
    {"-A INPUT -j \"\"", "Invalid target name (too short)", "\"\""},
    {"-A INPUT -m nope", "Couldn't load match `nope':No such file or directory", "nope"},
    {"-A OUTPUT -i lo", "Can't use -i with OUTPUT", "lo"},
    {"-A INPUT -o lo", "Can't use -o with INPUT", "lo"},
    {"-A INPUT -i \"\"", "Empty interface is likely to be undesired", "\"\""},
    {"-A INPUT -i abcdefghijklmnop",
     "interface name `abcdefghijklmnop' must be shorter than IFNAMSIZ (15)", "abcdefghijklmnop"},
    {"-A INPUT -p nope", "unknown protocol \"nope\" specified", "nope"},
    {"-A INPUT ! -p all", "rule would never match protocol", "all"},
    {"-A INPUT -s nohost.invalid", "host/network `nohost.invalid' not found", "nohost.invalid"},
    {"-A INPUT -s 192.0.2.1/33", "invalid mask `33' specified", "192.0.2.1/33"},
    {"-A INPUT ! -s 192.0.2.1,192.0.2.2",
     "! not allowed with multiple source or destination IP addresses", "192.0.2.1,192.0.2.2"},
    {"-R INPUT 1 -s 192.0.2.1,192.0.2.2", "Replacement rule does not specify a unique address", ""},
    {"-A INPUT -c 1", "-c requires packet and byte counter", "1"},
    {"-A INPUT -c x 2", "-c packet counter not numeric", "x"},
    {"-A INPUT -c 1 x", "-c byte counter not numeric", "1"},
    {"-L -w x", "wait seconds not numeric", "x"},
    {"-A INPUT -- x", "unknown arguments found on commandline", "x"},
};

TEST(ParseErrors, SayWhatIptablesSaysAndWhere) {
  for (const Wrong& wrong : kWrong) {
    SCOPED_TRACE(wrong.line);
    const Result<Command> command = parse(wrong.line);
    ASSERT_FALSE(command.ok());
    EXPECT_EQ(command.error().message, wrong.message);
    const Span at = command.error().span;
    EXPECT_EQ(wrong.line.substr(at.begin, at.end - at.begin), wrong.at);
  }
}

struct Canonical {
  std::string_view line;
  std::string_view text;
};

constexpr Canonical kCanonical[] = {
    {"-A INPUT", "-A INPUT"},
    {"-j ACCEPT -A INPUT", "-A INPUT -j ACCEPT"},
    {"-A INPUT -p TCP -s 192.0.2.1 -j ACCEPT", "-A INPUT -s 192.0.2.1/32 -p tcp -j ACCEPT"},
    {"-A INPUT -s 192.0.2.77/24", "-A INPUT -s 192.0.2.0/24"},
    {"-A INPUT -s 192.0.2.77/255.0.255.0", "-A INPUT -s 192.0.2.0/255.0.255.0"},
    {"-A INPUT -s 10", "-A INPUT -s 10.0.0.0/32"},
    {"-A INPUT -s 0/0 -d any/0", "-A INPUT"},
    {"-A INPUT ! -s 0.0.0.0/0", "-A INPUT ! -s 0.0.0.0/0"},
    {"-A INPUT -s loopback/8", "-A INPUT -s 127.0.0.0/8"},
    {"-A INPUT -s 192.0.2.1,198.51.100.0/24 -d 203.0.113.1,203.0.113.2",
     "-A INPUT -s 192.0.2.1/32 -d 203.0.113.1/32\n-A INPUT -s 192.0.2.1/32 -d 203.0.113.2/32\n"
     "-A INPUT -s 198.51.100.0/24 -d 203.0.113.1/32\n-A INPUT -s 198.51.100.0/24 -d "
     "203.0.113.2/32"},
    {"-A INPUT -s two.example", "-A INPUT -s 192.0.2.1/32\n-A INPUT -s 192.0.2.2/32"},
    {"-A FORWARD -o eth1 ! -i eth+ -f", "-A FORWARD ! -i eth+ -o eth1 -f"},
    {"-A FORWARD ! --fragments ! -p icmp", "-A FORWARD ! -p icmp ! -f"},
    {"-A INPUT -i +", "-A INPUT"},
    {"-A INPUT -p 47", "-A INPUT -p gre"},
    {"-A INPUT -p 200", "-A INPUT -p 200"},
    {"-A INPUT -p 0", "-A INPUT"},
    {"-A INPUT -p all", "-A INPUT"},
    {"-A INPUT -p tcp --dport 22 -j ACCEPT", "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT"},
    {"-A INPUT -p tcp -m tcp --dport ssh", "-A INPUT -p tcp -m tcp --dport 22"},
    {"-A INPUT -p 6 --dport=22", "-A INPUT -p tcp -m tcp --dport 22"},
    {"-A INPUT -p tcp ! --dport 22 --sport 1024:",
     "-A INPUT -p tcp -m tcp --sport 1024:65535 ! --dport 22"},
    {"-A INPUT -p tcp --dport 22 -m tcp --sport 5",
     "-A INPUT -p tcp -m tcp --dport 22 -m tcp --sport 5"},
    {"-A INPUT -p udp --dest 192.0.2.1 --destination-port 53",
     "-A INPUT -d 192.0.2.1/32 -p udp -m udp --dport 53"},
    {"-A INPUT -ptcp -jACCEPT -ilo", "-A INPUT -i lo -p tcp -j ACCEPT"},
    {"--app INPUT --ju ACCEPT", "-A INPUT -j ACCEPT"},
    {"-A INPUT -g chain", "-A INPUT -g chain"},
    {"-A INPUT -j chain", "-A INPUT -j chain"},
    {"-A INPUT -m comment --comment \"it's \\\"so\\\"\"",
     "-A INPUT -m comment --comment \"it\\'s \\\"so\\\"\""},
    {"-A INPUT -m comment --comment plain-word_1", "-A INPUT -m comment --comment plain-word_1"},
    {"-A INPUT -m state --state ESTABLISHED,RELATED -j ACCEPT",
     "-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT"},
    {"-A INPUT -j REJECT", "-A INPUT -j REJECT --reject-with icmp-port-unreachable"},
    {"-A INPUT -m state --st NEW", "-A INPUT -m state --state NEW"},
};

TEST(Parse, GivesTheRuleThatIptablesPrints) {
  for (const Canonical& each : kCanonical) {
    SCOPED_TRACE(each.line);
    EXPECT_EQ(canonical(each.line), each.text);
  }
}

TEST(Parse, OfWhatWasPrintedGivesTheSame) {
  for (const Canonical& each : kCanonical) {
    if (each.text.find('\n') != std::string_view::npos) continue;
    SCOPED_TRACE(each.text);
    EXPECT_EQ(canonical(each.text), each.text);
    const auto rule = [](std::string_view line) {
      return std::get<Append>(parse(line)->operation).rules[0];
    };
    EXPECT_EQ(rule(each.text), rule(each.line));
  }
}

TEST(Parse, OfIpv6) {
  const auto v6 = net::Family::kIpv6;
  EXPECT_EQ(canonical("-A INPUT -s 2001:db8::1 -d fe80::/10", v6),
            "-A INPUT -s 2001:db8::1/128 -d fe80::/10");
  EXPECT_EQ(canonical("-A INPUT -s ::/0", v6), "-A INPUT");
  EXPECT_EQ(canonical("-A INPUT -p icmpv6 --icmpv6-type echo-request", v6),
            "-A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 128");
  EXPECT_EQ(canonical("-A INPUT -f", v6), "`-f' is not supported in IPv6, use -m frag instead");
  EXPECT_EQ(parse("-A INPUT -p ah", v6)->warnings.size(), 1u);
}

TEST(Parse, LeavesToTheEndWhatOnlyTheKernelRefuses) {
  const Result<Command> command = parse("-A INPUT -p udp -m tcp --dport 1");
  ASSERT_TRUE(command.ok());
  ASSERT_TRUE(command->refusal.has_value());
  EXPECT_EQ(command->refusal->kind, ErrorKind::kRefused);
  EXPECT_EQ(command->refusal->errno_value, EINVAL);
  EXPECT_FALSE(parse("-A INPUT -p tcp -m tcp --dport 1")->refusal.has_value());
  EXPECT_EQ(parse("-P INPUT foo")->refusal->message,
            "Bad policy name. Run `dmesg' for more information");
}

TEST(Parse, ConstrainsTheFields) {
  const auto head = [](std::string_view line) {
    return std::get<Append>(parse(line)->operation).rules[0].head;
  };
  const auto constraint = [&](std::string_view line) {
    return std::get<ir::Constraint>(head(line).predicate.at(0));
  };

  EXPECT_EQ(constraint("-A INPUT -s 192.0.2.7/24").field, &ir::kSource);
  EXPECT_EQ(constraint("-A INPUT -s 192.0.2.7/24").values,
            ir::ValueSet::range(0xC0000200, 0xC00002FF));
  EXPECT_EQ(constraint("-A INPUT ! -s 192.0.2.7").values,
            (ir::ValueSet{{0, 0xC0000206}, {0xC0000208, 0xFFFFFFFF}}));
  const ir::Constraint odd = constraint("-A INPUT -d 192.0.2.7/255.0.0.255");
  EXPECT_EQ(odd.mask, U128{0xFF0000FF});
  EXPECT_EQ(odd.values, ir::ValueSet::of(0xC0000007));

  const U128 lo = U128{'l'} << 120 | U128{'o'} << 112;
  EXPECT_EQ(constraint("-A INPUT -i lo").values, ir::ValueSet::of(lo));
  EXPECT_EQ(constraint("-A INPUT -i lo+").values, ir::ValueSet::range(lo, lo | low_bits(112)));
  EXPECT_TRUE(constraint("-A INPUT ! -i +").values.empty());
  EXPECT_EQ(constraint("-A INPUT -f").values, ir::ValueSet::range(1, 8191));
  EXPECT_EQ(constraint("-A INPUT ! -f").values, ir::ValueSet::of(0));
  EXPECT_TRUE(head("-A INPUT -p all -i + -s 0/0").predicate.empty());
}

TEST(Parse, TakesListsAndZeroTogether) {
  const auto list = [](std::string_view line) { return std::get<List>(parse(line)->operation); };
  EXPECT_TRUE(list("-L -Z").zero);
  EXPECT_TRUE(list("-Z -L INPUT").zero);
  EXPECT_EQ(list("-Z -L INPUT").chain, "INPUT");
  EXPECT_TRUE(list("-Z INPUT 1 -L").zero_rule);
  EXPECT_EQ(list("-L INPUT 3").number, 3u);
  // As in iptables: a number behind -Z takes the place of the -L before it.
  EXPECT_EQ(std::get<Zero>(parse("-L INPUT -Z INPUT 1")->operation).number, 1u);
}

TEST(Parse, OfARestoreFilesLine) {
  const ParseOptions restore{.restore = true};
  const auto v4 = net::Family::kIpv4;
  EXPECT_TRUE(std::holds_alternative<Nothing>(parse("-6 -A INPUT -s ::1", v4, restore)->operation));
  EXPECT_TRUE(std::holds_alternative<Append>(parse("-4 -A INPUT", v4, restore)->operation));
  EXPECT_EQ(parse("-A INPUT -t nat", v4, restore).error().message,
            "The -t option cannot be used in iptables-restore.");
  EXPECT_EQ(parse("-w -A INPUT", v4, restore).error().message,
            "You cannot use `-w' from iptables-restore");

  std::set<std::string, std::less<>> declared{"LOG"};
  const ParseOptions with_chain{.restore = true, .declared = &declared};
  EXPECT_EQ(parse("-A INPUT -j LOG --log-prefix x", v4, with_chain).error().message,
            "unknown option \"--log-prefix\"");
}

TEST(Parse, WaitAndCounters) {
  EXPECT_EQ(parse("-L -w")->wait_seconds, UINT32_MAX);
  EXPECT_EQ(parse("-w5 -L")->wait_seconds, 5u);
  EXPECT_EQ(parse("-L --wait=7")->wait_seconds, 7u);
  EXPECT_EQ(parse("-L -w 0x10")->wait_seconds, 16u);
  const auto rule = [](std::string_view line) {
    return std::get<Append>(parse(line)->operation).rules[0];
  };
  EXPECT_EQ(rule("-A INPUT -c 5 6").counters, (ir::Counters{5, 6}));
  EXPECT_EQ(rule("-A INPUT -c 5,6").counters, (ir::Counters{5, 6}));
}

TEST(Parse, HelpAndVersionEndTheReading) {
  EXPECT_TRUE(std::holds_alternative<Version>(parse("-V --nonsense")->operation));
  EXPECT_TRUE(std::get<Version>(parse("! -V")->operation).negated);
  const Result<Command> help = parse("-p tcp -j LOG -h");
  ASSERT_TRUE(help.ok());
  EXPECT_EQ(std::get<Help>(help->operation).matches.size(), 1u);
  EXPECT_NE(std::get<Help>(help->operation).target, nullptr);
}

}  // namespace
}  // namespace bulkhead::lang
