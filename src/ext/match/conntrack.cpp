// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/netfilter/nf_conntrack_common.h>

#include <algorithm>

#include "ext/argument/connection.h"
#include "ext/argument/host_mask.h"
#include "ext/argument/protocol.h"
#include "ext/argument/state.h"
#include "ext/row.h"
#include "ext/row_check.h"
#include "ext/xt_conntrack.h"

namespace bulkhead::ext::match_conntrack {
namespace {

using ir::Conntrack;
using ir::Kind;

constexpr ir::Field field_of(std::string_view name, std::string_view words, Kind kind,
                             Conntrack key, uint16_t width) {
  return {name, words, kind, ir::at(key, width), ir::at(key, width)};
}
constexpr ir::Field address_of(std::string_view name, std::string_view words, Conntrack key) {
  return {name, words, Kind::kAddress, ir::at(key, 32), ir::at(key, 128)};
}

constexpr ir::Field kProtocol =
    field_of("ct protocol", "connection's protocol", Kind::kProtocol, Conntrack::kProtocol, 8);
constexpr ir::Field kOriginalSource =
    address_of("ct original saddr", "connection's source address", Conntrack::kOriginalSource);
constexpr ir::Field kOriginalDestination = address_of(
    "ct original daddr", "connection's destination address", Conntrack::kOriginalDestination);
constexpr ir::Field kReplySource =
    address_of("ct reply saddr", "source address of the replies", Conntrack::kReplySource);
constexpr ir::Field kReplyDestination = address_of(
    "ct reply daddr", "destination address of the replies", Conntrack::kReplyDestination);
constexpr ir::Field kOriginalSourcePort =
    field_of("ct original proto-src", "connection's source port", Kind::kPort,
             Conntrack::kOriginalSourcePort, 16);
constexpr ir::Field kOriginalDestinationPort =
    field_of("ct original proto-dst", "connection's destination port", Kind::kPort,
             Conntrack::kOriginalDestinationPort, 16);
constexpr ir::Field kReplySourcePort = field_of("ct reply proto-src", "source port of the replies",
                                                Kind::kPort, Conntrack::kReplySourcePort, 16);
constexpr ir::Field kReplyDestinationPort =
    field_of("ct reply proto-dst", "destination port of the replies", Kind::kPort,
             Conntrack::kReplyDestinationPort, 16);
constexpr ir::Field kExpiration = field_of("ct expiration", "connection's remaining milliseconds",
                                           Kind::kNumber, Conntrack::kExpiration, 32);
constexpr ir::Field kFlow = field_of("ct direction", "direction in its connection", Kind::kNumber,
                                     Conntrack::kDirection, 8);

constexpr Option kOptions[] = {
    {
        .name = "ctstate",
        .type = &kCtStates,
        .field = &ir::kCtState,
        .list = "{! }ctstate {}",
        .help = "what connection tracking says of the packet",
        .sentence = "its connection state is {not }{}",
    },
    {
        .name = "ctproto",
        .type = &kProtocolName,
        .field = &kProtocol,
        .list = "{! }ctproto {}",
        .help = "the connection's protocol, by number or name",
        .sentence = "its connection's protocol is {not }{}",
    },
    {
        .name = "ctorigsrc",
        .type = &kHostMask,
        .field = &kOriginalSource,
        .list = "{! }ctorigsrc {}",
        .help = "who sent the connection's first packet",
        .sentence = "its connection was {not }begun by {}",
    },
    {
        .name = "ctorigdst",
        .type = &kHostMask,
        .field = &kOriginalDestination,
        .list = "{! }ctorigdst {}",
        .help = "where the connection's first packet was sent",
        .sentence = "its connection was {not }begun to {}",
    },
    {
        .name = "ctreplsrc",
        .type = &kHostMask,
        .field = &kReplySource,
        .list = "{! }ctreplsrc {}",
        .help = "who answers in the connection",
        .sentence = "its connection is {not }answered by {}",
    },
    {
        .name = "ctrepldst",
        .type = &kHostMask,
        .field = &kReplyDestination,
        .list = "{! }ctrepldst {}",
        .help = "where the answers are sent",
        .sentence = "its connection is {not }answered to {}",
    },
    {
        .name = "ctorigsrcport",
        .type = &kTuplePorts,
        .field = &kOriginalSourcePort,
        .list = "{! }ctorigsrcport {}",
        .help = "source port of the connection's first packet",
        .sentence = "its connection was {not }begun from port {}",
    },
    {
        .name = "ctorigdstport",
        .type = &kTuplePorts,
        .field = &kOriginalDestinationPort,
        .list = "{! }ctorigdstport {}",
        .help = "destination port of the connection's first packet",
        .sentence = "its connection was {not }begun to port {}",
    },
    {
        .name = "ctreplsrcport",
        .type = &kTuplePorts,
        .field = &kReplySourcePort,
        .list = "{! }ctreplsrcport {}",
        .help = "source port of the answers",
        .sentence = "its connection is {not }answered from port {}",
    },
    {
        .name = "ctrepldstport",
        .type = &kTuplePorts,
        .field = &kReplyDestinationPort,
        .list = "{! }ctrepldstport {}",
        .help = "destination port of the answers",
        .sentence = "its connection is {not }answered to port {}",
    },
    {
        .name = "ctstatus",
        .type = &kStatuses,
        .field = &ir::kCtStatus,
        .list = "{! }ctstatus {}",
        .help = "any of these holds of the connection",
        .sentence = "its connection is {not }{}",
    },
    {
        .name = "ctexpire",
        .type = &kLifetime,
        .field = &kExpiration,
        .list = "{! }ctexpire {}",
        .help = "how long the connection will be remembered without another packet",
        .sentence = "its connection has {not }{} seconds left",
    },
    {
        .name = "ctdir",
        .type = &kDirection,
        .field = &kFlow,
        .negation = Negation::kRefused,
        .list = "ctdir {}",
        .help = "which way the packet goes: as the connection's first, or as its answers",
        .sentence = "it goes in its connection's direction {}",
    },
};

// One of the states of a connection, or translated (IPS_SRC_NAT, IPS_DST_NAT).
ir::AnyOf state_or_translated(uint32_t states) {
  std::vector<ir::Interval> values;
  for (const ir::CtState state :
       {ir::CtState::kEstablished, ir::CtState::kRelated, ir::CtState::kNew}) {
    const auto value = static_cast<uint32_t>(state);
    if ((states & value) != 0) values.push_back({value, value});
  }
  U128 bits = 0;
  if ((states & kSourceTranslated) != 0) bits |= IPS_SRC_NAT;
  if ((states & kDestinationTranslated) != 0) bits |= IPS_DST_NAT;
  ir::AnyOf any;
  if (!values.empty())
    any.alternatives.push_back({&ir::kCtState, UINT32_MAX, ir::ValueSet(std::move(values))});
  any.alternatives.push_back({&ir::kCtStatus, bits, ir::ValueSet::of(0).complement(32)});
  return any;
}

// xt_conntrack.c asks --ctstate first, and where a packet has no connection
// (INVALID, UNTRACKED) that answer is the match's, whatever else is asked. Conditions on fields,
// which are all unreadable without a connection, say the same unless the states let such a packet
// through. SNAT and DNAT are alternatives to the states, in another field.
Result<ir::Predicate> lower(std::span<const ir::Argument> arguments, const Context& context) {
  constexpr uint32_t kUnconnected =
      static_cast<uint32_t>(ir::CtState::kInvalid) | static_cast<uint32_t>(ir::CtState::kUntracked);
  const auto given = std::ranges::find(arguments, "ctstate", &ir::Argument::option);
  if (given != arguments.end()) {
    const uint32_t states = read_states(given->text);
    const bool translation = (states & (kSourceTranslated | kDestinationTranslated)) != 0;
    const bool unconnected = ((given->negated ? ~states : states) & kUnconnected) != 0;
    if ((unconnected || translation) && arguments.size() > 1)
      return ir::Predicate{xt_conntrack(arguments, context)};
    // Where there is no connection nothing can be asked of its status: no alternative may need it.
    if (translation && (given->negated || unconnected))
      return ir::Predicate{xt_conntrack(arguments, context)};
    if (translation) return ir::Predicate{state_or_translated(states)};
  }
  return constraints_of(kOptions, arguments, context);
}

constexpr Example kExamples[] = {
    {
        .rule = "-m conntrack --ctstate NEW",
        .canonical = "-m conntrack --ctstate NEW",
        .nft = "[ ct load state => reg 1 ]\n"
               "[ bitwise reg 1 & 0x08000000 ^ 0x00000000 ]\n"
               "[ cmp neq reg 1 0x00000000 ]",
        .hit = "udp 192.0.2.1:40000 > 192.0.2.2:53 new",
        .miss = "udp 192.0.2.1:53 > 192.0.2.2:40000 established",
        .before = "udp 192.0.2.2:40000 > 192.0.2.1:53 out eth0",
    },
    {
        .rule = "-m conntrack ! --ctstate established,related",
        .canonical = "-m conntrack ! --ctstate RELATED,ESTABLISHED",
        .nft = "[ ct load state => reg 1 ]\n"
               "[ bitwise reg 1 & 0x49000000 ^ 0x00000000 ]\n"
               "[ cmp neq reg 1 0x00000000 ]",
        .hit = "tcp 192.0.2.1:40000 > 192.0.2.2:22 invalid flags syn,fin",
        .miss = "udp 192.0.2.1:53 > 192.0.2.2:40000 established",
        .before = "udp 192.0.2.2:40000 > 192.0.2.1:53 out eth0",
    },
    {
        .rule = "-m conntrack --ctstate NEW,DNAT",
        .canonical = "-m conntrack --ctstate NEW,DNAT",
        .nft = "[ ct load state => reg 1 ]\n"
               "[ byteorder reg 1 hton 4b ]\n"
               "[ ct load status => reg 9 ]\n"
               "[ bitwise reg 9 & 0x20000000 ^ 0x00000000 ]\n"
               "[ byteorder reg 9 hton 4b ]\n"
               "[ lookup reg 1 in { 0x0000000000000001-0x00000007ffffffff, "
               "0x0000000800000000-0x00000008ffffffff, 0x0000000900000001-0xffffffffffffffff } ]",
        .hit = "udp 192.0.2.1:53 > 192.0.2.2:40001 new",
        .miss = "udp 192.0.2.1:53 > 192.0.2.2:40000 established",
        .before = "udp 192.0.2.2:40000 > 192.0.2.1:53 out eth0",
    },
    {
        .rule = "-m conntrack --ctstate INVALID,NEW --ctproto udp",
        .canonical = "-m conntrack --ctstate INVALID,NEW --ctproto 17",
        .nft = "[ match conntrack rev 3 0x(136 "
               "zeros)1100000000000000000003000000090000000000000000000000000000000000 ]",
        .hit = "tcp 192.0.2.1:40000 > 192.0.2.2:22 invalid flags syn,fin",
        .miss = "tcp 192.0.2.1:40000 > 192.0.2.2:22 new",
    },
    {
        .rule = "-m conntrack ! --ctproto udp",
        .canonical = "-m conntrack ! --ctproto 17",
        .nft = "[ ct load protocol => reg 1 ]\n"
               "[ cmp neq reg 1 0x11 ]",
        .hit = "tcp 192.0.2.1:40000 > 192.0.2.2:53",
        .miss = "udp 192.0.2.1:40000 > 192.0.2.2:53",
    },
    {
        .rule = "-m conntrack --ctorigsrc 192.0.2.2 --ctorigdst 192.0.2.1/31",
        .canonical = "-m conntrack --ctorigsrc 192.0.2.2 --ctorigdst 192.0.2.1/31",
        .nft = "[ ct load saddr original => reg 1 ]\n"
               "[ cmp eq reg 1 0xc0000202 ]\n"
               "[ ct load daddr original => reg 1 ]\n"
               "[ bitwise reg 1 & 0xfffffffe ^ 0x00000000 ]\n"
               "[ cmp eq reg 1 0xc0000200 ]",
        .hit = "udp 192.0.2.1:53 > 192.0.2.2:40000 established",
        .miss = "udp 192.0.2.1:53 > 192.0.2.2:40001 new",
        .before = "udp 192.0.2.2:40000 > 192.0.2.1:53 out eth0",
    },
    {
        .rule = "-m conntrack ! --ctorigsrc 192.0.2.2 ! --ctorigdst 192.0.2.1",
        .canonical = "-m conntrack ! --ctorigsrc 192.0.2.2 ! --ctorigdst 192.0.2.1",
        .nft = "[ ct load saddr original => reg 1 ]\n"
               "[ cmp neq reg 1 0xc0000202 ]\n"
               "[ ct load daddr original => reg 1 ]\n"
               "[ cmp neq reg 1 0xc0000201 ]",
        .hit = "udp 192.0.2.1:53 > 192.0.2.2:40001 new",
        .miss = "udp 192.0.2.1:53 > 192.0.2.2:40000 established",
        .before = "udp 192.0.2.2:40000 > 192.0.2.1:53 out eth0",
    },
    {
        .rule = "-m conntrack --ctreplsrc 2001:db8::1 --ctrepldst 2001:db8::2/ffff:ffff::",
        .canonical = "-m conntrack --ctreplsrc 2001:db8::1 --ctrepldst 2001:db8::2/32",
        .nft = "[ ct load saddr reply => reg 1 ]\n"
               "[ cmp eq reg 1 0x20010db8000000000000000000000001 ]\n"
               "[ ct load daddr reply => reg 1 ]\n"
               "[ cmp eq reg 1 0x20010db8 ]",
        .hit = "udp [2001:db8::1]:53 > [2001:db8::2]:40000 established",
        .miss = "udp [2001:db8::1]:53 > [2001:db8::2]:40001 new",
        .before = "udp [2001:db8::2]:40000 > [2001:db8::1]:53 out eth0",
    },
    {
        .rule = "-m conntrack ! --ctreplsrc 192.0.2.1 ! --ctrepldst 192.0.2.2",
        .canonical = "-m conntrack ! --ctreplsrc 192.0.2.1 ! --ctrepldst 192.0.2.2",
        .nft = "[ ct load saddr reply => reg 1 ]\n"
               "[ cmp neq reg 1 0xc0000201 ]\n"
               "[ ct load daddr reply => reg 1 ]\n"
               "[ cmp neq reg 1 0xc0000202 ]",
        .hit = "udp 192.0.2.1:53 > 192.0.2.2:40001 new",
        .miss = "udp 192.0.2.1:53 > 192.0.2.2:40000 established",
        .before = "udp 192.0.2.2:40000 > 192.0.2.1:53 out eth0",
    },
    {
        .rule = "-m conntrack --ctorigsrcport 40000 --ctorigdstport domain:59",
        .canonical = "-m conntrack --ctorigsrcport 40000 --ctorigdstport 53:59",
        .nft = "[ ct load proto-src original => reg 1 ]\n"
               "[ cmp eq reg 1 0x9c40 ]\n"
               "[ ct load proto-dst original => reg 1 ]\n"
               "[ range eq reg 1 0x0035-0x003b ]",
        .hit = "udp 192.0.2.1:53 > 192.0.2.2:40000 established",
        .miss = "udp 192.0.2.1:53 > 192.0.2.2:40001 new",
        .before = "udp 192.0.2.2:40000 > 192.0.2.1:53 out eth0",
    },
    {
        .rule = "-m conntrack ! --ctorigsrcport 40000 ! --ctorigdstport 50:59",
        .canonical = "-m conntrack ! --ctorigsrcport 40000 ! --ctorigdstport 50:59",
        .nft = "[ ct load proto-src original => reg 1 ]\n"
               "[ cmp neq reg 1 0x9c40 ]\n"
               "[ ct load proto-dst original => reg 1 ]\n"
               "[ range neq reg 1 0x0032-0x003b ]",
        .hit = "udp 192.0.2.1:53 > 192.0.2.2:40001 new",
        .miss = "udp 192.0.2.1:53 > 192.0.2.2:40000 established",
        .before = "udp 192.0.2.2:40000 > 192.0.2.1:53 out eth0",
    },
    {
        .rule = "-m conntrack --ctreplsrcport 53 --ctrepldstport 1024:",
        .canonical = "-m conntrack --ctreplsrcport 53 --ctrepldstport 1024:65535",
        .nft = "[ ct load proto-src reply => reg 1 ]\n"
               "[ cmp eq reg 1 0x0035 ]\n"
               "[ ct load proto-dst reply => reg 1 ]\n"
               "[ cmp gte reg 1 0x0400 ]",
        .hit = "udp 192.0.2.1:53 > 192.0.2.2:40000 established",
        .miss = "udp 192.0.2.1:53 > 192.0.2.2:40001 new",
        .before = "udp 192.0.2.2:40000 > 192.0.2.1:53 out eth0",
    },
    {
        .rule = "-m conntrack ! --ctreplsrcport 53 ! --ctrepldstport 1024:65535",
        .canonical = "-m conntrack ! --ctreplsrcport 53 ! --ctrepldstport 1024:65535",
        .nft = "[ ct load proto-src reply => reg 1 ]\n"
               "[ cmp neq reg 1 0x0035 ]\n"
               "[ ct load proto-dst reply => reg 1 ]\n"
               "[ bitwise reg 1 & 0xfc00 ^ 0x0000 ]\n"
               "[ cmp eq reg 1 0x0000 ]",
        .hit = "udp 192.0.2.1:53 > 192.0.2.2:40001 new",
        .miss = "udp 192.0.2.1:53 > 192.0.2.2:40000 established",
        .before = "udp 192.0.2.2:40000 > 192.0.2.1:53 out eth0",
    },
    {
        .rule = "-m conntrack --ctstatus seen_reply,EXPECTED",
        .canonical = "-m conntrack --ctstatus EXPECTED,SEEN_REPLY",
        .nft = "[ ct load status => reg 1 ]\n"
               "[ bitwise reg 1 & 0x03000000 ^ 0x00000000 ]\n"
               "[ cmp neq reg 1 0x00000000 ]",
        .hit = "udp 192.0.2.1:53 > 192.0.2.2:40000 established",
        .miss = "udp 192.0.2.1:53 > 192.0.2.2:40001 new",
        .before = "udp 192.0.2.2:40000 > 192.0.2.1:53 out eth0",
    },
    {
        .rule = "-m conntrack ! --ctstatus CONFIRMED",
        .canonical = "-m conntrack ! --ctstatus CONFIRMED",
        .nft = "[ ct load status => reg 1 ]\n"
               "[ bitwise reg 1 & 0x08000000 ^ 0x00000000 ]\n"
               "[ cmp eq reg 1 0x00000000 ]",
        .hit = "udp 192.0.2.1:53 > 192.0.2.2:40001 new",
        .miss = "udp 192.0.2.1:53 > 192.0.2.2:40000 established",
        .before = "udp 192.0.2.2:40000 > 192.0.2.1:53 out eth0",
    },
    {
        .rule = "-m conntrack --ctexpire 500:600",
        .canonical = "-m conntrack --ctexpire 500:600",
        .nft = "[ ct load expiration => reg 1 ]\n"
               "[ byteorder reg 1 hton 4b ]\n"
               "[ range eq reg 1 0x0007a120-0x00092ba7 ]",
        .hit = "udp 192.0.2.1:53 > 192.0.2.2:40000 established",
        .miss = "tcp 192.0.2.1:22 > 192.0.2.2:40000 established flags syn,ack",
        .before = "udp 192.0.2.2:40000 > 192.0.2.1:53 out eth0; tcp 192.0.2.2:40000 > 192.0.2.1:22 "
                  "out eth0",
    },
    {
        .rule = "-m conntrack ! --ctexpire 500:600",
        .canonical = "-m conntrack ! --ctexpire 500:600",
        .nft = "[ ct load expiration => reg 1 ]\n"
               "[ byteorder reg 1 hton 4b ]\n"
               "[ range neq reg 1 0x0007a120-0x00092ba7 ]",
        .hit = "tcp 192.0.2.1:22 > 192.0.2.2:40000 established flags syn,ack",
        .miss = "udp 192.0.2.1:53 > 192.0.2.2:40000 established",
        .before = "udp 192.0.2.2:40000 > 192.0.2.1:53 out eth0; tcp 192.0.2.2:40000 > 192.0.2.1:22 "
                  "out eth0",
    },
    {
        .rule = "-m conntrack --ctdir reply",
        .canonical = "-m conntrack --ctdir REPLY",
        .nft = "[ ct load direction => reg 1 ]\n"
               "[ cmp eq reg 1 0x01 ]",
        .hit = "udp 192.0.2.1:53 > 192.0.2.2:40000 established",
        .miss = "udp 192.0.2.1:53 > 192.0.2.2:40001 new",
        .before = "udp 192.0.2.2:40000 > 192.0.2.1:53 out eth0",
    },
    {
        .rule = "-m conntrack --ctstate NEW,ESTABLISHED --ctdir ORIGINAL",
        .canonical = "-m conntrack --ctstate NEW,ESTABLISHED --ctdir ORIGINAL",
        .nft = "[ ct load state => reg 1 ]\n"
               "[ bitwise reg 1 & 0x0a000000 ^ 0x00000000 ]\n"
               "[ cmp neq reg 1 0x00000000 ]\n"
               "[ ct load direction => reg 1 ]\n"
               "[ cmp eq reg 1 0x00 ]",
        .hit = "udp 192.0.2.1:53 > 192.0.2.2:40001 new",
        .miss = "udp 192.0.2.1:53 > 192.0.2.2:40000 established",
        .before = "udp 192.0.2.2:40000 > 192.0.2.1:53 out eth0",
    },
};

constexpr Match kConntrack{
    .name = "conntrack",
    .options = kOptions,
    .bare_error = "conntrack: At least one option is required",
    .summary =
        "What connection tracking knows of the packet's connection at the time of the hook. A "
        "packet "
        "without a connection is INVALID or UNTRACKED: --ctstate alone decides of it, and without "
        "--ctstate it doesn't match.",
    .lower = lower,
    .examples = kExamples,
};
static_assert(well_formed(kConntrack));

}  // namespace

const Match& row() { return kConntrack; }

}  // namespace bulkhead::ext::match_conntrack
