// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/console.h"
#include "pass/analysis.h"
#include "pass/service_matrix.h"

namespace bulkhead::app {

struct MatrixOptions {
  std::string rules;  // as for rules_to_analyse()
  std::optional<net::Family> family;
  std::string table = "filter";
  std::string chain;
  std::string service;  // "tcp/22", "udp/domain", "icmp"
  std::optional<uint16_t> source_port;
  std::string interfaces;            // a file; empty: none
  std::vector<std::string> unknown;  // protocols and matches
  pass::AnalysisLimits limits;
  Color color = Color::kAuto;
  bool json = false;
};

// The answer, and what was asked.
struct MatrixReport {
  std::string question;  // "tcp to port 22 from port 10000, through FORWARD of rules.v4"
  net::Family family = net::Family::kIpv4;
  pass::ServiceMatrix matrix;
  struct Spoofing {
    std::string interface;
    bool kept_out = false;
  };
  std::vector<Spoofing> spoofing;
  std::vector<std::string> warnings;  // of what couldn't be read
};

// a, b, ... z, aa, ab ...
std::string class_name(size_t number);

std::string matrix_text(const MatrixReport& report, const Paint& paint);
std::string matrix_json(const MatrixReport& report);

// Who reaches whom with a service, and where sources can't be forged.
int run_matrix(const MatrixOptions& options);

}  // namespace bulkhead::app
