// SPDX-License-Identifier: GPL-2.0-or-later
// Many who change the rules at once, beside another program that changes nf_tables all the time:
// every look at the kernel may be stale before it is used, and still nobody's rule may be lost, be
// there twice, or wait for ever.
#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <libmnl/libmnl.h>

#include "kernel/program_fixture.h"

namespace bulkhead::testing {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// A chain in a table of somebody else comes and goes, one transaction each; nothing of ours is
// touched, but each bumps the generation that all of nf_tables shares.
class Neighbour {
 public:
  static constexpr milliseconds kPeriod{2};

  explicit Neighbour(const NetNamespace& net) {
    net.must_exec({"nft", "add", "table", "inet", kTable});
    net.run([this] { socket_.reset(mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC)); });
    if (!socket_ || mnl_socket_bind(socket_.get(), 0, MNL_SOCKET_AUTOPID) < 0) {
      throw_errno("the neighbour's netlink socket");
    }
    thread_ = std::thread([this] {
      try {
        work();
      } catch (...) {
        problem_ = std::current_exception();
      }
    });
  }
  ~Neighbour() {
    if (thread_.joinable()) end();
  }
  Neighbour(const Neighbour&) = delete;
  Neighbour& operator=(const Neighbour&) = delete;

  // Stops; gives how often it changed its table. A SupportError if the kernel refused a change.
  unsigned stop() {
    end();
    if (problem_) std::rethrow_exception(problem_);
    return changes_;
  }

 private:
  static constexpr char kTable[] = "neighbour";

  struct Close {
    void operator()(mnl_socket* socket) const { mnl_socket_close(socket); }
  };

  void end() {
    stop_ = true;
    thread_.join();
  }

  void work() {
    // Among twenty others, only a favoured thread comes to its turn every 2 ms.
    setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), -20);
    for (auto next = Clock::now(); !stop_; std::this_thread::sleep_until(next)) {
      change(changes_ % 2 == 0);
      ++changes_;
      // After a wait for somebody's long transaction, no burst to make up for it.
      next = std::max(next + kPeriod, Clock::now());
    }
  }

  void change(bool add) {
    alignas(nlmsghdr) char buffer[1024];
    size_t size = put(buffer, NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
    const uint16_t type = NFNL_SUBSYS_NFTABLES << 8 | (add ? NFT_MSG_NEWCHAIN : NFT_MSG_DELCHAIN);
    const size_t at = size;
    put(buffer + at, type, NLM_F_ACK | (add ? NLM_F_CREATE : 0), NFPROTO_INET, 0);
    auto* message = reinterpret_cast<nlmsghdr*>(buffer + at);
    mnl_attr_put_strz(message, NFTA_CHAIN_TABLE, kTable);
    mnl_attr_put_strz(message, NFTA_CHAIN_NAME, "comes_and_goes");
    size += message->nlmsg_len;
    size += put(buffer + size, NFNL_MSG_BATCH_END, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
    if (mnl_socket_sendto(socket_.get(), buffer, size) < 0) throw_errno("the neighbour's change");

    char reply[1024];
    const ssize_t received = mnl_socket_recvfrom(socket_.get(), reply, sizeof reply);
    if (received < 0) throw_errno("the neighbour's answer");
    if (mnl_cb_run(reply, static_cast<size_t>(received), 0, 0, nullptr, nullptr) < 0) {
      throw_errno("the neighbour's change is refused");
    }
  }

  static size_t put(char* to, uint16_t type, int flags, int family, uint16_t resource) {
    nlmsghdr* message = mnl_nlmsg_put_header(to);
    message->nlmsg_type = type;
    message->nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | flags);
    auto* head =
        static_cast<nfgenmsg*>(mnl_nlmsg_put_extra_header(message, sizeof(struct nfgenmsg)));
    head->nfgen_family = static_cast<uint8_t>(family);
    head->version = NFNETLINK_V0;
    head->res_id = htons(resource);
    return message->nlmsg_len;
  }

  std::unique_ptr<mnl_socket, Close> socket_;
  std::atomic<bool> stop_ = false;
  unsigned changes_ = 0;
  std::exception_ptr problem_;
  std::thread thread_;
};

constexpr int kWriters = 20, kMostRulesEach = 50;
constexpr std::chrono::seconds kWait{30};

