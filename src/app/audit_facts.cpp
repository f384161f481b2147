// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/audit_facts.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <set>
#include <span>
#include <sstream>

#include <fmt/format.h>

#include "app/command/save.h"
#include "app/console.h"
#include "app/other_iptables.h"
#include "app/summary.h"
#include "core/byte_order.h"
#include "host/boot.h"
#include "host/files.h"
#include "net/packet_build.h"

namespace bulkhead::app {

namespace {

namespace fs = std::filesystem;

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

std::optional<net::Address> address_of(const sockaddr* address) {
  if (address == nullptr) return {};
  if (address->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, address, sizeof v4);
    return net::Address{net::Family::kIpv4, ntohl(v4.sin_addr.s_addr)};
  }
  if (address->sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, address, sizeof v6);
    return net::Address{net::Family::kIpv6,
                        static_cast<U128>(load_be(std::span<const uint8_t>(v6.sin6_addr.s6_addr)))};
  }
  return {};
}

std::vector<Interface> interfaces_that_are_up() {
  std::vector<Interface> found;
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return found;
  for (const ifaddrs* each = list; each != nullptr; each = each->ifa_next) {
    if ((each->ifa_flags & IFF_UP) == 0) continue;
    auto at = std::ranges::find(found, std::string_view(each->ifa_name), &Interface::name);
    if (at == found.end())
      at = found.insert(found.end(), {.name = each->ifa_name, .addresses = {}});
    const auto address = address_of(each->ifa_addr);
    const auto mask = address_of(each->ifa_netmask);
    if (!address || !mask) continue;
    at->addresses.push_back(
        {*address, {{address->family, address->value & mask->value}, mask->value}});
  }
  freeifaddrs(list);
  return found;
}

// The settings that the checks ask for, of every interface.
std::map<std::string, std::string> read_sysctls(const fs::path& proc) {
  std::map<std::string, std::string> found;
  const auto read = [&](const std::string& path, const std::string& name) {
    if (const auto text = host::read_file(proc / "sys" / path)) found[name] = trimmed(*text);
  };
  read("net/ipv4/ip_forward", "net.ipv4.ip_forward");
  for (const std::string_view family : {"ipv4", "ipv6"}) {
    const std::string folder = fmt::format("net/{}/conf", family);
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(proc / "sys" / folder, ignored)) {
      const std::string interface = entry.path().filename().string();
      for (const std::string_view key :
           {"rp_filter", "accept_redirects", "secure_redirects", "send_redirects",
            "accept_source_route", "forwarding", "force_forwarding", "route_localnet"}) {
        read(fmt::format("{}/{}/{}", folder, interface, key),
             fmt::format("net.{}.conf.{}.{}", family, interface, key));
      }
    }
  }
  return found;
}

std::optional<std::vector<Listener>> read_listeners(const fs::path& proc) {
  std::vector<Listener> found;
  const auto read = [&](const char* file, uint8_t protocol, net::Family family) {
    const auto text = host::read_file(proc / "net" / file);
    if (text) {
      const auto more = parse_listeners(*text, protocol, family);
      found.insert(found.end(), more.begin(), more.end());
    }
    return text.ok();
  };
  if (!read("tcp", net::kTcp, net::Family::kIpv4) || !read("udp", net::kUdp, net::Family::kIpv4))
    return {};
  // A kernel without IPv6 has neither.
  read("tcp6", net::kTcp, net::Family::kIpv6);
  read("udp6", net::kUdp, net::Family::kIpv6);
  return found;
}

SavedState saved_state(const fs::path& folder, const View& loaded) {
  const host::Saved saved = host::look_for_saved(folder);
  switch (saved.state) {
    case host::Saved::State::kNever: return {false, "no rules were ever saved"};
    case host::Saved::State::kLost: return {false, saved.why};
    case host::Saved::State::kReadable: break;
  }
  if (saved.rules == rules_to_save(loaded)) return {true, {}};
  return {false, "the saved rules are not those in force"};
}

constexpr const char* kUnitFolders[] = {"etc/systemd/system", "run/systemd/system",
                                        "usr/lib/systemd/system", "lib/systemd/system"};

