// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/nft/header.h"

#include <algorithm>

namespace bulkhead::backend::nft {
namespace {

using Form = ir::Header::Form;

// Bytes that the match of this form asks for (sizeof struct tcphdr, udphdr, icmphdr, icmp6hdr; two
// ports; struct sctphdr, dccp_hdr, ip_esp_hdr, ip_auth_hdr, ip_comp_hdr).
uint32_t length(Form form) {
  switch (form) {
    case Form::kTcp: return 20;
    case Form::kUdp:
    case Form::kIcmp:
    case Form::kIcmp6:
    case Form::kEsp: return 8;
    case Form::kSctp:
    case Form::kDccp:
    case Form::kAh: return 12;
    case Form::kIpcomp:
    case Form::kPorts: break;
  }
  return 4;
}

Form form_of(Check check) {
  return static_cast<Form>(static_cast<unsigned>(check) - static_cast<unsigned>(Check::kTcp));
}

Rule rule(std::vector<Expr> conditions, VerdictCode code) {
  conditions.emplace_back(Verdict{code, {}});
  return {.id = ir::kNoId, .expressions = std::move(conditions)};
}

std::vector<uint8_t> any_spi() {
  std::vector<uint8_t> info(16);
  std::fill_n(info.begin() + 4, 4, uint8_t{0xff});
  return info;
}

}  // namespace

Check check_for(Form form) {
  return static_cast<Check>(static_cast<unsigned>(form) + static_cast<unsigned>(Check::kTcp));
}

std::string_view check_chain_name(Check check) {
  switch (check) {
    case Check::kProtocol: return "check/protocol";
    case Check::kTcp: return "check/tcp";
    case Check::kUdp: return "check/udp";
    case Check::kIcmp: return "check/icmp";
    case Check::kIcmp6: return "check/icmp6";
    case Check::kSctp: return "check/sctp";
    case Check::kDccp: return "check/dccp";
    case Check::kEsp: return "check/esp";
    case Check::kAh: return "check/ah";
    case Check::kIpcomp: return "check/ipcomp";
    case Check::kPorts: break;
  }
  return "check/ports";
}

Chain check_chain(Check check, net::Family family) {
  Chain chain{.name = std::string(check_chain_name(check))};
  if (check == Check::kProtocol) {
    chain.rules.push_back(
        rule({Meta{MetaKey::kProtocol, 0}, Cmp{0, CmpOp::kGreaterOrEqual, make_data(0, 1)}},
             VerdictCode::kReturn));
  } else {
    chain.rules.push_back(rule(header_readable(form_of(check)), VerdictCode::kReturn));
    chain.rules.push_back(rule(later_fragment(family, check == Check::kTcp), VerdictCode::kReturn));
  }
  chain.rules.push_back(rule({}, VerdictCode::kDrop));
  return chain;
}

bool covers(Check check, Check other) {
  return check == other || (other == Check::kPorts && check != Check::kProtocol &&
                            check != Check::kIcmp && check != Check::kIcmp6);
}

// Three bytes: for aligned loads of one, two or four the kernel has a fast path, which doesn't look
// whether the packet is a later fragment and takes what is there for a header
// (nft_payload_fast_eval; seen in 6.18).
std::vector<Expr> header_readable(Form form) {
  return {Payload{PayloadBase::kTransport, length(form) - 3, 3, 0},
          Cmp{0, CmpOp::kGreaterOrEqual, make_data(0, 3)}};
}

// xt_tcp also drops a packet that starts at offset 1, in units of 8 bytes: the flags would be
// overwritten (RFC 1858). In IPv6 it never sees such an offset, since there it counts in bytes.
std::vector<Expr> later_fragment(net::Family family, bool tcp_check) {
  if (family == net::Family::kIpv6) {
    constexpr uint8_t kFragmentHeader = 44;
    return {Exthdr{kFragmentHeader, 2, 2, 0}, Bitwise{0, make_data(0xfff8, 2), make_data(0, 2)},
            Cmp{0, CmpOp::kNotEqual, make_data(0, 2)}};
  }
  return {Payload{PayloadBase::kNetwork, 6, 2, 0},
          Bitwise{0, make_data(0x1fff, 2), make_data(0, 2)},
          Cmp{0, tcp_check ? CmpOp::kGreater : CmpOp::kNotEqual, make_data(tcp_check ? 1 : 0, 2)}};
}

XtMatch xt_header(const ir::Header& header) {
  // linux/netfilter/xt_tcpudp.h, xt_multiport.h, linux/netfilter_ipv4/ip_tables.h (ipt_icmp) and
  // linux/netfilter_ipv6/ip6_tables.h (ip6t_icmp), all with "any"; padded as XT_ALIGN does. Ranges
  // of ports are u16 in the host's order: 0 to 65535.
  constexpr uint8_t kTcpInverseOption = 0x08;
  constexpr uint8_t kIcmp6Inverse = 0x01;
  constexpr uint8_t kMultiportEither = 2;
  switch (header.form) {
    case Form::kTcp:
      return {"tcp",
              0,
              {0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff, header.tcp_option, 0, 0,
               header.tcp_option_negated ? kTcpInverseOption : uint8_t{0}, 0, 0, 0, 0}};
    case Form::kUdp:
      return {"udp", 0, {0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0}};
    case Form::kIcmp: return {"icmp", 0, {0xff, 0, 0xff, 0, 0, 0, 0, 0}};
    // The type has no "any" there, but nothing lies in codes 1 to 0, and that inverted is
    // everything.
    case Form::kIcmp6: return {"icmp6", 0, {0, 1, 0, kIcmp6Inverse, 0, 0, 0, 0}};
    // linux/netfilter/xt_sctp.h and xt_dccp.h: no flag set, so nothing is asked.
    case Form::kSctp: return {"sctp", 0, std::vector<uint8_t>(296)};
    case Form::kDccp: return {"dccp", 0, std::vector<uint8_t>(16)};
    // linux/netfilter/xt_esp.h, xt_ipcomp.h and linux/netfilter_ipv4/ipt_ah.h: first and last SPI.
    case Form::kEsp: return {"esp", 0, any_spi()};
    case Form::kAh: return {"ah", 0, any_spi()};
    case Form::kIpcomp: return {"ipcomp", 0, any_spi()};
    case Form::kPorts: break;
  }
  XtMatch match{"multiport", 1, std::vector<uint8_t>(48)};
  match.info[0] = kMultiportEither;
  match.info[1] = 2;                     // entries used of 15
  match.info[4] = match.info[5] = 0xff;  // ports[1] = 65535
  match.info[32] = 1;                    // pflags[0]: the first begins a range
  return match;
}

}  // namespace bulkhead::backend::nft
