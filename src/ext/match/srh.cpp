// SPDX-License-Identifier: GPL-2.0-or-later
#include "ext/argument/number.h"
#include "ext/argument/segment.h"
#include "ext/row.h"
#include "ext/row_check.h"
#include "ext/xt_srh.h"

namespace bulkhead::ext::match_srh {
namespace {

constexpr Option byte_option(std::string_view name, std::string_view list, std::string_view help,
                             std::string_view sentence) {
  return {
      .name = name,
      .type = &kNumber<0, UINT8_MAX>,
      .list = list,
      .help = help,
      .sentence = sentence,
  };
}

// Two spaces where there is no '!', as iptables has it.
constexpr Option segment_option(std::string_view name, std::string_view list, std::string_view help,
                                std::string_view sentence) {
  return {
      .name = name,
      .type = &kSegment,
      .list = list,
      .help = help,
      .sentence = sentence,
  };
}

constexpr Option kOptions[] = {
    byte_option("srh-next-hdr", "next-hdr:{!}{}", "number of the header behind it",
                "the header behind its segment routing header is {not }{}"),
    byte_option("srh-hdr-len-eq", "hdr-len-eq:{!}{}", "its length, in units of 8 bytes after 8",
                "the length of its segment routing header is {not }{}"),
    byte_option("srh-hdr-len-gt", "hdr-len-gt:{!}{}", "its length is greater than this",
                "the length of its segment routing header is {not }greater than {}"),
    byte_option("srh-hdr-len-lt", "hdr-len-lt:{!}{}", "its length is less than this",
                "the length of its segment routing header is {not }less than {}"),
    byte_option("srh-segs-left-eq", "segs-left-eq:{!}{}", "how many segments are left",
                "it has {not }{} segments left"),
    byte_option("srh-segs-left-gt", "segs-left-gt:{!}{}", "more segments than this are left",
                "it has {not }more than {} segments left"),
    byte_option("srh-segs-left-lt", "segs-left-lt:{!}{}", "fewer segments than this are left",
                "it has {not }fewer than {} segments left"),
    byte_option("srh-last-entry-eq", "last-entry-eq:{!}{}", "index of the last segment listed",
                "its last entry is {not }{}"),
    byte_option("srh-last-entry-gt", "last-entry-gt:{!}{}", "that index is greater than this",
                "its last entry is {not }greater than {}"),
    byte_option("srh-last-entry-lt", "last-entry-lt:{!}{}", "that index is less than this",
                "its last entry is {not }less than {}"),
    {
        .name = "srh-tag",
        .type = &kNumber<0, UINT16_MAX>,
        .list = "tag:{!}{}",
        .help = "its tag, compared as this host stores it: on x86 the two bytes are swapped",
        .sentence = "its tag is {not }{} as this host stores it",
    },
    segment_option("srh-psid", "psid {!} {}", "the segment that it comes from",
                   "its previous segment is {not }{}"),
    segment_option("srh-nsid", "nsid {!} {}", "the segment that it goes to next",
                   "its next segment is {not }{}"),
    segment_option("srh-lsid", "lsid {!} {}", "the segment that it goes to in the end",
                   "its last segment is {not }{}"),
};

// By each header the length in units of 8 bytes, type 4, segments left, last entry, flags and tag;
// then the segments from the last to the first.
constexpr Example kExamples[] = {
    {
        .rule = "-m srh --srh-next-hdr 17 --srh-hdr-len-eq 4 --srh-segs-left-eq 1 "
                "--srh-last-entry-eq 1",
        .canonical = "-m srh --srh-next-hdr 17 --srh-hdr-len-eq 4 --srh-segs-left-eq 1 "
                     "--srh-last-entry-eq 1",
        .nft = "[ match srh rev 1 0x11040101(100 zeros)9300000000000000 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 "
               "header rt:04040101000000"
               "20010db8000000000000000000000002"
               "20010db8000000000000000000000001",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 "
                "header rt:04040001000000"
                "20010db8000000000000000000000002"
                "20010db8000000000000000000000001",
    },
    {
        .rule = "-m srh ! --srh-next-hdr 6 ! --srh-hdr-len-eq 2 ! --srh-segs-left-eq 0 "
                "! --srh-last-entry-eq 0",
        .canonical = "-m srh ! --srh-next-hdr 6 ! --srh-hdr-len-eq 2 ! --srh-segs-left-eq 0 "
                     "! --srh-last-entry-eq 0",
        .nft = "[ match srh rev 1 0x0602(102 zeros)9300930000000000 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 "
               "header rt:04040101000000"
               "20010db8000000000000000000000002"
               "20010db8000000000000000000000001",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 "
                "header rt:04040001000000"
                "20010db8000000000000000000000002"
                "20010db8000000000000000000000001",
    },
    {
        .rule = "-m srh --srh-hdr-len-gt 3 --srh-segs-left-gt 0 --srh-last-entry-gt 0",
        .canonical = "-m srh --srh-hdr-len-gt 3 --srh-segs-left-gt 0 --srh-last-entry-gt 0",
        .nft = "[ match srh rev 1 0x0003(102 zeros)2401000000000000 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 "
               "header rt:04040101000000"
               "20010db8000000000000000000000002"
               "20010db8000000000000000000000001",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 "
                "header rt:04040001000000"
                "20010db8000000000000000000000002"
                "20010db8000000000000000000000001",
    },
    {
        .rule = "-m srh ! --srh-hdr-len-gt 4 ! --srh-segs-left-gt 0 ! "
                "--srh-last-entry-gt 1",
        .canonical = "-m srh ! --srh-hdr-len-gt 4 ! --srh-segs-left-gt 0 ! "
                     "--srh-last-entry-gt 1",
        .nft = "[ match srh rev 1 0x00040001(100 zeros)2401240100000000 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 "
               "header rt:04040001000000"
               "20010db8000000000000000000000002"
               "20010db8000000000000000000000001",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 "
                "header rt:04040101000000"
                "20010db8000000000000000000000002"
                "20010db8000000000000000000000001",
    },
    {
        .rule = "-m srh --srh-hdr-len-lt 5 --srh-segs-left-lt 1 --srh-last-entry-lt 2",
        .canonical = "-m srh --srh-hdr-len-lt 5 --srh-segs-left-lt 1 --srh-last-entry-lt 2",
        .nft = "[ match srh rev 1 0x00050102(100 zeros)4802000000000000 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 "
               "header rt:04040001000000"
               "20010db8000000000000000000000002"
               "20010db8000000000000000000000001",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 "
                "header rt:04040101000000"
                "20010db8000000000000000000000002"
                "20010db8000000000000000000000001",
    },
    {
        .rule = "-m srh ! --srh-hdr-len-lt 4 ! --srh-segs-left-lt 1 ! "
                "--srh-last-entry-lt 1",
        .canonical = "-m srh ! --srh-hdr-len-lt 4 ! --srh-segs-left-lt 1 ! "
                     "--srh-last-entry-lt 1",
        .nft = "[ match srh rev 1 0x00040101(100 zeros)4802480200000000 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 "
               "header rt:04040101000000"
               "20010db8000000000000000000000002"
               "20010db8000000000000000000000001",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 "
                "header rt:04040001000000"
                "20010db8000000000000000000000002"
                "20010db8000000000000000000000001",
    },
    // Where the least significant byte is stored first.
    {
        .rule = "-m srh --srh-tag 1",
        .canonical = "-m srh --srh-tag 1",
        .nft = "[ match srh rev 1 0x0000000001(100 zeros)04000000000000 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 "
               "header rt:02040000000100"
               "20010db8000000000000000000000002",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 "
                "header rt:02040000000001"
                "20010db8000000000000000000000002",
    },
    {
        .rule = "-m srh ! --srh-tag 1",
        .canonical = "-m srh ! --srh-tag 1",
        .nft = "[ match srh rev 1 0x0000000001(100 zeros)04000400000000 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 "
               "header rt:02040000000001"
               "20010db8000000000000000000000002",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 "
                "header rt:02040000000100"
                "20010db8000000000000000000000002",
    },
    {
        .rule = "-m srh --srh-psid 2001:db8::1 --srh-nsid 2001:db8::3/128 --srh-lsid "
                "2001:DB8::/64",
        .canonical = "-m srh --srh-psid 2001:db8::1/128 --srh-nsid 2001:db8::3/128 "
                     "--srh-lsid 2001:db8::/64",
        .nft = "[ match srh rev 1 "
               "0x000000000000000020010db800000000000000000000000120010db80000000000000000000000032"
               "0010db8000000000000000000000000ffffffffffffffffffffffffffffffffffffffffffffffffffff"
               "ffffffffffffffffffffffffffff00000000000000000038000000000000 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 "
               "header rt:06040102000000"
               "20010db8000000000000000000000003"
               "20010db8000000000000000000000002"
               "20010db8000000000000000000000001",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 "
                "header rt:06040102000000"
                "20010db8000000000000000000000003"
                "20010db8000000000000000000000002"
                "20010db8000000000000000000000009",
    },
    {
        .rule = "-m srh ! --srh-psid 2001:db8:1::/48 ! --srh-nsid 2001:db8::9 ! "
                "--srh-lsid 2001:db8::a/127",
        .canonical = "-m srh ! --srh-psid 2001:db8:1::/48 ! --srh-nsid 2001:db8::9/128 ! "
                     "--srh-lsid 2001:db8::a/127",
        .nft = "[ match srh rev 1 "
               "0x000000000000000020010db800010000000000000000000020010db80000000000000000000000092"
               "0010db800000000000000000000000affffffffffff00000000000000000000ffffffffffffffffffff"
               "fffffffffffffffffffffffffffffffffffffffffffe0038003800000000 ]",
        .hit = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 "
               "header rt:06040102000000"
               "20010db8000000000000000000000003"
               "20010db8000000000000000000000002"
               "20010db8000000000000000000000001",
        .miss = "udp [2001:db8::1]:40000 > [2001:db8::2]:53 "
                "header rt:06040102000000"
                "20010db8000000000000000000000009"
                "20010db8000000000000000000000002"
                "20010db8000000000000000000000001",
    },
};

constexpr Match kSrh{
    .name = "srh",
    .families = Families::kIpv6,
    .options = kOptions,
    .list_name = "srh",
    .summary =
        "Looks at the packet's IPv6 segment routing header (RFC 8754). Holds for no packet without "
        "one, nor for one that makes no sense.",
    .lower = lower_srh,
    .examples = kExamples,
};
static_assert(well_formed(kSrh));

}  // namespace

const Match& row() { return kSrh; }

}  // namespace bulkhead::ext::match_srh
