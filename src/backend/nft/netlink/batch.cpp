// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/nft/netlink/batch.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#include <algorithm>
#include <cassert>
#include <cerrno>

#include <fmt/format.h>

#include "backend/nft/chain_name.h"
#include "backend/nft/netlink/expression.h"
#include "backend/nft/netlink/refusal.h"
#include "backend/nft/netlink/set_message.h"
#include "backend/nft/program.h"
#include "backend/nft/user_data.h"

namespace bulkhead::backend::nft::netlink {
namespace {

// A list of elements is an attribute, which is below 64 KiB; one more element always fits above
// this.
constexpr size_t kElementsPerMessage = 32 * 1024;
constexpr uint8_t kNoFamily = 0;

// "meta nftrace set 1"
void put_trace_mark(Writer& out) {
  encode(out, Immediate{0, make_data(1, 1)}, 0);
  encode(out, MetaSet{MetaKey::kTrace, 0}, 0);
}

}  // namespace

// Writes the messages of one family's changes.
struct Batch::Encoder {
  Batch& batch;
  net::Family family;
  Writer& out = batch.writer_;

  void operator()(const AddTable&) const {
    message(NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL, "the table",
            [&] { out.put_text(NFTA_TABLE_NAME, batch.table_); });
  }
  void operator()(const DeleteTable&) const {
    message(NFT_MSG_DELTABLE, 0, "the table", [&] { out.put_text(NFTA_TABLE_NAME, batch.table_); });
  }

  void operator()(const AddHelper& change) const {
    const Helper& helper = change.helper;
    const auto body = [&] {
      out.put_text(NFTA_OBJ_TABLE, batch.table_);
      out.put_text(NFTA_OBJ_NAME, helper.name);
      out.put_u32(NFTA_OBJ_TYPE, NFT_OBJECT_CT_HELPER);
      out.nest(NFTA_OBJ_DATA, [&] {
        out.put_text(NFTA_CT_HELPER_NAME, helper.helper);
        out.put_u16(NFTA_CT_HELPER_L3PROTO, nfproto(family));
        out.put_u8(NFTA_CT_HELPER_L4PROTO, helper.protocol);
      });
    };
    message(NFT_MSG_NEWOBJ, NLM_F_CREATE | NLM_F_EXCL, describe_helper(helper.name), body,
            helper.wanted_by);
  }
  void operator()(const DeleteHelper& change) const {
    message(NFT_MSG_DELOBJ, 0, describe_helper(change.name), [&] {
      out.put_text(NFTA_OBJ_TABLE, batch.table_);
      out.put_text(NFTA_OBJ_NAME, change.name);
      out.put_u32(NFTA_OBJ_TYPE, NFT_OBJECT_CT_HELPER);
    });
  }

  void operator()(const AddChain& change) const {
    message(NFT_MSG_NEWCHAIN, NLM_F_CREATE | NLM_F_EXCL, describe_chain(change.name), [&] {
      out.put_text(NFTA_CHAIN_TABLE, batch.table_);
      out.put_text(NFTA_CHAIN_NAME, change.name);
      if (!change.base) return;
      out.nest(NFTA_CHAIN_HOOK, [&] {
        out.put_u32(NFTA_HOOK_HOOKNUM, change.base->hook);
        out.put_u32(NFTA_HOOK_PRIORITY, static_cast<uint32_t>(change.base->priority));
      });
      out.put_u32(NFTA_CHAIN_POLICY, change.base->drop_policy ? NF_DROP : NF_ACCEPT);
      out.put_text(NFTA_CHAIN_TYPE, change.base->type);
    });
  }
  void operator()(const DeleteChain& change) const {
    message(NFT_MSG_DELCHAIN, 0, describe_chain(change.name), [&] {
      out.put_text(NFTA_CHAIN_TABLE, batch.table_);
      out.put_text(NFTA_CHAIN_NAME, change.name);
    });
  }

