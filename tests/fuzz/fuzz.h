// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// What is fuzzed. An entry takes any bytes and comes back; where a promise of ours doesn't hold it
// ends the process. libFuzzer feeds it what it invents (libfuzzer.cpp), the unit tests what was
// kept (corpus_test.cpp).

#include <span>
#include <string_view>

namespace bulkhead::fuzz {

// Lines of words behind a program's name, "iptables -A INPUT ...", as a shell would part them
// (double quotes; byte 0x1f is a newline within a word). Done one after the other to one host in
// memory.
void command_line(std::string_view script);

// A restore file, for both families.
void restore(std::string_view file);

// What may lie in the kernel's table as its source. The first byte says how deep it goes: 'p'
// pieces, one a line, each behind its number's digit; 'f' a zstd frame under a sound trailer; 'b'
// an unpacked body under one; 's' the text in it; 'u' user data of a rule or an element.
void stored_source(std::string_view input);

// A packet in the words of net/packet_text.h.
void packet_words(std::string_view text);

// A byte for hook, state and mark, then a packet, which meets every row's examples.
void packet_bytes(std::string_view input);

struct Target {
  std::string_view name;
  void (*run)(std::string_view input);
};
inline constexpr Target kTargets[] = {
    {"command_line", command_line},   {"restore", restore},
    {"stored_source", stored_source}, {"packet_words", packet_words},
    {"packet_bytes", packet_bytes},
};

// Ends the process with both texts unless `holds`.
void require(bool holds, std::string_view promise, std::string_view detail = {});

}  // namespace bulkhead::fuzz
