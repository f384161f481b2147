// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// The few things of the file system that the layers above need, with errors that name the file.

#include <filesystem>
#include <string>
#include <string_view>

#include "core/result.h"

namespace bulkhead::host {

// errno as an Error: "can't write /etc/x: Permission denied". EPERM and EACCES are kPermission.
Error file_error(std::string_view what, const std::filesystem::path& path, int errno_value);

Result<std::string> read_file(const std::filesystem::path& path);
// To its end; `name` is for the message. The descriptor stays open.
Result<std::string> read_descriptor(int fd, const std::filesystem::path& name);

// Replaces folder/name as a whole, mode 0600: written beside it, fsync'd, renamed, and the folder
// fsync'd. The folder is made (0700, its parents 0755) if it isn't there. Two writers of one folder
// wait for each other.
Result<void> write_file_atomically(const std::filesystem::path& folder, std::string_view name,
                                   std::string_view text);

}  // namespace bulkhead::host
