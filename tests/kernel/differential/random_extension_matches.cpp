// SPDX-License-Identifier: GPL-2.0-or-later
// The matches of MatchDrawer that look at IPsec and at IPv6's extension headers.
#include <fmt/format.h>

#include "kernel/differential/random_matches.h"

namespace bulkhead::testing {

std::string MatchDrawer::ipsec() {
  const auto spi = [&] { return pick({"0", "1", "256", "0:255", "256:4294967295", "2:256"}); };
  switch (random_.below(4)) {
    case 0: protocol_ = 50; return " -p esp -m esp" + negation() + " --espspi " + spi();
    case 1:
      protocol_ = 108;
      return " -p ipcomp -m ipcomp" + option("ipcompspi", {"0", "18", "1:255", "2:70000", "256"}) +
             (one_in(3) ? " --compres" : "");
    default: break;
  }
  if (!ip6_) {
    protocol_ = 51;
    return " -p ah -m ah" + negation() + " --ahspi " + spi();
  }
  protocol_ = 135;
  return " -p mobility-header -m mh" + negation(2) + " --mh-type " +
         pick({"bu", "0:3", "4:", "binding-error:9", "1:6"});
}

std::string MatchDrawer::extension_headers(std::string_view chain) {
  const std::string length = pick({"8", "16", "24"});
  switch (random_.below(16)) {
    case 0:
    case 1:
    case 2: {
      std::string out = " -m ah" + option("ahspi", {"0", "256", "1:256", "257:"});
      if (!one_in(4)) out += option("ahlen", {"24", "32", "12"});
      return out + (one_in(2) ? " --ahres" : "");
    }
    case 3:
    case 4: {
      std::string out = " -m frag";
      if (one_in(2)) out += option("fragid", {"7", "7:8", "9:", "100"});
      if (one_in(2)) out += option("fraglen", {"8", "42"});
      if (one_in(2)) out += " --fragres";
      if (one_in(2)) out += " --fragfirst";
      return out + pick({"", " --fragmore", " --fraglast"});
    }
    case 5:
    case 6:
    case 7: {
      const std::string name = pick({"hbh", "dst"});
      std::string out = " -m " + name;
      if (one_in(2)) out += fmt::format("{} --{}-len {}", negation(2), name, length);
      if (one_in(2)) return out;
      const std::string list =
          pick({"30", "30:4", "30:2,0,1:0", "0,30:3", "1", "1:4", "30:4,30", "0"});
      return out + fmt::format(" --{}-opts {}", name, list);
    }
    case 8:
    case 9: {
      const std::string at = pick({"2001:db8:0::1", "2001:db8:0::1,2001:db8:0::2"});
      std::string out = " -m rt --rt-type 0";
      if (one_in(2)) out = " -m rt" + option("rt-type", {"0", "2", "4"});
      const bool type_0 = out.ends_with(" -m rt --rt-type 0");
      if (one_in(2)) out += option("rt-segsleft", {"0", "1", "1:3", "2:"});
      if (one_in(2)) out += option("rt-len", {"24", "40", "56"});
      if (type_0 && one_in(2)) out += " --rt-0-res";
      if (type_0 && one_in(2))
        out += " --rt-0-addrs " + at + (one_in(2) ? " --rt-0-not-strict" : "");
      return out;
    }
    case 10: {
      const std::string headers =
          pick({"protocol", "hop-by-hop,protocol", "ipv6-route,protocol", "esp", "ipv6-opts",
                "ipv6-frag,protocol", "ah,ipv6-frag,hop-by-hop"});
      return " -m ipv6header" + negation() + " --header " + headers + (one_in(2) ? " --soft" : "");
    }
    case 11: return chain == "INPUT" || chain == "FORWARD" ? " -m eui64" : "";
    default: return segment_routing();
  }
}

// Four conditions or so of fourteen. Those about the same number must ask for the same.
std::string MatchDrawer::segment_routing() {
  std::string out = " -m srh";
  const auto numbers = [&](std::string_view name, std::initializer_list<std::string_view> values) {
    const std::string value = pick(values);
    for (const char* relation : {"eq", "gt", "lt"}) {
      if (one_in(3)) out += fmt::format("{} --{}-{} {}", negation(2), name, relation, value);
    }
  };
  if (one_in(3)) out += negation(2) + " --srh-next-hdr " + pick({"17", "254"});
  numbers("srh-hdr-len", {"2", "4", "5", "6"});
  numbers("srh-segs-left", {"0", "1", "2"});
  numbers("srh-last-entry", {"0", "1", "2"});
  if (one_in(3)) out += negation(2) + " --srh-tag " + pick({"0", "1", "256", "257"});
  for (const char* segment : {"psid", "nsid", "lsid"}) {
    if (one_in(3))
      out += fmt::format("{} --srh-{} {}", negation(2), segment,
                         pick({"2001:db8::/48", "2001:db8::1", "2001:db8:1::/48", "::/0"}));
  }
  return out;
}

}  // namespace bulkhead::testing
