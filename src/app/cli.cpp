// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/cli.h"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "app/command/apply.h"
#include "app/command/audit.h"
#include "app/command/boot.h"
#include "app/command/check.h"
#include "app/command/clear.h"
#include "app/command/diff.h"
#include "app/command/explain.h"
#include "app/command/import.h"
#include "app/command/manual.h"
#include "app/command/matrix.h"
#include "app/command/prove.h"
#include "app/command/save.h"
#include "app/command/show.h"
#include "app/command/status.h"
#include "app/command/trace.h"
#include "app/common_options.h"
#include "app/report.h"

namespace bulkhead::app {

namespace {

// The options of all commands, and what was asked for.
struct Arguments {
  ApplyOptions apply;
  AuditOptions audit;
  BootOptions boot;
  CheckOptions check;
  ClearOptions clear;
  DiffOptions diff;
  ExplainOptions explain;
  ImportOptions import;
  MatrixOptions matrix;
  ProveOptions prove;
  SaveOptions save;
  ShowOptions show;
  StatusOptions status;
  TraceOptions trace;
  std::function<int()> run;
};

void add_prove(CLI::App& app, Arguments& all) {
  CLI::App& command = *app.add_subcommand(
      "prove", "whether claims hold of the rules; each that doesn't is shown with a packet");
  ProveOptions& options = all.prove;
  command
      .add_option("FILE", options.files,
                  "files of rules, `kernel' (those in force, the default) or `saved'")
      ->type_name("");
  command.add_option("--claims", options.claims, "what is to hold: docs/claims.md")
      ->required()
      ->type_name("FILE");
  add_limits(command, options.limits);
  add_color(command, options.color);
  command.add_flag("--json", options.json, "for a program");
  command.footer(
      "A file of claims:\n"
      "  [groups]\n"
      "  management = [\"192.168.56.1\"]\n"
      "  [[claim]]\n"
      "  name = \"ssh only from management\"\n"
      "  service = \"tcp/22\"\n"
      "  only-from = \"management\"\n"
      "Exits 0 if every claim is proved, 1 if one is refuted or not decided.\n");
  command.callback([&all] { all.run = [&all] { return run_prove(all.prove); }; });
}

void add_show(CLI::App& app, Arguments& all) {
  CLI::App& command =
      *app.add_subcommand("show", "the rules in force, as a person wants to read them");
  ShowOptions& options = all.show;
  command.add_option("CHAIN", options.chain, "only this chain")->type_name("");
  add_family(command, options.family, "only the rules for");
  add_color(command, options.color);
  command.add_flag("--json", options.json, "for a program");
  command.callback([&all] { all.run = [&all] { return run_show(all.show); }; });
}

void add_apply(CLI::App& app, Arguments& all) {
  CLI::App& command =
      *app.add_subcommand("apply", "put files of rules in force, IPv4 and IPv6 in one transaction");
  ApplyOptions& options = all.apply;
  command
      .add_option("FILE", options.files,
                  "in the syntax of iptables-restore; - is stdin. *.v4 and *.v6 are for that "
                  "family, any other "
                  "file for both: a rule marked -4 or -6 for one")
      ->required()
      ->type_name("");
  add_family(command, options.family, "all files are for");
  command.add_flag(
      "--test", options.test,
      "all but the last word: the kernel looks at the whole transaction and forgets it");
  add_wait(command, options.wait);
  command.callback([&all] { all.run = [&all] { return run_apply(all.apply); }; });
}

void add_save(CLI::App& app, Arguments& all) {
  CLI::App& command = *app.add_subcommand("save", "keep the rules in force over a restart");
  add_state_folder(command, all.save.state_folder);
  command.callback([&all] { all.run = [&all] { return run_save(all.save); }; });
}

void add_boot(CLI::App& app, Arguments& all) {
  CLI::App& command = *app.add_subcommand(
      "boot", "load the saved rules; if they are lost, close the host but for management");
  BootOptions& options = all.boot;
  add_state_folder(command, options.state_folder);
  command.add_option("--config", options.config, "default /etc/bulkhead/bulkhead.toml")
      ->type_name("FILE");
  add_wait(command, options.wait);
  command.callback([&all] { all.run = [&all] { return run_boot(all.boot); }; });
}

void add_status(CLI::App& app, Arguments& all) {
  CLI::App& command = *app.add_subcommand(
      "status",
      "what is loaded and saved, and who else may drop packets; exits 1 if something is wrong");
  StatusOptions& options = all.status;
  add_state_folder(command, options.state_folder);
  add_color(command, options.color);
  command.add_flag("--json", options.json, "for a program");
  command.callback([&all] { all.run = [&all] { return run_status(all.status); }; });
}

void add_explain(CLI::App& app, Arguments& all) {
  CLI::App& command = *app.add_subcommand("explain", "what becomes of a packet, and why");
  ExplainOptions& options = all.explain;
  command
      .add_option("PACKET", options.packet,
                  "in words: 'tcp 192.168.56.66:40000 > 192.168.56.20:22 new in eth1'")
      ->type_name("");
  command
      .add_option(
          "FILE", options.files,
          "explain the rules of these files instead of those in force; or `kernel', or `saved'")
      ->type_name("");
  auto* const connection =
      command.add_flag("--connection", options.connection,
                       "both directions: the packet, its answer, and what follows; exits 1 if it "
                       "doesn't work");
  auto* const who =
      command.add_option("--who", options.who, "instead of PACKET: who can reach tcp/22?")
          ->type_name("SERVICE")
          ->excludes(connection);
  const auto add_way = [&](const char* word, net::Direction direction, const char* help) {
    return command
        .add_flag_callback(
            word, [&options, direction] { options.direction = direction; }, help)
        ->needs(who);
  };
  add_way("--forward", net::Direction::kForward, "with --who: through this host")
      ->excludes(add_way("--output", net::Direction::kOutput, "with --who: from this host"));
  add_limits(command, options.limits);
  add_color(command, options.color);
  command.add_flag("--json", options.json, "for a program");
  command.footer(
      "Behind the addresses, in any order:\n"
      "  new established related invalid untracked   the connection's state; without a word\n"
      "                       that of a packet that no connection is known of\n"
      "  in IF, out IF        through INPUT, OUTPUT, or both: FORWARD; neither: INPUT\n"
      "  flags syn,ack    type echo-request    chunk 1    fragment 185    length 100\n"
      "  ttl 64    dscp 46    ecn 1    mss 1460    data TEXT    mark 0x1    ctmark 0x1\n"
      "  mac 02:00:5e:10:00:01    broadcast    multicast    uid 0    gid 0\n");
  command.callback([&all] {
    ExplainOptions& asked = all.explain;
    // With --who there is no packet, so the first word is a file.
    if (!asked.who.empty() && !asked.packet.empty())
      asked.files.insert(asked.files.begin(), std::exchange(asked.packet, {}));
    all.run = [&all] { return run_explain(all.explain); };
  });
}

void add_check(CLI::App& app, Arguments& all) {
  CLI::App& command = *app.add_subcommand(
      "check", "what a careful reader would remark on rules; exits 1 if there is something");
  CheckOptions& options = all.check;
  command
      .add_option("FILE", options.words,
                  "files of rules, `kernel' for those in force, or `saved'; *.v4 and *.v6 together "
                  "are looked through for IPv4 rules without an IPv6 twin")
      ->required()
      ->type_name("");
  add_limits(command, options.limits);
  add_color(command, options.color);
  command.add_flag("--json", options.json, "for a program");
  command.footer(
      "It looks for rules that never match, contradict themselves or change nothing, chains that\n"
      "nobody jumps to, IPv4 rules without an IPv6 twin, and administrative ports open to all.\n"
      "Exit codes: 0 nothing found, 1 something found, 2 it can't be read or the analysis didn't\n"
      "end, 4 the kernel can't be had.\n");
  command.callback([&all] { all.run = [&all] { return run_check(all.check); }; });
}

void add_diff(CLI::App& app, Arguments& all) {
  CLI::App& command = *app.add_subcommand(
      "diff", "whether two rulesets do the same, and which packets change; exits 1 if they differ");
  DiffOptions& options = all.diff;
  command
      .add_option("A", options.before, "a file of rules, `kernel' for those in force, or `saved'")
      ->required()
      ->type_name("");
  command.add_option("B", options.after, "the same")->required()->type_name("");
  add_number(
      command, "--most", {}, [&options](size_t most) { options.most = most; },
      "how many descriptions there may be of packets that change in the same way; where they would "
      "be more, one says what they have in common (default 3)")
      .type_name("NUMBER");
  add_limits(command, options.limits);
  add_color(command, options.color);
  command.add_flag("--json", options.json, "for a program");
  command.footer(
      "Compared is what becomes of packets: the verdict (a REJECT with its kind), NAT, marks and\n"
      "changed fields. Logging, counters and the names of chains are not.\n"
      "Exit codes: 0 the same, 1 different, 2 it can't be said, 4 the kernel can't be had.\n");
  command.callback([&all] { all.run = [&all] { return run_diff(all.diff); }; });
}

void add_matrix(CLI::App& app, Arguments& all) {
  CLI::App& command = *app.add_subcommand(
      "matrix", "who reaches whom with a service, and where sources can't be forged");
  MatrixOptions& options = all.matrix;
  command
      .add_option("FILE", options.rules,
                  "a file in the syntax of iptables-restore (- is stdin), kernel or saved")
      ->required()
      ->type_name("");
  command.add_option("--chain", options.chain, "the built-in chain that decides: FORWARD")
      ->required()
      ->type_name("CHAIN");
  command.add_option("--table", options.table, "the chain's table (default filter)")
      ->type_name("TABLE");
  command.add_option("--service", options.service, "tcp/22, udp/domain, icmp")
      ->required()
      ->type_name("PROTOCOL/PORT");
  add_number(
      command, "--source-port", {.most = 65535},
      [&options](size_t port) { options.source_port = static_cast<uint16_t>(port); },
      "the client's (default 10000)")
      .type_name("PORT");
  command
      .add_option("--interfaces", options.interfaces, "which addresses live behind which interface")
      ->type_name("FILE");
  command
      .add_option("--unknown", options.unknown,
                  "a protocol or a match of which nobody knows whether it holds; may be repeated")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->type_name("NAME");
  add_family(command, options.family, "the rules for");
  add_limits(command, options.limits);
  add_color(command, options.color);
  command.add_flag("--json", options.json, "for a program");
  command.footer(
      "The FILE of --interfaces:\n"
      "  eth0 = [192.0.2.0/24, 198.51.100.1-198.51.100.9]\n"
      "  eth1 = all_but_those_ips [192.0.2.0/24]\n");
  command.callback([&all] { all.run = [&all] { return run_matrix(all.matrix); }; });
}

void add_audit(CLI::App& app, Arguments& all) {
  CLI::App& command = *app.add_subcommand(
      "audit", "hold rules and host against what a host firewall should do; exits 1 if they don't");
  AuditOptions& options = all.audit;
  command
      .add_option("FILE", options.files,
                  "rules to audit instead of what is enforced: files, or `saved'; the host itself "
                  "is then left out")
      ->type_name("");
  command
      .add_option("--management", options.management,
                  "who administers this host, beside [management] of the configuration: addresses "
                  "and networks with commas between them")
      ->type_name("ADDRESSES");
  command
      .add_option("--declare", options.declared,
                  "what is meant to be so: forwarding, egress=PORT,... or subnet=NETWORK,...")
      ->type_name("WHAT");
  command.add_option("--skip", options.skipped, "leave these checks out")->type_name("CHECKS");
  command.add_flag("--list", options.list, "name all checks and where they come from");
  command.add_option("--config", options.config, "default /etc/bulkhead/bulkhead.toml")
      ->type_name("FILE");
  add_state_folder(command, options.state_folder);
  add_limits(command, options.limits);
  add_color(command, options.color);
  command.add_flag("--json", options.json, "for a program");
  // One value each, so that a FILE may stand behind them.
  for (const char* const option : {"--management", "--declare", "--skip"})
    command.get_option(option)->allow_extra_args(false);
  command.callback([&all] { all.run = [&all] { return run_audit(all.audit); }; });
}

void add_trace(CLI::App& app, Arguments& all) {
  CLI::App& command =
      *app.add_subcommand("trace", "what becomes of live packets, and by which rule");
  TraceOptions& options = all.trace;
  add_family(command, options.family, "only packets of");
  command.add_flag("--listen", options.listen,
                   "choose no packets; hear of those that a rule has marked (-j TRACE, or nft's "
                   "meta nftrace)");
  add_number(
      command, "--count", {}, [&options](size_t count) { options.count = count; },
      "end after so many packets (default: without a description 10, else never); 0: never")
      .type_name("NUMBER");
  add_number(
      command, "--seconds", {},
      [&options](size_t time) { options.time = std::chrono::seconds(time); }, "end after that time")
      .type_name("SECONDS");
  add_color(command, options.color);
  command.add_flag("--json", options.json, "for a program: a line for each packet");
  // The words of a rule look like options; the rows know them.
  command.allow_extras();
  command.footer(
      "DESCRIPTION: which packets, as in a rule between -A CHAIN and -j. Without it: all.\n"
      "  bulkhead trace -p tcp --dport 22 -s 192.0.2.0/24 -i eth0\n"
      "It is asked when the packet comes in or is sent; with -o where the way out is known.\n");
  command.callback([&all, &command] {
    all.trace.words = command.remaining();
    all.run = [&all] { return run_trace(all.trace); };
  });
}

void add_import(CLI::App& app, Arguments& all) {
  CLI::App& command =
      *app.add_subcommand("import", "take over the rules of iptables-legacy or iptables-nft");
  ImportOptions& options = all.import;
  add_word<Variant>(
      command, "--from", {{"legacy", Variant::kLegacy}, {"nft", Variant::kNft}},
      [&options](Variant from) { options.from = from; }, "legacy or nft, where both have rules")
      .type_name("WHICH");
  command.add_flag("--yes", options.yes, "don't ask");
  command.add_flag("--keep", options.keep, "leave the old rules where they are, beside ours");
  add_wait(command, options.wait);
  command.callback([&all] { all.run = [&all] { return run_import(all.import); }; });
}

void add_clear(CLI::App& app, Arguments& all) {
  CLI::App& command = *app.add_subcommand("clear", "take everything of bulkhead out of the kernel");
  ClearOptions& options = all.clear;
  command.add_flag("--saved", options.saved, "forget the saved rules too");
  add_state_folder(command, options.state_folder);
  add_wait(command, options.wait);
  command.callback([&all] { all.run = [&all] { return run_clear(all.clear); }; });
}

void add_manual(CLI::App& app, Arguments& all) {
  CLI::App& command =
      *app.add_subcommand("manual", "the manual page of all matches and targets, for man -l -");
  command.callback([&all] { all.run = run_manual; });
}

// Of "--wait: 1 required SECONDS missing".
std::optional<std::string> missing_value(std::string_view words) {
  constexpr std::string_view kRequired = ": 1 required ";
  constexpr std::string_view kMissing = " missing";
  const size_t at = words.find(kRequired);
  if (at == words.npos || !words.ends_with(kMissing)) return {};
  const std::string_view option = words.substr(0, at);
  words.remove_prefix(at + kRequired.size());
  words.remove_suffix(kMissing.size());
  return fmt::format("{} needs a value: {} {}", option, option, words);
}

// CLI11 says of an unknown command only that one is missing.
Error parse_error(const CLI::App& app, const CLI::ParseError& error, std::string_view first) {
  const auto known = [&](const CLI::App* command) { return command->get_name() == first; };
  const auto commands = app.get_subcommands(nullptr);
  if (first.starts_with('-') || std::ranges::any_of(commands, known)) {
    return {.kind = ErrorKind::kUsage,
            .message = missing_value(error.what()).value_or(error.what()),
            .hint = first.starts_with('-') ? "bulkhead --help, or bulkhead COMMAND --help"
                                           : fmt::format("bulkhead {} --help", first)};
  }
  std::string words;
  for (const CLI::App* command : commands)
    words += (words.empty() ? "" : ", ") + command->get_name();
  return {.kind = ErrorKind::kUsage,
          .message = fmt::format("there is no command `{}'", first),
          .hint = fmt::format("the commands are {}", words)};
}

}  // namespace

int bulkhead_main(int argc, char** argv) {
  CLI::App app(
      "A host firewall that speaks iptables. The rules themselves are written with iptables and "
      "ip6tables,\n"
      "or in files for `bulkhead apply`.",
      "bulkhead");
  app.set_version_flag("--version", std::string("bulkhead ") + BULKHEAD_VERSION);
  app.set_help_flag("-h,--help", "this text");
  app.require_subcommand(1);
  app.get_formatter()->column_width(34);
  Arguments all;
  for (const auto add :
       {add_show, add_apply, add_explain, add_check, add_prove, add_diff, add_matrix, add_audit,
        add_trace, add_status, add_save, add_boot, add_import, add_clear, add_manual}) {
    add(app, all);
  }
  if (argc == 1) {
    fmt::print("{}", app.help());
    return kWrongUse;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
    return report(parse_error(app, error, argv[1]));
  }
  return all.run();
}

}  // namespace bulkhead::app
