// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "backend/nft/change.h"
#include "backend/nft/netlink/socket.h"
#include "backend/nft/netlink/writer.h"
#include "core/result.h"
#include "net/family.h"

namespace bulkhead::backend::nft::netlink {

// One transaction: all of its changes, or none.
class Batch {
 public:
  // All its changes are to tables of that name.
  explicit Batch(Socket& socket, std::string_view table = kTableName);

  void add(net::Family family, const std::vector<Change>& changes);
  // For a trace. The table goes when the socket does, and nobody else may change it (Linux 5.12).
  void add_owned_table(net::Family family);
  // Switches tracing on for the packets that the rule matches.
  void add_marking_rule(net::Family family, const AddRule& change);

  // Sends it. It is carried out only if nf_tables is still in that generation (0: in any):
  // otherwise kStale.
  // One acknowledgement is asked for, on the last message; a refusal says what it was that the
  // kernel refused. kUnclear if the answer is lost. May be called again after kStale. Needs at
  // least one change.
  Result<void> commit(uint32_t generation);
  // The same, but the kernel, having looked at all of it, carries nothing out: a batch without its
  // end is undone (nfnetlink_rcv_batch; nft(8), --check). A batch is for one of the two.
  Result<void> rehearse(uint32_t generation);

  bool empty() const { return last_ == 0; }

 private:
  struct Encoder;
  // What the messages from that sequence number on are about, for errors.
  struct Note {
    uint32_t sequence = 0;
    std::string what;
    ir::RuleId rule = ir::kNoId;  // whose message doesn't say it itself
  };

  void begin(uint16_t type, uint16_t flags, net::Family family);
  void end();
  const Note& note_of(uint32_t sequence) const;
  Result<void> send(uint32_t generation);
  void write_generation(uint32_t generation);

  Socket& socket_;
  std::string table_;
  Writer writer_;
  std::vector<Note> notes_;
  uint32_t first_ = 0;  // sequence number of the begin message
  uint32_t last_ = 0;   // and of the last change
  size_t last_at_ = 0;  // where that one is
  uint32_t next_set_ = 0;
  bool closed_ = false;
};

}  // namespace bulkhead::backend::nft::netlink
