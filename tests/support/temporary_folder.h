// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

namespace bulkhead::testing {

// A new folder under the system's one for temporary files, gone with all that is in it when this
// ends.
class TemporaryFolder {
 public:
  // `purpose`: a part of its name. A std::system_error where it can't be made.
  explicit TemporaryFolder(std::string_view purpose) {
    std::string name =
        std::filesystem::temp_directory_path() / ("bulkhead-" + std::string(purpose) + "-XXXXXX");
    if (mkdtemp(name.data()) == nullptr)
      throw std::system_error(errno, std::generic_category(), "mkdtemp");
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace bulkhead::testing
