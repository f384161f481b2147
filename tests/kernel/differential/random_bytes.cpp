// SPDX-License-Identifier: GPL-2.0-or-later
// Matches that compute something from the bytes of a packet.
#include <fmt/format.h>

#include "kernel/differential/random_matches.h"

namespace bulkhead::testing {

std::string MatchDrawer::of_bytes() {
  switch (random_.below(protocol_ == 6 ? 15 : 6)) {
    case 0: return " -m tos" + option("tos", {"0x10", "0xb8", "0/0x03", "1/3", "0x28/0xfc"});
    case 1: return " -m ecn" + option("ecn-ip-ect", {"0", "1", "3"});
    case 2:
      return " -m string --algo " + pick({"bm", "kmp"}) +
             option("string", {"xxxxxxxxxx", "xxxxxx", "PPPPP"}) +
             (one_in(4) ? " --from " + pick({"28", "60", "100"}) : "");
    case 3:
      return " -m string --algo " + pick({"bm", "kmp"}) +
             (one_in(2) ? option("string", {"XXXXX", "pPpP"}) + " --icase"
                        : option("hex-string", {"|0000000000000000|", "\"|16 16 16 16 16|\""}));
    case 4: return " -m u32" + u32();
    case 5:
      // A byte of the header, which is the protocol's number.
      return fmt::format(" -m bpf --bytecode \"4,48 0 0 {},21 0 1 {},6 0 0 1,6 0 0 0\"",
                         ip6_ ? 6 : 9, pick({"6", "17"}));
    case 6:
    case 7:
    case 11:
      return " -m tcpmss" + negation(2) + " --mss " + pick({"1460", "536:1460", "1461:65535"});
    case 8:
    case 9:
    case 10: return " -m ecn" + negation(2) + " --ecn-tcp-ece";
    default: return " -m ecn" + negation(2) + " --ecn-tcp-cwr";
  }
}

// The protocol, a port behind the header's length or at a fixed place, bytes that may not be there.
std::string MatchDrawer::u32() {
  const std::string tests =
      ip6_ ? pick({"4>>8&0xFF=6,17", "40>>16=0:1023", "40&0xFFFF=22,80,443,1000:2000",
                   "0>>28=6&&4>>8&0xFF=58", "100=0:0xFFFFFFFF", "40>>16&0xFF<<1=0:100"})
           : pick({"6&0xFF=6,17", "0>>22&0x3C@0>>16=0:1023", "0>>22&0x3C@0&0xFFFF=22,80,443",
                   "0>>28=4&&6&0xFF=1", "100=0:0xFFFFFFFF", "0>>22&0x3C@12>>26&0x3C@0=0:5"});
  return negation() + " --u32 \"" + tests + "\"";
}

}  // namespace bulkhead::testing