// The targets that a boot comes to (bootup(7)), by the one that default.target leads to.
std::set<std::string> targets_at_boot(const fs::path& root) {
  std::string to = "graphical.target";  // as systemd has it where nobody has said otherwise
  for (const char* const folder : kUnitFolders) {
    std::error_code error;
    const fs::path link = fs::read_symlink(root / folder / "default.target", error);
    if (error) continue;
    to = link.filename().string();
    break;
  }
  std::set<std::string> found{"default.target", to};
  if (to == "emergency.target") return found;
  for (const char* const early : {"sysinit.target", "local-fs.target", "local-fs-pre.target",
                                  "swap.target", "cryptsetup-pre.target", "cryptsetup.target",
                                  "integritysetup.target", "veritysetup.target"})
    found.emplace(early);
  if (to == "rescue.target") return found;
  for (const char* const usual :
       {"basic.target", "sockets.target", "timers.target", "paths.target", "slices.target",
        "network-pre.target", "network.target", "network-online.target", "nss-lookup.target",
        "remote-fs-pre.target", "remote-fs.target", "time-set.target", "time-sync.target",
        "getty.target", "multi-user.target", "runlevel2.target", "runlevel3.target",
        "runlevel4.target"})
    found.emplace(usual);
  if (to == "multi-user.target" || to == "runlevel3.target") return found;
  found.insert({"graphical.target", "runlevel5.target"});
  return found;
}

// Whether a boot starts the unit: one of its targets wants it, or a unit that it starts.
bool is_started(const fs::path& root, const std::string& unit, const std::set<std::string>& targets,
                std::set<std::string>& asked) {
  asked.insert(unit);
  for (const char* const folder : kUnitFolders) {
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(root / folder, ignored)) {
      const std::string kind = entry.path().extension().string();
      if (kind != ".wants" && kind != ".requires") continue;
      if (fs::symlink_status(entry.path() / unit, ignored).type() == fs::file_type::not_found)
        continue;
      const std::string by = entry.path().stem().string();
      if (targets.contains(by)) return true;
      if (!asked.contains(by) && is_started(root, by, targets, asked)) return true;
    }
  }
  return false;
}

bool is_enabled(const fs::path& root, std::string_view unit) {
  std::set<std::string> asked;
  return is_started(root, std::string(unit), targets_at_boot(root), asked);
}

// The values that a unit file gives to one setting, in their order; an empty one takes back what
// was said before (systemd.unit(5), systemd.syntax(7)).
std::vector<std::string> unit_values(const std::string& text, std::string_view key) {
  std::vector<std::string> values;
  std::istringstream lines(text);
  std::string whole;
  bool goes_on = false;
  for (std::string line; std::getline(lines, line);) {
    const size_t first = line.find_first_not_of(" \t");
    // Comments may stand between the lines of one setting.
    if (first != line.npos && (line[first] == '#' || line[first] == ';')) continue;
    whole = goes_on ? whole + " " + line : line.substr(std::min(first, line.size()));
    goes_on = whole.ends_with('\\');
    if (goes_on) {
      whole.pop_back();
      continue;
    }
    const size_t equals = whole.find('=');
    if (equals == whole.npos || trimmed(whole.substr(0, equals)) != key) continue;
    values.push_back(whole.substr(equals + 1));
  }
  return values;
}

