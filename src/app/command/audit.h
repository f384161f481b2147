// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "app/audit/audit.h"
#include "app/config.h"
#include "app/console.h"
#include "host/persist.h"

namespace bulkhead::app {

struct AuditOptions {
  std::vector<std::string> files;  // of rules, or "saved"; none: what is enforced
  std::filesystem::path config{kConfigFile};
  std::filesystem::path state_folder{host::kStateFolder};
  std::vector<std::string> management;  // addresses and networks, beside those of the config
  std::vector<std::string> declared;    // "forwarding", "egress=22,445", "subnet=192.0.2.0/24"
  std::vector<std::string> skipped;     // ids of checks: "invalid,boot"
  bool list = false;                    // name the checks, and do nothing
  pass::AnalysisLimits limits;
  Color color = Color::kAuto;
  bool json = false;
};

// What the configuration and the command line say is wanted. Errors: kUsage, with the word.
Result<audit::Declared> declared_by(const Config& config, const AuditOptions& options);

// The ids of checks that are to be left out. Errors: kUsage, with the word.
Result<std::set<std::string, std::less<>>> skipped_by(const AuditOptions& options);

// `what`: "what is enforced", or the files' names. `utf8`: a terminal shows more than ASCII.
std::string audit_text(const std::string& what, bool with_host,
                       const std::vector<audit::CheckResult>& results, const Paint& paint,
                       bool utf8);
// `warnings`: of the files' reading.
std::string audit_json(const std::string& what, const std::vector<audit::CheckResult>& results,
                       const std::vector<std::string>& warnings = {});
std::string audit_list_text(const Paint& paint);
std::string audit_list_json();

// Exits 0 if every check passes (or doesn't apply), 1 if one fails or can't be decided, 2 on wrong
// use or if a file can't be read, 4 if the kernel can't be had.
int run_audit(const AuditOptions& options);

}  // namespace bulkhead::app
