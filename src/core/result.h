// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cassert>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "core/span.h"

namespace bulkhead {

// What went wrong, in classes that a caller may act on. The iptables exit codes follow from it
// (iptables/xshared.h of 1.8.9): usage 2, version 3, resource 4, everything else 1.
enum class ErrorKind {
  kUsage,       // the command line is wrong: "Try `iptables -h'"
  kRefused,     // it is understood and can't be done: no such chain, rule, file ...
  kPermission,  // EPERM from the kernel
  kStale,       // the kernel's generation moved: read again, try again
  kUnclear,     // a batch was sent and its answer was lost: read the table first
  kDamaged,     // our table is there but its source is not sound
  kBusy,        // the time of -w ran out
  kSystem,      // any other refusal of the machine
};

struct Error {
  ErrorKind kind = ErrorKind::kSystem;
  std::string message;  // one sentence, no full stop, no program name
  std::string hint;     // what to do about it; may be empty
  Span span;            // where in the user's text, if there is text to point at
  int errno_value = 0;  // the kernel's, if there is one
  uint64_t rule = 0;    // the id of the rule at fault (ir::RuleId), where only that is known
};

inline Error refused(std::string message) {
  return {.kind = ErrorKind::kRefused, .message = std::move(message)};
}

// A value or an error. gcc 12 has no std::expected; this is the part of it that is used here.
template <class T, class E = Error> class [[nodiscard]] Result {
 public:
  using value_type = T;

  Result(T value)
      : state_(std::in_place_index<0>, std::move(value)) {
  }  // NOLINT: implicit, as in std::expected
  Result(E error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(value()); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  T& value() {
    assert(ok());
    return *std::get_if<0>(&state_);
  }
  const T& value() const {
    assert(ok());
    return *std::get_if<0>(&state_);
  }
  const E& error() const {
    assert(!ok());
    return *std::get_if<1>(&state_);
  }

 private:
  std::variant<T, E> state_;
};

template <class E> class [[nodiscard]] Result<void, E> {
 public:
  Result() = default;
  Result(E error) : error_(std::move(error)) {}  // NOLINT: implicit

  bool ok() const { return !error_; }
  explicit operator bool() const { return ok(); }
  const E& error() const {
    assert(error_);
    return *error_;
  }

 private:
  std::optional<E> error_;
};

}  // namespace bulkhead