constexpr uint16_t port_of(int writer, int nth) {
  return static_cast<uint16_t>(10'000 + writer * kMostRulesEach + nth);
}

// What one of them saw.
struct Writer {
  std::vector<std::string> failures;
  milliseconds longest{0};
};

class CrowdedTest : public ProgramTest {
 protected:
  // All at the same time, beside the neighbour. Says how long it took and who waited longest. Gives
  // how often the neighbour changed its table meanwhile.
  unsigned write_rules(int each) const {
    const auto start = Clock::now();
    Neighbour neighbour(*net_);
    std::vector<Writer> writers(kWriters);
    std::vector<std::thread> threads;
    for (int i = 0; i < kWriters; ++i) {
      Writer& seen = writers[static_cast<size_t>(i)];
      threads.emplace_back([this, i, each, &seen] { seen = append_rules(i, each); });
    }
    std::atomic<bool> stop = false;
    std::vector<std::string> misreadings;
    std::thread reader([&] {
      while (!stop) read_rules(misreadings);
    });
    for (std::thread& thread : threads) thread.join();
    stop = true;
    reader.join();
    const std::chrono::duration<double> took = Clock::now() - start;
    const unsigned changes = neighbour.stop();

    milliseconds longest{0};
    for (const Writer& writer : writers) {
      longest = std::max(longest, writer.longest);
      for (const std::string& failure : writer.failures) ADD_FAILURE() << failure;
    }
    for (const std::string& misreading : misreadings) ADD_FAILURE() << misreading;
    fmt::print(
        "{} rules by {} writers in {:.1f} s; the longest wait for one was {} ms; "
        "the neighbour changed its table {} times, every {:.1f} ms\n",
        kWriters * each, kWriters, took.count(), longest.count(), changes,
        took.count() * 1e3 / changes);
    EXPECT_LE(longest, kWait);
    // Far from every 2 ms on a busy machine, and while the kernel is busy with the batches of the
    // others; but it has to be felt.
    EXPECT_GT(changes, took.count() * 10) << "it was no crowd";
    return changes;
  }

  void expect_all_rules_once(int each) const {
    // Each packet is for one rule. What a rule has counted then also says that none stands there
    // twice, whatever the listing says.
    for (int writer = 0; writer < kWriters; ++writer) {
      for (int nth = 0; nth < each; ++nth) {
        const uint16_t port = port_of(writer, nth);
        EXPECT_EQ(text(rig_->inject("eth0", to_host({Udp{.dport = port}}))), "dropped") << port;
      }
    }
    const uint16_t nobodys = port_of(kWriters, 0);
    EXPECT_EQ(text(rig_->inject("eth0", to_host({Udp{.dport = nobodys}}))), "accepted input");

    size_t rules = 0;
    std::vector<int> written(kWriters, 0);
    for (const RuleCounter& counter :
         Xtables(*net_, XtablesPrograms::in(BULKHEAD_BIN_DIR)).counters()) {
      if (counter.rule.starts_with("-P")) continue;
      ++rules;
      EXPECT_EQ(counter.packets, 1u) << text(counter);
      // A writer's rules stand in the order in which it wrote them.
      const auto writer = std::ranges::find_if(written, [&](int& nth) {
        const auto i = static_cast<int>(&nth - written.data());
        return counter.rule == rule_of(i, nth);
      });
      if (writer == written.end()) {
        ADD_FAILURE() << "not here: " << text(counter);
      } else {
        ++*writer;
      }
    }
    EXPECT_EQ(rules, static_cast<size_t>(kWriters * each));
    EXPECT_EQ(written, std::vector<int>(kWriters, each));
  }

  static std::string rule_of(int writer, int nth) {
    return fmt::format("-A INPUT -p udp -m udp --dport {} -j DROP", port_of(writer, nth));
  }

  // Readers stand in no queue, and see what a kernel shows that is at work on the next change.
  void read_rules(std::vector<std::string>& misreadings) const {
    const auto listed = run({"iptables", "-S"}, {.timeout = 2 * kWait});
    if (!listed.ok()) misreadings.push_back(listed.describe());
    std::istringstream lines(listed.out);
    std::set<std::string> seen;
    for (std::string line; std::getline(lines, line);) {
      if (!seen.insert(line).second) misreadings.push_back("read twice: " + line);
    }
  }

  Writer append_rules(int writer, int each) const {
    Writer seen;
    for (int nth = 0; nth < each; ++nth) {
      const auto start = Clock::now();
      const auto done = run({"iptables", "-w", std::to_string(kWait.count()), "-A", "INPUT", "-p",
                             "udp", "--dport", std::to_string(port_of(writer, nth)), "-j", "DROP"},
                            {.timeout = 2 * kWait});
      const auto took = std::chrono::duration_cast<milliseconds>(Clock::now() - start);
      seen.longest = std::max(seen.longest, took);
      if (!done.ok()) seen.failures.push_back(done.describe());
    }
    return seen;
  }
};

TEST_F(CrowdedTest, TwentyWritersLoseNothing) {
  const unsigned changes = write_rules(kMostRulesEach);
  EXPECT_GT(changes, kWriters * kMostRulesEach) << "not one for each rule";
  expect_all_rules_once(kMostRulesEach);
}

// The queue is only courtesy: where /run can't be written, the generation alone must do.
TEST_F(CrowdedTest, NorDoTheyWithoutAQueue) {
  constexpr int kEach = 10;
  net_->must_exec({"touch", "/run/bulkhead"});
  write_rules(kEach);
  expect_all_rules_once(kEach);
}

// The kernel counts the rules of an unfinished transaction where it goes on with a dump, so a
// reader may be shown one twice or not at all, and no generation tells. That is not damage.
TEST_F(CrowdedTest, ReadersSeeNoDamageInAnothersUnfinishedTransaction) {
  // At this size it was seen: how often depends on how full the last part of the dump is.
  constexpr int kBefore = 440, kAdded = 40;
  std::string rules;
  for (int i = 0; i < kBefore; ++i) rules += fmt::format("-A INPUT -p udp --dport {} -j DROP\n", i);
  Xtables(*net_, XtablesPrograms::in(BULKHEAD_BIN_DIR)).must_restore(filter(rules));

  std::atomic<int> writing = 2;
  std::vector<Writer> writers(2);
  std::vector<std::vector<std::string>> misreadings(3);
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([this, i, &writing, &seen = writers[static_cast<size_t>(i)]] {
      seen = append_rules(2 * i, kAdded);
      --writing;
    });
  }
  for (auto& misread : misreadings) {
    threads.emplace_back([this, &writing, &misread] {
      while (writing > 0) read_rules(misread);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const Writer& writer : writers) EXPECT_THAT(writer.failures, ::testing::IsEmpty());
  for (const auto& misread : misreadings) EXPECT_THAT(misread, ::testing::IsEmpty());
}

}  // namespace
}  // namespace bulkhead::testing