std::vector<std::string> words_in(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

// What the unit and the files beside it make of a setting: a list of lists of words.
std::vector<std::vector<std::string>> unit_setting(const std::vector<std::string>& texts,
                                                   std::string_view key) {
  std::vector<std::vector<std::string>> all;
  for (const std::string& text : texts) {
    for (const std::string& value : unit_values(text, key)) {
      const auto words = words_in(value);
      if (words.empty()) {
        all.clear();
      } else {
        all.push_back(words);
      }
    }
  }
  return all;
}

// Whether somebody may run it; a link that leads from the root of the host is followed there.
bool is_program(const fs::path& root, std::string path) {
  std::error_code error;
  for (int links = 0; links < 8; ++links) {
    const fs::path there = root / fs::path(path).relative_path();
    if (!fs::is_symlink(there, error)) {
      const fs::file_status status = fs::status(there, error);
      constexpr fs::perms kRuns =
          fs::perms::owner_exec | fs::perms::group_exec | fs::perms::others_exec;
      return fs::is_regular_file(status) && (status.permissions() & kRuns) != fs::perms::none;
    }
    const fs::path to = fs::read_symlink(there, error);
    path = to.is_absolute() ? to.string() : (fs::path(path).parent_path() / to).string();
  }
  return false;
}

// A path that has to be there, or must not be, for the unit to be started; none: all is as it says.
std::optional<std::string> unmet_condition(const fs::path& root,
                                           const std::vector<std::string>& texts) {
  for (const char* const key : {"ConditionPathExists", "AssertPathExists"}) {
    for (const std::vector<std::string>& words : unit_setting(texts, key)) {
      std::string path = words.front();
      if (path.starts_with('|')) continue;  // another one may do
      const bool negated = path.starts_with('!');
      if (negated) path.erase(0, 1);
      std::error_code ignored;
      if (fs::exists(root / fs::path(path).relative_path(), ignored) == negated)
        return fmt::format("{}={}", key, words.front());
    }
  }
  return {};
}

// What is wrong with the programs that a unit starts; empty: one of them is `bulkhead boot`.
std::string boots_nothing(const fs::path& root, const std::vector<std::string>& texts,
                          const std::string& unit) {
  std::string why = fmt::format("{} doesn't run `bulkhead boot'", unit);
  for (std::vector<std::string> command : unit_setting(texts, "ExecStart")) {
    // Before the path may stand what systemd.service(5) calls special prefixes.
    command[0].erase(0, std::min(command[0].find_first_not_of("@-:+!|"), command[0].size()));
    if (command.size() < 2 || command[1] != "boot") continue;
    if (fs::path(command[0]).filename() != "bulkhead") continue;
    // These only print something.
    if (std::ranges::any_of(command, [](const std::string& word) {
          return word == "-h" || word == "--help" || word == "--version";
        }))
      continue;
    if (command[0].starts_with('/') && !is_program(root, command[0])) {
      why = fmt::format("{} runs {}, which isn't there or isn't executable", unit, command[0]);
      continue;
    }
    return {};
  }
  return why;
}

// Files beside a unit that add to it, in the order in which they do.
std::vector<fs::path> drop_ins(const fs::path& root, std::string_view unit) {
  std::map<std::string, fs::path> by_name;
  for (const char* const folder : kUnitFolders) {
    std::error_code ignored;
    for (const auto& entry :
         fs::directory_iterator(root / folder / fmt::format("{}.d", unit), ignored)) {
      const std::string name = entry.path().filename().string();
      if (name.ends_with(".conf")) by_name.try_emplace(name, entry.path());
    }
  }
  std::vector<fs::path> found;
  for (const auto& [name, path] : by_name) found.push_back(path);
  return found;
}

// ufw's unit does nothing unless its own configuration says so.
bool ufw_is_off(const fs::path& root) {
  const auto text = host::read_file(root / "etc/ufw/ufw.conf");
  if (!text) return false;
  bool off = true;
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("ENABLED=")) off = line.find("yes") == line.npos;
  return off;
}

std::vector<OtherFirewall> other_firewalls(const fs::path& root,
                                           const std::vector<backend::ForeignChain>& foreign) {
  std::vector<OtherFirewall> found;
  std::set<std::string> told;
  static constexpr std::string_view kIptablesTables[] = {"filter", "nat", "mangle", "raw",
                                                         "security"};
  for (const backend::ForeignChain& chain : foreign) {
    if (!chain.drops) continue;
    const std::string table = fmt::format("{} {}", chain.family, printable(chain.table));
    if (!told.insert(table).second) continue;
    const bool iptables =
        (chain.family == "ip" || chain.family == "ip6") &&
        std::ranges::find(kIptablesTables, chain.table) != std::end(kIptablesTables);
    found.push_back({fmt::format("nft's table {} may drop packets", table),
                     iptables ? "bulkhead import --from nft" : ""});
  }
  for (const net::Family family : net::kFamilies) {
    if (legacy_tables(family).empty()) continue;
    const auto rules = read_other(Variant::kLegacy, family);
    if (rules && (!*rules || !(*rules)->enforces())) continue;
    found.push_back({fmt::format("iptables-legacy has rules for {}", family_name(family)),
                     "bulkhead import --from legacy"});
  }
  const auto at_boot = firewalls_at_boot(root);
  found.insert(found.end(), at_boot.begin(), at_boot.end());
  return found;
}

}  // namespace

std::optional<int> HostFacts::sysctl(const std::string& name) const {
  const auto at = sysctls.find(name);
  if (at == sysctls.end()) return {};
  int value = 0;
  const std::string& text = at->second;
  if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc()) return {};
  return value;
}

std::vector<Listener> parse_listeners(std::string_view text, uint8_t protocol, net::Family family) {
  // proc(5), /proc/net/tcp: "0: 0100007F:0CEA 00000000:0000 0A ...". An address is 32-bit words,
  // each in this machine's byte order.
  const std::string_view wanted = protocol == net::kTcp ? "0A" : "07";  // TCP_LISTEN, TCP_CLOSE
  const size_t digits = net::address_bits(family) / 4;
  std::vector<Listener> found;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string number, local, remote, state;
    if (!(words >> number >> local >> remote >> state) || state != wanted) continue;
    if (local.size() != digits + 5 || local[digits] != ':') continue;
    net::Address address{family, 0};
    for (size_t i = 0; i < digits; i += 8) {
      const auto word = static_cast<uint32_t>(std::stoul(local.substr(i, 8), nullptr, 16));
      address.value = address.value << 32 | ntohl(word);
    }
    Listener one{.protocol = protocol,
                 .port = static_cast<uint16_t>(std::stoul(local.substr(digits + 1), nullptr, 16)),
                 .address = {},
                 .family = family};
    constexpr U128 kMapped = U128{0xffff} << 32;  // ::ffff:0:0/96, an IPv4 address
    if (family == net::Family::kIpv6 && address.value >> 32 << 32 == kMapped) {
      address = {net::Family::kIpv4, address.value & low_bits(32)};
      one.family = net::Family::kIpv4;
    }
    if (address.value != 0) one.address = address;
    found.push_back(one);
  }
  return found;
}

