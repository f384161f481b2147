// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace bulkhead::backend::nft::netlink {

// Netlink messages one behind the other, in a buffer that grows. (libmnl writes into a buffer of
// fixed size and doesn't look where it ends.) Numbers are big-endian, as nf_tables wants them.
class Writer {
 public:
  // type: NFT_MSG_* or, with `subsystem` 0, NFNL_MSG_BATCH_*. family: NFPROTO_*.
  void begin(uint8_t subsystem, uint16_t type, uint16_t flags, uint8_t family, uint32_t sequence,
             uint16_t resource = 0);
  void end();
  void add_flags(size_t message, uint16_t flags);  // message: from current()

  void put(uint16_t type, std::span<const uint8_t> bytes);
  void put_text(uint16_t type, std::string_view text);  // with its NUL
  void put_u8(uint16_t type, uint8_t value);
  void put_u16(uint16_t type, uint16_t value);
  void put_u32(uint16_t type, uint32_t value);
  void put_u64(uint16_t type, uint64_t value);
  template <class Body> void nest(uint16_t type, Body body) {
    const size_t start = open_nest(type);
    body();
    close_nest(start);
  }

  size_t current() const { return message_; }  // where the message begins that was begun last
  size_t message_size() const { return buffer_.size() - message_; }
  size_t size() const { return buffer_.size(); }
  std::span<const uint8_t> bytes() const { return buffer_; }
  std::span<uint8_t> bytes() { return buffer_; }
  // An attribute was longer than its 16 bits of length can say. Nothing of this may be sent.
  bool overflown() const { return overflown_; }

 private:
  size_t open_nest(uint16_t type);
  void close_nest(size_t start);
  void append(const void* data, size_t size);
  void pad();

  std::vector<uint8_t> buffer_;
  size_t message_ = 0;
  bool overflown_ = false;
};

}  // namespace bulkhead::backend::nft::netlink
