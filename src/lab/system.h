// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"

namespace bulkhead::lab {

// A file descriptor that is closed when it goes out of scope.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int number) : number_(number) {}
  Fd(Fd&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      reset();
      number_ = std::exchange(other.number_, -1);
    }
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { reset(); }

  int get() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }
  void reset();

 private:
  int number_ = -1;
};

struct Pipe {
  Fd read;
  Fd write;
};

// errno and what was tried, as an Error.
Error system_error(std::string what, std::string hint = {});

Result<Pipe> make_pipe();
Result<void> write_file(const std::string& path, std::string_view text, unsigned mode = 0644);
// Empty if it can't be read.
std::string read_file(const std::string& path);
Result<void> make_folders(const std::string& path);

// The folder in which `program` lies, searched as a shell would in root's PATH; empty if nowhere.
std::string find_program(const std::string& program);

// Lines without their ends; a last empty line is left out.
std::vector<std::string> split_lines(std::string_view text);
std::string trim(std::string_view text);

}  // namespace bulkhead::lab
