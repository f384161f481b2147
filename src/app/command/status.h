// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "app/console.h"
#include "app/other_iptables.h"
#include "app/store.h"
#include "backend/backend.h"
#include "host/boot.h"

namespace bulkhead::app {

struct StatusOptions {
  std::filesystem::path state_folder{host::kStateFolder};
  Color color = Color::kAuto;
  bool json = false;
};

// One table of another iptables, where its rules could be counted.
struct OtherTables {
  std::string owner;  // "iptables-legacy"
  net::Family family = net::Family::kIpv4;
  std::vector<std::string> tables;
  std::optional<size_t> rules;  // nullopt: its tool isn't installed
  bool may_drop = true;
};

// Everything that `status` says, gathered before anything is judged.
struct Status {
  View loaded;
  host::Saved saved;
  std::string saved_file;
  bool saved_is_loaded = false;  // where both are there
  bool closed = false;           // what is loaded is what a boot without its rules has loaded
  std::vector<backend::ForeignChain> foreign;
  std::vector<OtherTables> others;
  bool forwards_v4 = false;
  bool forwards_v6 = false;
};

// What is wrong (exit code 1), and what one should know.
struct Judgement {
  std::vector<std::string> faults;
  std::vector<std::string> notes;
};
Judgement judge(const Status& status);

std::string status_text(const Status& status, const Judgement& judgement, const Paint& paint);
std::string status_json(const Status& status, const Judgement& judgement);

int run_status(const StatusOptions& options);

}  // namespace bulkhead::app
