// SPDX-License-Identifier: GPL-2.0-or-later
// What isn't in the rules: the kernel's settings, the next boot, other firewalls.
#include <algorithm>
#include <functional>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/audit/check.h"

namespace bulkhead::app::audit {

namespace {

// The interfaces whose settings were read, and "default", which those to come will have.
std::vector<std::string> interfaces_of(const HostFacts& facts, std::string_view family) {
  const std::string head = fmt::format("net.{}.conf.", family);
  std::set<std::string> found;
  for (const auto& [name, value] : facts.sysctls) {
    if (!name.starts_with(head)) continue;
    const std::string rest = name.substr(head.size());
    found.insert(rest.substr(0, rest.rfind('.')));
  }
  found.erase("all");
  found.erase("lo");
  return {found.begin(), found.end()};
}

// How the kernel puts the setting of "all" and that of an interface together
// (Documentation/networking/ip-sysctl.rst).
enum class Together : uint8_t { kGreater, kEither, kBoth, kOwn };

struct Setting {
  std::string_view family;
  std::string_view key;
  Together together;
  bool wanted;  // on or off
  std::string_view text;
};

bool is_on(const Setting& setting, int all, int own) {
  switch (setting.together) {
    case Together::kGreater:
    case Together::kEither: return all > 0 || own > 0;
    case Together::kBoth: return all > 0 && own > 0;
    case Together::kOwn: return own > 0;
  }
  return true;
}

Answer settings_hold(const Host& host, std::span<const Setting> settings) {
  std::vector<Finding> findings;
  bool any = false;
  for (const Setting& setting : settings) {
    const auto name = [&](std::string_view interface) {
      return fmt::format("net.{}.conf.{}.{}", setting.family, interface, setting.key);
    };
    const auto all = host.facts.sysctl(name("all"));
    if (!all) continue;  // no such protocol
    std::vector<std::string> wrong;
    for (const std::string& interface : interfaces_of(host.facts, setting.family)) {
      const auto own = host.facts.sysctl(name(interface));
      if (!own) continue;
      any = true;
      if (is_on(setting, *all, *own) != setting.wanted) wrong.push_back(interface);
    }
    if (wrong.empty()) continue;
    const int value = setting.wanted ? 1 : 0;
    Finding finding{.text = fmt::format("{} ({})", setting.text, fmt::join(wrong, ", "))};
    finding.remedy.push_back(fmt::format("sysctl -w {}={}", name("all"), value));
    // One of "all" is enough for an interface whose own can only add to it.
    if (setting.together != Together::kGreater || !setting.wanted) {
      for (const std::string& interface : wrong)
        finding.remedy.push_back(fmt::format("sysctl -w {}={}", name(interface), value));
    }
    finding.note = "and in /etc/sysctl.d, for the next boot";
    findings.push_back(std::move(finding));
  }
  if (!any) return unknown("/proc/sys couldn't be read");
  return fail_of(std::move(findings));
}

}  // namespace

Answer forwarding_is_off(const Host& host) {
  if (host.declared.forwarding) return not_applicable("forwarding is declared");
  std::vector<Finding> findings;
  bool known = false;
  const auto is_set = [&](const std::string& name) {
    const auto value = host.facts.sysctl(name);
    known |= value.has_value();
    if (value.value_or(0) == 0) return false;
    findings.push_back({.text = fmt::format("{} is {}", name, *value),
                        .remedy = {fmt::format("sysctl -w {}=0", name)},
                        .note = "and in /etc/sysctl.d; if it is to forward: --declare forwarding"});
    return true;
  };
  const auto of_each = [&](std::string_view family, std::string_view key) {
    for (const std::string& interface : interfaces_of(host.facts, family))
      is_set(fmt::format("net.{}.conf.{}.{}", family, interface, key));
  };
  // The first, when it is written, is that of every interface. Of IPv6 an interface's own makes it
  // a router to its neighbours, but forwards nothing (ip6_forward of net/ipv6/ip6_output.c).
  if (!is_set("net.ipv4.ip_forward")) of_each("ipv4", "forwarding");
  is_set("net.ipv6.conf.all.forwarding");
  of_each("ipv6", "force_forwarding");
  if (!known) return unknown("/proc/sys couldn't be read");
  return fail_of(std::move(findings));
}

Answer running_is_saved(const Host& host) {
  if (host.facts.saved.same) return pass();
  return fail_of({{.text = host.facts.saved.why, .remedy = {"bulkhead save"}}});
}

Answer loaded_before_network(const Host& host) {
  const BootState& boot = host.facts.boot;
  switch (boot.when) {
    case BootState::When::kBeforeNetwork: return pass();
    case BootState::When::kUnknown: return unknown(boot.words);
    case BootState::When::kLater:
    case BootState::When::kNever: break;
  }
  Finding finding{.text = boot.words};
  if (boot.disabled) {
    finding.remedy = {"systemctl enable bulkhead"};
  } else {
    finding.note =
        "`./dev install' puts program and unit where they belong (docs/boot.md); then: systemctl "
        "enable bulkhead";
  }
  return fail_of({finding});
}

Answer one_firewall(const Host& host) {
  std::vector<Finding> findings;
  for (const OtherFirewall& other : host.facts.others) {
    Finding finding{.text = other.words};
    if (other.remedy.empty()) {
      finding.note = "whose it is, and whether it may go, a person must know: nft list ruleset";
    } else {
      finding.remedy = {other.remedy};
    }
    findings.push_back(std::move(finding));
  }
  return fail_of(std::move(findings));
}

Answer rp_filter_is_on(const Host& host) {
  static constexpr Setting kSettings[] = {
      {"ipv4", "rp_filter", Together::kGreater, true, "sources are not held against the routes"}};
  return settings_hold(host, kSettings);
}

Answer redirects_are_off(const Host& host) {
  // accept_redirects is "either" where nothing is forwarded, else "both"; the stricter reading.
  static constexpr Setting kSettings[] = {
      {"ipv4", "accept_redirects", Together::kEither, false, "IPv4 redirects are believed"},
      {"ipv4", "secure_redirects", Together::kEither, false,
       "IPv4 redirects of the gateways are believed"},
      {"ipv4", "send_redirects", Together::kEither, false, "IPv4 redirects are sent"},
      {"ipv6", "accept_redirects", Together::kOwn, false, "IPv6 redirects are believed"}};
  return settings_hold(host, kSettings);
}

Answer source_routing_is_off(const Host& host) {
  static constexpr Setting kSettings[] = {
      {"ipv4", "accept_source_route", Together::kBoth, false, "IPv4 source routes are followed"},
      {"ipv6", "accept_source_route", Together::kBoth, false, "IPv6 routing headers are followed"}};
  return settings_hold(host, kSettings);
}

}  // namespace bulkhead::app::audit