BootState boot_state(const fs::path& root) {
  constexpr std::string_view kUnit = "bulkhead.service";
  bool there = false;
  for (const char* const folder : kUnitFolders) {
    const auto unit = host::read_file(root / folder / kUnit);
    if (!unit) continue;
    there = true;
    if (!is_enabled(root, kUnit)) break;
    const std::string path = fmt::format("/{}/{}", folder, kUnit);
    std::vector<std::string> texts{*unit};
    for (const fs::path& more : drop_ins(root, kUnit))
      if (const auto text = host::read_file(more)) texts.push_back(*text);
    if (const std::string why = boots_nothing(root, texts, path); !why.empty())
      return {BootState::When::kNever, why};
    if (const auto unmet = unmet_condition(root, texts))
      return {BootState::When::kNever, fmt::format("{} isn't started: {}", path, *unmet)};
    for (const auto& units : unit_setting(texts, "Before")) {
      if (std::ranges::find(units, "network-pre.target") != units.end())
        return {BootState::When::kBeforeNetwork, {}};
    }
    return {BootState::When::kLater,
            fmt::format("{} isn't ordered before network-pre.target", path)};
  }
  if (!there && is_enabled(root, kUnit))
    return {BootState::When::kNever, "the unit bulkhead.service is enabled, and isn't there"};
  std::error_code ignored;
  std::vector<fs::path> tables{root / "etc/crontab"};
  for (const char* const folder : {"etc/cron.d", "var/spool/cron/crontabs"}) {
    for (const auto& entry : fs::directory_iterator(root / folder, ignored))
      tables.push_back(entry.path());
  }
  for (const fs::path& table : tables) {
    const auto text = host::read_file(table);
    if (!text) continue;
    std::istringstream lines(*text);
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("@reboot") && line.find("bulkhead boot") != std::string::npos)
        return {BootState::When::kLater,
                fmt::format("cron loads them ({}), after the network is up", table.string()),
                there};
    }
  }
  if (!fs::exists(root / "etc/systemd/system", ignored))
    return {BootState::When::kUnknown, "this host has no systemd, whose units were looked at"};
  return {BootState::When::kNever, "nothing loads the rules at boot", there};
}

std::vector<OtherFirewall> firewalls_at_boot(const fs::path& root) {
  static constexpr std::string_view kUnits[] = {
      "ufw",       "firewalld",  "nftables", "netfilter-persistent",   "iptables", "ip6tables",
      "shorewall", "shorewall6", "ferm",     "arno-iptables-firewall", "firehol",  "csf"};
  std::vector<OtherFirewall> found;
  for (const std::string_view unit : kUnits) {
    const std::string service = fmt::format("{}.service", unit);
    if (!is_enabled(root, service) || (unit == "ufw" && ufw_is_off(root))) continue;
    found.push_back({fmt::format("{} is started at boot", service),
                     fmt::format("systemctl disable {}", service)});
  }
  return found;
}

bool ip6_is_on(const fs::path& proc) {
  // "all" only sets the others; "default" is what an interface to come will have.
  const fs::path folder = proc / "sys/net/ipv6/conf";
  std::error_code error;
  if (!fs::exists(folder, error)) return error || !fs::exists(proc / "sys/net/ipv4", error);
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string interface = entry.path().filename().string();
    if (interface == "all" || interface == "lo") continue;
    const auto text = host::read_file(entry.path() / "disable_ipv6");
    if (!text || trimmed(*text) != "1") return true;
  }
  return static_cast<bool>(error);
}

HostFacts gather_facts(const FactPlaces& places, const View& loaded,
                       const std::vector<backend::ForeignChain>& foreign) {
  HostFacts facts;
  facts.interfaces = interfaces_that_are_up();
  facts.sysctls = read_sysctls(places.proc);
  facts.ip6_on = ip6_is_on(places.proc);
  facts.listeners = read_listeners(places.proc);
  facts.saved = saved_state(places.state_folder, loaded);
  facts.boot = boot_state(places.root);
  facts.others = other_firewalls(places.root, foreign);
  return facts;
}

}  // namespace bulkhead::app