  void operator()(const AddRule& change) const { add_rule(change, false); }
  // marks: it switches tracing on for the packets that it matches.
  void add_rule(const AddRule& change, bool marks) const {
    // Its sets come before it; the look-ups name them by number.
    const uint32_t first_set = batch.next_set_;
    for (const Expr& expression : change.rule.expressions) {
      if (const Set* set = set_of(expression)) add_set(*set, change.chain);
    }
    const bool at_end = !change.before;
    message(NFT_MSG_NEWRULE, static_cast<uint16_t>(NLM_F_CREATE | (at_end ? NLM_F_APPEND : 0)),
            "a rule of " + describe_chain(change.chain),
            [&] { put_rule(change, first_set, marks); });
  }
  void operator()(const DeleteRule& change) const {
    message(NFT_MSG_DELRULE, 0, "a rule of " + describe_chain(change.chain), [&] {
      out.put_text(NFTA_RULE_TABLE, batch.table_);
      out.put_text(NFTA_RULE_CHAIN, change.chain);
      out.put_u64(NFTA_RULE_HANDLE, change.handle);
    });
  }
  void operator()(const FlushChain& change) const {
    message(NFT_MSG_DELRULE, 0, "the rules of " + describe_chain(change.chain), [&] {
      out.put_text(NFTA_RULE_TABLE, batch.table_);
      out.put_text(NFTA_RULE_CHAIN, change.chain);
    });
  }

  void operator()(const AddSourceSet&) const {
    message(NFT_MSG_NEWSET, NLM_F_CREATE | NLM_F_EXCL, "the set of the source", [&] {
      out.put_text(NFTA_SET_TABLE, batch.table_);
      out.put_text(NFTA_SET_NAME, kSourceSetName);
      out.put_u32(NFTA_SET_KEY_TYPE, kMarkKey);
      out.put_u32(NFTA_SET_KEY_LEN, 4);
      out.put_u32(NFTA_SET_ID, batch.next_set_++);
      put_byte_order(out, ByteOrder::kHost);
    });
  }
  void operator()(const AddPieces& change) const {
    std::vector<RawElement> elements;
    for (const Piece& piece : change.pieces) {
      elements.push_back(
          {.key = piece_key(piece.number), .user_data = wrap_user_data(piece.value)});
    }
    put_elements(NFT_MSG_NEWSETELEM, NLM_F_CREATE, kSourceSetName, {}, elements);
  }
  void operator()(const DeletePieces& change) const {
    std::vector<RawElement> elements;
    for (uint32_t piece : change.numbers) elements.push_back({.key = piece_key(piece)});
    put_elements(NFT_MSG_DELSETELEM, 0, kSourceSetName, {}, elements);
  }

 private:
  template <class Body>
  void message(uint16_t type, uint16_t flags, std::string what, Body body,
               ir::RuleId rule = ir::kNoId) const {
    batch.begin(type, flags, family);
    note(std::move(what), rule);
    body();
    batch.end();
  }

  void note(std::string what, ir::RuleId rule = ir::kNoId) const {
    if (!batch.notes_.empty() && batch.notes_.back().what == what &&
        batch.notes_.back().rule == rule) {
      return;
    }
    batch.notes_.push_back({batch.last_, std::move(what), rule});
  }

  void put_rule(const AddRule& change, uint32_t set, bool marks) const {
    out.put_text(NFTA_RULE_TABLE, batch.table_);
    out.put_text(NFTA_RULE_CHAIN, change.chain);
    if (change.before) out.put_u64(NFTA_RULE_POSITION, *change.before);
    out.nest(NFTA_RULE_EXPRESSIONS, [&] {
      for (const Expr& expression : change.rule.expressions) {
        encode(out, expression, set);
        if (set_of(expression) != nullptr) ++set;
      }
      if (marks) put_trace_mark(out);
    });
    if (change.rule.xt_protocol != 0) {
      out.nest(NFTA_RULE_COMPAT, [&] {
        out.put_u32(NFTA_RULE_COMPAT_PROTO, change.rule.xt_protocol);
        out.put_u32(NFTA_RULE_COMPAT_FLAGS, 0);
      });
    }
    if (const std::string data = user_data_of(change.rule.id); !data.empty()) {
      out.put(NFTA_RULE_USERDATA, {reinterpret_cast<const uint8_t*>(data.data()), data.size()});
    }
  }

  void add_set(const Set& set, const std::string& chain) const {
    const uint32_t id = batch.next_set_++;
    message(NFT_MSG_NEWSET, NLM_F_CREATE | NLM_F_EXCL, "a rule of " + describe_chain(chain), [&] {
      out.put_text(NFTA_SET_TABLE, batch.table_);
      out.put_text(NFTA_SET_NAME, kAnonymousSetName);
      out.put_u32(NFTA_SET_ID, id);
      put_set(out, set);
    });
    put_elements(NFT_MSG_NEWSETELEM, NLM_F_CREATE, kAnonymousSetName, id, raw_elements(set));
  }

