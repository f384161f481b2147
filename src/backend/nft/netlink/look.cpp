// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/nft/netlink/look.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <optional>
#include <unordered_set>
#include <utility>

#include "backend/nft/netlink/dump_request.h"
#include "backend/nft/netlink/expression.h"
#include "backend/nft/netlink/set_message.h"
#include "backend/nft/user_data.h"

namespace bulkhead::backend::nft::netlink {
namespace {

// A look takes a fraction of a millisecond for a small table and some ten for a large one.
constexpr int kLookTries = 1000;

// Reads one table. Remembers whether anything disturbed it, and goes on: the digest may show that
// it did no harm.
//
// The kernel goes on with a dump at the n-th object and counts those that an unfinished transaction
// has added, too (nf_tables_dump_rules and its like). Where one begins or is taken back meanwhile,
// an object comes twice or not at all, and neither NLM_F_DUMP_INTR nor the generation says so. What
// comes twice is known by its name or handle.
class TableReader {
 public:
  TableReader(Socket& socket, net::Family family) : socket_(socket) { table_.family = family; }

  Result<KernelTable> read() {
    for (auto step :
         {&TableReader::read_table, &TableReader::read_helpers, &TableReader::read_chains,
          &TableReader::read_sets, &TableReader::read_rules}) {
      if (auto done = (this->*step)(); !done) return done.error();
      if (!table_.present) break;
    }
    return std::move(table_);
  }
  bool disturbed() const { return disturbed_; }

 private:
  Scope scope(std::string_view set = {}) const { return {nfproto(table_.family), kTableName, set}; }

  Result<void> note(const Result<bool>& dump) {
    if (!dump && dump.error().errno_value != ENOENT) return dump.error();
    // Without a result, a table or a set that went away between two requests.
    if (!dump || !*dump) disturbed_ = true;
    return {};
  }

  Result<void> read_table() {
    return note(dump_tables(socket_, scope(), [this](uint8_t, const Attributes& table) {
      if (table.text(NFTA_TABLE_NAME) != kTableName) return;
      table_.present = true;
      table_.flags = table.u32(NFTA_TABLE_FLAGS);
    }));
  }

  Result<void> read_helpers() {
    return note(dump_objects(socket_, scope(), [this](uint8_t, const Attributes& object) {
      if (object.u32(NFTA_OBJ_TYPE) != NFT_OBJECT_CT_HELPER) return;
      const Attributes data = object.nested(NFTA_OBJ_DATA);
      Helper out{
          .name = std::string(object.text(NFTA_OBJ_NAME)),
          .helper = std::string(data.text(NFTA_CT_HELPER_NAME)),
          .protocol = static_cast<uint8_t>(data.number(NFTA_CT_HELPER_L4PROTO, 1).value_or(0))};
      if (std::ranges::find(table_.helpers, out) == table_.helpers.end())
        table_.helpers.push_back(std::move(out));
    }));
  }

  Result<void> read_chains() {
    return note(dump_chains(socket_, scope(), [this](uint8_t, const Attributes& chain) {
      if (chain.text(NFTA_CHAIN_TABLE) != kTableName) return;
      if (!place_.emplace(chain.text(NFTA_CHAIN_NAME), table_.chains.size()).second) return;
      KernelChain out{.name = std::string(chain.text(NFTA_CHAIN_NAME))};
      if (chain.has(NFTA_CHAIN_HOOK)) {
        const Attributes hook = chain.nested(NFTA_CHAIN_HOOK);
        out.base = BaseHook{.type = std::string(chain.text(NFTA_CHAIN_TYPE)),
                            .hook = hook.u32(NFTA_HOOK_HOOKNUM),
                            .priority = static_cast<int32_t>(hook.u32(NFTA_HOOK_PRIORITY)),
                            .drop_policy = chain.u32(NFTA_CHAIN_POLICY) != NF_ACCEPT};
      }
      table_.chains.push_back(std::move(out));
    }));
  }

  Result<void> read_sets() {
    auto heads = note(dump_sets(socket_, scope(), [this](uint8_t, const Attributes& set) {
      const std::string name(set.text(NFTA_SET_NAME));
      if (name == kSourceSetName) table_.source_set = true;
      if (is_anonymous(set)) sets_.emplace(name, read_set(set));
    }));
    if (!heads) return heads;
    if (table_.source_set) {
      auto pieces =
          note(dump_elements(socket_, scope(kSourceSetName), [this](const nlattr* element) {
            Piece piece = read_piece(read_element(element));
            if (pieces_.insert(piece.number).second) table_.pieces.push_back(std::move(piece));
          }));
      if (!pieces) return pieces;
    }
    for (auto& [name, set] : sets_) {
      std::vector<RawElement> elements;
      auto done = note(dump_elements(socket_, scope(name), [&](const nlattr* element) {
        elements.push_back(read_element(element));
      }));
      if (!done) return done;
      fill(set, std::move(elements));
    }
    return {};
  }

