// SPDX-License-Identifier: GPL-2.0-or-later
// What words can't say of SCTP and DCCP packets: several chunks, their flags, options, and what is
// cut off or makes no sense. The same verdict and the same counts from iptables-legacy and ours.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/rig_fixture.h"

namespace bulkhead::testing {
namespace {

// Packets of one family from the peer to the host.
struct Family {
  bool v6 = false;

  template <class Layer> Bytes packet(Layer layer) const {
    return v6 ? build(Ip6{.saddr = kPeer6, .daddr = kHost6} / std::move(layer))
              : build(Ip4{.saddr = kPeer, .daddr = kHost} / std::move(layer));
  }
  Bytes sctp(std::vector<SctpChunk> chunks) const {
    return packet(Sctp{.chunks = std::move(chunks)});
  }
  // The generic header with a long sequence number, what the type has behind it, then these bytes.
  Bytes dccp(uint8_t type, Bytes rest) const {
    return packet(Dccp{.type = type, .rest = std::move(rest)});
  }
  // These bytes behind the IP header.
  Bytes raw(uint8_t protocol, Bytes bytes) const {
    return packet(Raw{.protocol = protocol, .bytes = std::move(bytes)});
  }
  // A later fragment, to be forwarded and not tracked, so that nobody puts it together.
  Bytes later_fragment(uint8_t protocol) const {
    const Raw rest{.protocol = protocol, .bytes = Bytes(40)};
    return v6 ? build(Ip6{.saddr = kUntracked6, .daddr = kBehind6} / Fragment6{.offset = 2} / rest)
              : build(Ip4{.saddr = kUntracked, .daddr = kBehind, .fragment_offset = 2} / rest);
  }
};

std::vector<SctpChunk> chunk_of_every_type() {
  std::vector<SctpChunk> chunks;
  for (unsigned type = 0; type <= UINT8_MAX; ++type)
    chunks.push_back({.type = static_cast<uint8_t>(type), .value = {}});
  return chunks;
}

constexpr uint8_t kSctp = 132, kDccp = 33;
constexpr uint8_t kData = 0, kInit = 1, kSack = 3, kAbort = 6, kIData = 64;
constexpr uint8_t kEnding = 1, kBeginning = 2, kUnordered = 4;  // flags of DATA
constexpr uint8_t kTagReflected = 1;                            // flag of ABORT

std::vector<Bytes> packets(const Family& family) {
  std::vector<Bytes> packets = {
      family.sctp({{.type = kInit}}),
      family.sctp({{.type = kData}}),
      family.sctp({{.type = kData, .flags = kEnding | kBeginning}}),
      family.sctp({{.type = kData, .flags = kUnordered}}),
      family.sctp({{.type = kSack}, {.type = kData, .flags = kEnding}}),
      family.sctp({{.type = kSack}, {.type = kSack}}),
      family.sctp({{.type = kAbort}}),
      family.sctp({{.type = kAbort, .flags = kTagReflected}, {.type = kData}}),
      family.sctp({{.type = kIData, .flags = kUnordered}}),
      family.sctp({{.type = 200}}),
      family.sctp(chunk_of_every_type()),
      family.sctp({}),
      family.raw(kSctp, Bytes(11)),
      family.raw(kSctp, Bytes(14)),
      family.raw(kSctp, Bytes(20)),  // a chunk of length 0
      family.dccp(0, {}),
      family.dccp(2, {32, 3, 7}),
      family.dccp(2, {0, 0, 1, 40}),
      family.dccp(1, {0, 32, 4, 9, 9}),
      family.dccp(10, {}),
      family.dccp(15, {1, 1, 1, 1}),
      family.dccp(3, {40, 0, 40, 0}),
      family.packet(Dccp{.type = 2, .data_offset = 1}),
      family.packet(Dccp{.type = 2, .data_offset = 200}),
      family.raw(kDccp, Bytes(11)),
      family.raw(kDccp, Bytes(12)),
  };
  packets.push_back(family.packet(UdpLite{}));
  packets.push_back(family.later_fragment(kSctp));
  packets.push_back(family.later_fragment(kDccp));
  return packets;
}

// Each is asked alone: a packet that makes no sense is dropped by the first that looks at it.
const std::vector<std::string> kRules = {
    "-p sctp -m sctp",
    "-p sctp -m sctp --sport 0:65535",
    "-p sctp -m sctp --dport 36412",
    "-p sctp -m sctp ! --dport 36412",
    "-p sctp -m sctp --chunk-types any DATA,INIT",
    "-p sctp -m sctp ! --chunk-types any DATA,INIT",
    "-p sctp -m sctp --chunk-types all DATA,SACK",
    "-p sctp -m sctp ! --chunk-types all DATA,SACK",
    "-p sctp -m sctp --chunk-types only SACK,DATA:e",
    "-p sctp -m sctp ! --chunk-types only SACK,DATA:e",
    "-p sctp -m sctp --chunk-types any DATA:Eu,ABORT:T",
    "-p sctp -m sctp --chunk-types all ALL",
    "-p sctp -m sctp ! --chunk-types all ALL",
    "-p sctp -m sctp --chunk-types any ALL",
    "-p sctp -m sctp --chunk-types only NONE",
    "-p sctp -m sctp ! --chunk-types all NONE",
    "-p sctp -m sctp --dport 1 --chunk-types any DATA",
    "-p dccp -m dccp",
    "-p dccp -m dccp --dport 5001",
    "-p dccp -m dccp ! --sport 40000",
    "-p dccp -m dccp --dccp-types REQUEST,DATA",
    "-p dccp -m dccp ! --dccp-types REQUEST,DATA",
    "-p dccp -m dccp --dccp-types INVALID",
    "-p dccp -m dccp ! --dccp-types INVALID",
    "-p dccp -m dccp --dccp-option 32",
    "-p dccp -m dccp ! --dccp-option 32",
    "-p dccp -m dccp --dccp-option 1",
    "-p dccp -m dccp ! --dccp-option 40",
    "-p dccp -m dccp --dport 1 --dccp-option 32",
    "-p dccp -m multiport --dports 5001,5002",
    "-p dccp -m multiport ! --ports 5001,5002",
    "-p sctp -m multiport --dports 36412",
    "-p udplite -m multiport --ports 53",
};

class Firewall {
 public:
  explicit Firewall(XtablesPrograms programs) : rig_(net_), xtables_(net_, std::move(programs)) {}

