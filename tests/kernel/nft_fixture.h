// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "backend/nft/open.h"
#include "backend/nft/plan_words.h"
#include "support/namespace.h"

namespace bulkhead::backend::nft::testing {

// A fresh network namespace with our back end in it. Packets are real UDP datagrams over lo.
class NftTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (auto obstacle = bulkhead::testing::kernel_tests_obstacle()) GTEST_SKIP() << *obstacle;
    namespace_.emplace();
    backend_ = open_backend();
    ASSERT_NE(backend_, nullptr);
  }

  // Another one, as another process would have it.
  std::unique_ptr<Backend> open_backend() {
    std::unique_ptr<Backend> out;
    namespace_->run([&] {
      if (auto opened = open()) out = std::move(*opened);
    });
    return out;
  }

  Snapshot read() {
    auto snapshot = backend_->read(true);
    if (!snapshot) throw std::runtime_error(snapshot.error().message);
    return std::move(*snapshot);
  }

  // Reads, and puts the plan into force. Gives the transaction's id.
  Result<std::string> commit(classify::Plan plan, std::string source = "a source") {
    const Snapshot base = read();
    const net::Family family = plan.family;
    const std::vector<Desired> desired{{family, std::move(plan), std::move(source)}};
    return backend_->commit(base, desired);
  }
  void must_commit(classify::Plan plan, std::string source = "a source") {
    auto done = commit(std::move(plan), std::move(source));
    ASSERT_TRUE(done.ok()) << done.error().message;
  }

  Result<void> rehearse(classify::Plan plan) {
    const Snapshot base = read();
    const net::Family family = plan.family;
    const std::vector<Desired> desired{{family, std::move(plan), "a source"}};
    return backend_->rehearse(base, desired);
  }

  uint64_t packets(ir::RuleId id) { return read().v4.counters[id].packets; }

  // `count` UDP datagrams of one byte from 127.0.0.1 to a port where nobody listens.
  void send(uint16_t port, int count = 1) {
    namespace_->run([&] {
      for (int i = 0; i < count; ++i) {
        const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(port);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        sendto(fd, "x", 1, 0, reinterpret_cast<const sockaddr*>(&to), sizeof to);
        close(fd);
      }
    });
  }

  std::string nft(std::vector<std::string> words, std::string input = {}) {
    words.insert(words.begin(), "nft");
    return namespace_->must_exec(words, {.input = std::move(input)});
  }

  std::optional<bulkhead::testing::NetNamespace> namespace_;
  std::unique_ptr<Backend> backend_;
};

// What the tests count: datagrams to a port.
inline std::vector<ir::Condition> udp_to(uint16_t port) {
  return {protocol(17), udp(), dport(port)};
}

}  // namespace bulkhead::backend::nft::testing