  Result<void> read_rules() {
    const FindSet find_set = [this](std::string_view name) -> const Set* {
      auto found = sets_.find(name);
      return found == sets_.end() ? nullptr : &found->second;
    };
    return note(dump_rules(socket_, scope(), [&](uint8_t, const Attributes& attributes) {
      auto place = place_.find(attributes.text(NFTA_RULE_CHAIN));
      if (place == place_.end()) {
        disturbed_ = true;
        return;
      }
      const uint64_t handle = attributes.u64(NFTA_RULE_HANDLE);
      if (!handles_.insert(handle).second) return;
      KernelRule out{.handle = handle, .id = rule_id_of(attributes.raw_text(NFTA_RULE_USERDATA))};
      Rule rule{.id = out.id};
      for_each_attribute(attributes.bytes(NFTA_RULE_EXPRESSIONS), [&](const nlattr* element) {
        rule.expressions.push_back(decode(element, find_set, out.counters));
      });
      out.form = fingerprint(rule);
      table_.chains[place->second].rules.push_back(out);
    }));
  }

  Socket& socket_;
  KernelTable table_;
  std::map<std::string, size_t, std::less<>> place_;  // of a chain in table_.chains
  std::map<std::string, Set, std::less<>> sets_;      // the anonymous ones
  std::unordered_set<uint32_t> pieces_;               // the numbers that were seen
  std::unordered_set<uint64_t> handles_;              // of the rules that were seen
  bool disturbed_ = false;
};

struct Attempt {
  Look look;
  bool disturbed = false;
};

Result<Attempt> look_once(Socket& socket) {
  Attempt out;
  const auto before = read_generation(socket);
  if (!before) return before.error();
  for (net::Family family : net::kFamilies) {
    TableReader reader(socket, family);
    auto table = reader.read();
    if (!table) return table.error();
    Seen& seen = out.look.of(family);
    seen.table = std::move(*table);
    seen.inspection = inspect(seen.table);
    out.disturbed = out.disturbed || reader.disturbed();
  }
  const auto after = read_generation(socket);
  if (!after) return after.error();
  out.look.generation = *after;
  out.disturbed = out.disturbed || *before != *after;
  return out;
}

// Every transaction of ours writes a trailer, and it is the last thing that is looked at here: what
// was sound and still has its trailer stood like that when the generation was read.
Result<bool> still_there(Socket& socket, const Seen& seen) {
  const KernelTable& table = seen.table;
  if (!seen.inspection.damage.empty()) return false;
  bool present = false;
  auto tables =
      dump_tables(socket, {.family = nfproto(table.family)}, [&](uint8_t, const Attributes& a) {
        present = present || a.text(NFTA_TABLE_NAME) == kTableName;
      });
  if (!tables) return tables.error();
  if (!table.present) return !present && *tables;
  if (!present) return false;
  std::vector<Piece> pieces;
  auto elements = dump_elements(
      socket, {.family = nfproto(table.family), .table = kTableName, .set = kSourceSetName},
      [&](const nlattr* element) { pieces.push_back(read_piece(read_element(element))); });
  if (!elements)
    return elements.error().errno_value == ENOENT ? Result<bool>(false) : elements.error();
  auto stored = assemble(pieces);
  return stored.ok() && stored->transaction == seen.inspection.stored->transaction;
}

bool is_sound(const Look& look) {
  return std::ranges::all_of(look.families,
                             [](const Seen& seen) { return seen.inspection.damage.empty(); });
}

bool same(const Look& a, const Look& b) {
  return std::ranges::equal(a.families, b.families, [](const Seen& x, const Seen& y) {
    return netlink::same(x.table, y.table);
  });
}

}  // namespace

Result<Look> look(Socket& socket) {
  std::optional<Look> damaged;
  for (int i = 0; i < kLookTries; ++i) {
    auto attempt = look_once(socket);
    if (!attempt) return attempt.error();
    if (!attempt->disturbed) {
      // Damage may be no more than an object that a dump left out: it is believed when it is seen
      // twice.
      if (is_sound(attempt->look) || (damaged && same(*damaged, attempt->look)))
        return std::move(attempt->look);
      damaged = std::move(attempt->look);
      continue;
    }
    bool unchanged = true;
    for (const Seen& seen : attempt->look.families) {
      auto there = still_there(socket, seen);
      if (!there) return there.error();
      unchanged = unchanged && *there;
    }
    if (unchanged) return std::move(attempt->look);
  }
  return Error{.kind = ErrorKind::kBusy, .message = "nf_tables changes faster than it can be read"};
}

bool same(const KernelTable& a, const KernelTable& b) {
  auto same_rules = [](const KernelRule& x, const KernelRule& y) {
    return x.handle == y.handle && x.form == y.form;
  };
  return a.present == b.present && a.flags == b.flags && a.pieces == b.pieces &&
         a.helpers == b.helpers &&
         std::equal(a.chains.begin(), a.chains.end(), b.chains.begin(), b.chains.end(),
                    [&](const KernelChain& x, const KernelChain& y) {
                      return x.name == y.name && x.base == y.base &&
                             std::equal(x.rules.begin(), x.rules.end(), y.rules.begin(),
                                        y.rules.end(), same_rules);
                    });
}

}  // namespace bulkhead::backend::nft::netlink