  void put_elements(uint16_t type, uint16_t flags, std::string_view set, std::optional<uint32_t> id,
                    const std::vector<RawElement>& elements) const {
    for (size_t next = 0; next < elements.size();) {
      batch.begin(type, flags, family);
      if (!id) note("the source");
      out.put_text(NFTA_SET_ELEM_LIST_TABLE, batch.table_);
      out.put_text(NFTA_SET_ELEM_LIST_SET, set);
      if (id) out.put_u32(NFTA_SET_ELEM_LIST_SET_ID, *id);
      out.nest(NFTA_SET_ELEM_LIST_ELEMENTS, [&] {
        while (next < elements.size() && out.message_size() < kElementsPerMessage) {
          put_element(out, elements[next++]);
        }
      });
      batch.end();
    }
  }
};

Batch::Batch(Socket& socket, std::string_view table)
    : socket_(socket), table_(table), first_(socket.next_sequence()) {
  writer_.begin(0, NFNL_MSG_BATCH_BEGIN, 0, kNoFamily, first_, NFNL_SUBSYS_NFTABLES);
  writer_.put_u32(NFNL_BATCH_GENID, 0);
  writer_.end();
}

void Batch::begin(uint16_t type, uint16_t flags, net::Family family) {
  last_ = socket_.next_sequence();
  writer_.begin(NFNL_SUBSYS_NFTABLES, type, flags, nfproto(family), last_);
  last_at_ = writer_.current();
}

void Batch::end() { writer_.end(); }

void Batch::add(net::Family family, const std::vector<Change>& changes) {
  assert(!closed_);
  for (const Change& change : changes) std::visit(Encoder{*this, family}, change);
}

void Batch::add_owned_table(net::Family family) {
  begin(NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL, family);
  notes_.push_back({last_, "the table " + table_, ir::kNoId});
  writer_.put_text(NFTA_TABLE_NAME, table_);
  writer_.put_u32(NFTA_TABLE_FLAGS, NFT_TABLE_F_OWNER);
  end();
}

void Batch::add_marking_rule(net::Family family, const AddRule& change) {
  Encoder{*this, family}.add_rule(change, true);
}

// The value of the only attribute of the first message.
void Batch::write_generation(uint32_t generation) {
  constexpr size_t kAt = sizeof(nlmsghdr) + sizeof(nfgenmsg) + sizeof(nlattr);
  store_be(generation, writer_.bytes().subspan(kAt, sizeof generation));
}

const Batch::Note& Batch::note_of(uint32_t sequence) const {
  static const Note kWhole{.sequence = 0, .what = "the transaction"};
  auto after =
      std::upper_bound(notes_.begin(), notes_.end(), sequence,
                       [](uint32_t number, const Note& note) { return number < note.sequence; });
  return after == notes_.begin() ? kWhole : *(after - 1);
}

Result<void> Batch::commit(uint32_t generation) {
  assert(last_ != 0);
  if (!closed_) {
    writer_.add_flags(last_at_, NLM_F_ACK);
    writer_.begin(0, NFNL_MSG_BATCH_END, 0, kNoFamily, socket_.next_sequence(),
                  NFNL_SUBSYS_NFTABLES);
    writer_.end();
    closed_ = true;
  }
  return send(generation);
}

Result<void> Batch::rehearse(uint32_t generation) {
  assert(last_ != 0 && !closed_);
  writer_.add_flags(last_at_, NLM_F_ACK);
  return send(generation);
}

Result<void> Batch::send(uint32_t generation) {
  if (writer_.overflown()) {
    return Error{.kind = ErrorKind::kRefused, .message = "a rule is too long for the kernel"};
  }
  write_generation(generation);
  if (auto sent = socket_.send(writer_.bytes()); !sent) return sent.error();

  // The refusals come first, then the acknowledgement; if there is one refusal nothing was done.
  Reply answer;
  auto received = socket_.replies([&](const Reply& reply) {
    if (reply.sequence < first_ || reply.sequence > last_) return false;
    if (reply.error == 0 && reply.sequence != last_) return false;
    answer = reply;
    return true;
  });
  if (!received) return received.error();
  if (answer.error == 0) return {};
  socket_.drain();
  const Note& note = note_of(answer.sequence);
  Error error = refusal(socket_, answer, writer_.bytes(), note.what);
  if (error.rule == ir::kNoId) error.rule = note.rule;
  return error;
}

}  // namespace bulkhead::backend::nft::netlink
