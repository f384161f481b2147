// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// iptables-restore and iptables-save. argv[0] is the name that libc's getopt(3) says its errors
// with, on stderr.

#include <functional>
#include <string>

#include "app/personality/personality.h"

namespace bulkhead::app {

// `input` reads a whole file ("-": stdin); its error is said as "Can't open FILE: ...".
using ReadFile = std::function<Result<std::string>(const std::string& path)>;
Outcome run_restore(const Personality& self, int argc, char** argv, const ReadFile& input);

// `output` writes the file of -f.
using WriteFile = std::function<Result<void>(const std::string& path, std::string_view text)>;
// date: ctime(3)'s, without its newline.
Outcome run_save(const Personality& self, int argc, char** argv, std::string_view date,
                 const WriteFile& output);

}  // namespace bulkhead::app