  // "accepted input, 1 counted", for each packet.
  std::vector<std::string> answers(const std::string& rule, const std::vector<Bytes>& packets) {
    xtables_.must_restore(filter("-A INPUT " + rule + "\n-A FORWARD " + rule + "\n"));
    std::vector<std::string> answers;
    uint64_t before = 0;
    for (const Bytes& packet : packets) {
      const Outcome outcome = rig_.inject("eth0", packet);
      uint64_t counted = 0;
      for (const RuleCounter& each : xtables_.counters())
        counted += each.rule.starts_with("-A ") ? each.packets : 0;
      answers.push_back(fmt::format("{}, {} counted", text(outcome), counted - before));
      before = counted;
    }
    return answers;
  }

 private:
  NetNamespace net_;
  PacketRig rig_;
  Xtables xtables_;
};

class SctpAndDccp : public ::testing::TestWithParam<bool> {};

TEST_P(SctpAndDccp, AreReadAsLegacyReadsThem) {
  if (const auto obstacle = kernel_tests_obstacle()) GTEST_SKIP() << *obstacle;
  Firewall ours(XtablesPrograms::in(BULKHEAD_BIN_DIR, GetParam()));
  Firewall legacy(XtablesPrograms::legacy(GetParam()));
  const std::vector<Bytes> all = packets({GetParam()});
  for (const std::string& rule : kRules) {
    SCOPED_TRACE(rule);
    const std::vector<std::string> expected = legacy.answers(rule, all);
    const std::vector<std::string> got = ours.answers(rule, all);
    const bool negated = rule.find("! --chunk-types") != std::string::npos ||
                         rule.find("! --dccp-option") != std::string::npos;
    unsigned hits = 0;
    for (size_t i = 0; i < all.size(); ++i) {
      // What makes no sense is dropped. The kernel's match says "no" besides, which is "yes" where
      // it is negated, and ip_tables counts that; nf_tables drops at once.
      const bool senseless = negated && expected[i] == "dropped, 1 counted";
      EXPECT_EQ(got[i], senseless ? "dropped, 0 counted" : expected[i]) << "packet " << i;
      if (expected[i].starts_with("accepted") && expected[i].ends_with("1 counted")) ++hits;
    }
    const bool never = rule.find("--dport 1 ") != std::string::npos ||
                       rule.ends_with("-m sctp --chunk-types all ALL") ||
                       rule.ends_with("only NONE") || rule.ends_with("! --chunk-types all NONE");
    EXPECT_EQ(hits > 0, !never);
    EXPECT_LT(hits, all.size());
  }
}

INSTANTIATE_TEST_SUITE_P(Families, SctpAndDccp, ::testing::Bool(),
                         [](const auto& each) { return each.param ? "IPv6" : "IPv4"; });

}  // namespace
}  // namespace bulkhead::testing
