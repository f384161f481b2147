// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bulkhead::net {

// A name for one bit of a connection's labels.
struct ConnectionLabel {
  uint16_t bit = 0;
  std::string name;

  friend bool operator==(const ConnectionLabel&, const ConnectionLabel&) = default;
};

// From the text of /etc/xtables/connlabel.conf: lines of a number and a name, '#' begins a remark.
// As libnetfilter_conntrack reads it: what is anything else is passed over, and of several names
// for one bit, or bits for one name, the first holds.
std::vector<ConnectionLabel> parse_connection_labels(std::string_view text);
// Of this machine; none where there is no such file.
std::vector<ConnectionLabel> system_connection_labels();

}  // namespace bulkhead::net
