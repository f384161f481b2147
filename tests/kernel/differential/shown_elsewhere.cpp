// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/differential/shown_elsewhere.h"

#include <algorithm>

namespace bulkhead::testing {
namespace {

// A match as a whole, or one of its options; and who asks it instead.
struct Elsewhere {
  std::string_view option;
  std::string_view shown_by;
};

constexpr Elsewhere kElsewhere[] = {
    {"addrtype --limit-iface-in", "asks nothing by itself"},
    {"addrtype --limit-iface-out", "asks nothing by itself"},
    {"bpf --object-pinned", "bpf_test"},
    {"cgroup", "cgroup_test"},
    {"cluster", "row_examples_test"},
    {"comment", "asks nothing"},
    // No packet here has a label, a helper, IPsec, IPVS, or a set that it could be in, and none is
    // for a socket.
    {"connlabel", "connlabel_test"},
    {"helper", "helper_test"},
    {"ipvs", "ipvs_test"},
    {"ipcomp --compres", "asks nothing"},
    {"connbytes", "counting_matches_test"},
    {"connlimit", "counting_matches_test"},
    {"cpu", "surroundings_test"},
    {"devgroup", "surroundings_test"},
    {"hashlimit", "hashlimit_test"},
    {"limit", "limit_test"},
    {"nfacct", "nfacct_test"},
    {"osf", "osf_test"},
    // Each needs --rt-type 0 beside it.
    {"rt --rt-0-res", "extension_headers_test"},
    {"rt --rt-0-addrs", "extension_headers_test"},
    {"rt --rt-0-not-strict", "extension_headers_test"},
    {"ipv6header --soft", "asks nothing by itself"},
    // All packets here that the host sends have a socket, and no user has further groups.
    {"owner --socket-exists", "owner_test"},
    {"owner ! --socket-exists", "owner_test"},
    {"owner --suppl-groups", "asks nothing by itself"},
    {"policy", "policy_test"},
    {"rpfilter", "rpfilter_test, with routes that the hosts here don't have"},
    {"set", "set_test"},
    {"socket", "socket_test"},
    {"quota", "counting_matches_test"},
    {"recent", "recent_test"},
    {"statistic", "counting_matches_test"},
    {"rateest", "rateest_test"},
    {"realm", "surroundings_test"},
    {"string --algo", "asks nothing by itself"},
    {"string --from", "asks nothing by itself"},
    {"string --to", "asks nothing by itself"},
    {"string --icase", "asks nothing by itself"},
    {"time", "time_test"},
};

}  // namespace

bool shown_elsewhere(std::string_view option) {
  return std::ranges::any_of(kElsewhere, [&](const Elsewhere& each) {
    const bool whole_match = each.option.find(' ') == std::string_view::npos;
    return whole_match ? option.substr(0, option.find(' ')) == each.option : option == each.option;
  });
}

}  // namespace bulkhead::testing
