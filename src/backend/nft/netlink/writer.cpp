// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/nft/netlink/writer.h"

#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#include <cstring>
#include <limits>

#include "core/byte_order.h"

namespace bulkhead::backend::nft::netlink {

void Writer::begin(uint8_t subsystem, uint16_t type, uint16_t flags, uint8_t family,
                   uint32_t sequence, uint16_t resource) {
  message_ = buffer_.size();
  const nlmsghdr header{.nlmsg_len = 0,
                        .nlmsg_type = static_cast<uint16_t>(subsystem << 8 | type),
                        .nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | flags),
                        .nlmsg_seq = sequence,
                        .nlmsg_pid = 0};
  const nfgenmsg generic{
      .nfgen_family = family, .version = NFNETLINK_V0, .res_id = htons(resource)};
  append(&header, sizeof header);
  append(&generic, sizeof generic);
}

void Writer::end() {
  const uint32_t length = static_cast<uint32_t>(message_size());
  std::memcpy(buffer_.data() + message_ + offsetof(nlmsghdr, nlmsg_len), &length, sizeof length);
}

void Writer::add_flags(size_t message, uint16_t flags) {
  uint8_t* at = buffer_.data() + message + offsetof(nlmsghdr, nlmsg_flags);
  uint16_t value = 0;
  std::memcpy(&value, at, sizeof value);
  value = static_cast<uint16_t>(value | flags);
  std::memcpy(at, &value, sizeof value);
}

void Writer::put(uint16_t type, std::span<const uint8_t> bytes) {
  const size_t start = open_nest(type);
  append(bytes.data(), bytes.size());
  close_nest(start);
  // open_nest marks what it opens; a value is none.
  std::memcpy(buffer_.data() + start + offsetof(nlattr, nla_type), &type, sizeof type);
}

void Writer::put_text(uint16_t type, std::string_view text) {
  std::vector<uint8_t> bytes(text.begin(), text.end());
  bytes.push_back(0);
  put(type, bytes);
}

void Writer::put_u8(uint16_t type, uint8_t value) { put(type, {&value, 1}); }

void Writer::put_u16(uint16_t type, uint16_t value) {
  uint8_t bytes[2];
  store_be(value, bytes);
  put(type, bytes);
}

void Writer::put_u32(uint16_t type, uint32_t value) {
  uint8_t bytes[4];
  store_be(value, bytes);
  put(type, bytes);
}

void Writer::put_u64(uint16_t type, uint64_t value) {
  uint8_t bytes[8];
  store_be(value, bytes);
  put(type, bytes);
}

size_t Writer::open_nest(uint16_t type) {
  const size_t start = buffer_.size();
  const nlattr attribute{.nla_len = 0, .nla_type = static_cast<uint16_t>(type | NLA_F_NESTED)};
  append(&attribute, sizeof attribute);
  return start;
}

void Writer::close_nest(size_t start) {
  const size_t length = buffer_.size() - start;
  if (length > std::numeric_limits<uint16_t>::max()) overflown_ = true;
  const uint16_t stored = static_cast<uint16_t>(length);
  std::memcpy(buffer_.data() + start + offsetof(nlattr, nla_len), &stored, sizeof stored);
  pad();
}

void Writer::append(const void* data, size_t size) {
  const auto* bytes = static_cast<const uint8_t*>(data);
  buffer_.insert(buffer_.end(), bytes, bytes + size);
}

void Writer::pad() {
  buffer_.resize((buffer_.size() + NLA_ALIGNTO - 1) / NLA_ALIGNTO * NLA_ALIGNTO);
}

}  // namespace bulkhead::backend::nft::netlink
