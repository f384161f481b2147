// SPDX-License-Identifier: GPL-2.0-or-later
// kill -9 at random moments of an iptables-restore from one large ruleset to another. Packets say
// which of the two is in force; every rule that the kernel holds has to be that one's, and the next
// command has to work.
#include <fcntl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "kernel/program_fixture.h"
#include "support/kernel_rules.h"
#include "support/random.h"

namespace bulkhead::testing {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::microseconds;

// How far a program came that talks to nf_tables, by the system calls that it was seen to make.
enum class Progress {
  kBeforeSending,  // nothing was asked of the kernel
  kReading,        // its first request is answered; the batch was not sent
  kSendingBatch,   // it was inside the system call that carries the batch, or about to return
  kBatchSent,      // that system call had returned
};

struct Course {
  bool killed = false;  // false: it ended before its moment came
  int exit_code = -1;   // of one that ended
  Progress progress = Progress::kBeforeSending;
  microseconds took{0};      // from its exec to its end
  microseconds sent_at{-1};  // when the batch's system call began, if it did
};

// The type of the first netlink message that a stopped process is about to send with sendto(2).
std::optional<uint16_t> message_type(pid_t pid, const __ptrace_syscall_info& call) {
  nlmsghdr header{};
  const iovec here{&header, sizeof header};
  const iovec there{reinterpret_cast<void*>(call.entry.args[1]), sizeof header};
  if (call.entry.nr != SYS_sendto || call.entry.args[2] < sizeof header) return {};
  if (process_vm_readv(pid, &here, 1, &there, 1, 0) != sizeof header) return {};
  return header.nlmsg_type;
}

// A program that is followed from one system call to the next. SIGKILL doesn't wait for a stop, so
// it ends wherever it is when its moment comes, also deep inside of the kernel.
class Traced {
 public:
  // Runs it with this file as its stdin and without a word. The calling thread's child, since only
  // that thread may follow it.
  Traced(const std::string& program, const std::string& input) {
    const char* const argv[] = {program.c_str(), nullptr};
    pid_ = fork();
    if (pid_ < 0) throw_errno("fork");
    if (pid_ == 0) {
      const int in = open(input.c_str(), O_RDONLY);
      const int null = open("/dev/null", O_WRONLY);
      if (in < 0 || null < 0 || dup2(in, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0 ||
          ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) {
        _exit(126);
      }
      execv(argv[0], const_cast<char* const*>(argv));
      _exit(127);
    }
    // Stopped by the exec.
    if (waitpid(pid_, &status_, 0) != pid_ || !WIFSTOPPED(status_)) {
      throw SupportError(program + " can't be traced");
    }
    ptrace(PTRACE_SETOPTIONS, pid_, nullptr, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
  }
  Traced(const Traced&) = delete;
  Traced& operator=(const Traced&) = delete;

  // To its end, or to SIGKILL that long after its exec.
  Course run(std::optional<microseconds> kill_after) {
    // glibc 2.36 declares pidfd_open() without extern "C".
    const UniqueFd process(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
    const auto start = Clock::now();
    std::thread killer;
    if (kill_after) {
      // Through the descriptor, which names this process even after its number is another's.
      killer = std::thread([&process, moment = start + *kill_after] {
        std::this_thread::sleep_until(moment);
        syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0);
      });
    }
    Course run;
    while (WIFSTOPPED(status_)) {
      if (WSTOPSIG(status_) == (SIGTRAP | 0x80)) note(run, start);
      // Fails if it was killed while it stood still; what it was about to do, it never did.
      if (ptrace(PTRACE_SYSCALL, pid_, nullptr, nullptr) == 0) run.progress = next_;
      if (waitpid(pid_, &status_, 0) != pid_) break;
    }
    run.took = std::chrono::duration_cast<microseconds>(Clock::now() - start);
    if (killer.joinable()) killer.join();
    run.killed = WIFSIGNALED(status_);
    if (WIFEXITED(status_)) run.exit_code = WEXITSTATUS(status_);
    return run;
  }

 private:
  // What it will have done, or be doing, once it goes on from this stop.
  void note(Course& run, Clock::time_point start) {
    __ptrace_syscall_info call{};
    if (ptrace(PTRACE_GET_SYSCALL_INFO, pid_, sizeof call, &call) <= 0) return;
    if (call.op == PTRACE_SYSCALL_INFO_ENTRY) {
      const auto type = message_type(pid_, call);
      in_request_ = type && *type >> 8 == NFNL_SUBSYS_NFTABLES;
      if (type == NFNL_MSG_BATCH_BEGIN) {
        next_ = Progress::kSendingBatch;
        run.sent_at = std::chrono::duration_cast<microseconds>(Clock::now() - start);
      }
    } else if (call.op == PTRACE_SYSCALL_INFO_EXIT) {
      if (next_ == Progress::kSendingBatch) {
        // The kernel answers before it returns; a stale generation would bring another batch.
        next_ = Progress::kBatchSent;
      } else if (in_request_ && next_ == Progress::kBeforeSending) {
        next_ = Progress::kReading;
      }
    }
  }

  pid_t pid_ = -1;
  int status_ = 0;
  bool in_request_ = false;
  Progress next_ = Progress::kBeforeSending;
};

constexpr int kRules = 2000;

// Two of them differ in three rules of four, all along, and in the name of a chain.
struct Side {
  std::string_view network;
  std::string_view chain;
};
constexpr Side kSides[] = {{"10.1", "FIRST"}, {"10.2", "SECOND"}};

// The rule that the command after it adds, or takes away again.
constexpr char kAdded[] = "OUTPUT -d 10.3.0.1/32 -j DROP";

constexpr bool is_shared(int rule) { return rule % 4 == 3; }
std::string source_of(std::string_view network, int rule) {
  return fmt::format("{}.{}.{}", network, rule / 250, rule % 250 + 1);
}

// What iptables-save says of it; `appended`: with kAdded.
std::string text_of(const Side& side, bool appended) {
  std::string text =
      fmt::format("*filter\n:INPUT ACCEPT\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\n:{} -\n", side.chain);
  for (int i = 0; i < kRules; ++i) {
    if (i == kRules / 2) text += fmt::format("-A INPUT -j {}\n", side.chain);
    if (i == kRules / 2 && appended) text += fmt::format("-A {}\n", kAdded);
    text += fmt::format("-A {} -s {}/32 -p udp -m udp --dport 53 -j DROP\n",
                        i < kRules / 2 ? "INPUT" : side.chain,
                        source_of(is_shared(i) ? "10.0" : side.network, i));
  }
  return text + "COMMIT\n";
}

// Without comments (dates) and counters, which are not what is compared here.
std::string without_counters(std::string_view saved) {
  std::string out;
  while (!saved.empty()) {
    std::string_view line = saved.substr(0, saved.find('\n'));
    saved.remove_prefix(std::min(line.size() + 1, saved.size()));
    if (line.starts_with('#')) continue;
    if (line.starts_with(':')) line = line.substr(0, line.find(" ["));
    out.append(line).append("\n");
  }
  return out;
}

class KilledTest : public ProgramTest {
 protected:
  Course restore(int side, std::optional<microseconds> kill_after) const {
    Course result;
    net_->run([&] { result = Traced(program("iptables-restore"), files_[side]).run(kill_after); });
    return result;
  }

  // Which ruleset packets meet: 0 or 1; -1 if they meet parts of both or of none.
  int in_force() {
    int found[2] = {0, 0};
    int asked = 0;
    for (const int rule : {0, kRules - 2, some_rule()}) {
      ++asked;
      for (const int side : {0, 1}) {
        const Bytes packet = build(
            Ip4{.saddr = source_of(kSides[side].network, rule), .daddr = kHost} / Udp{.dport = 53});
        if (text(rig_->inject("eth0", packet)) == "dropped") ++found[side];
      }
    }
    if (found[0] == asked && found[1] == 0) return 0;
    if (found[1] == asked && found[0] == 0) return 1;
    return -1;
  }

  // Whether the kernel holds all of one ruleset and nothing else.
  bool held(int side, bool appended) const {
    return kernel_rules(*net_, "bulkhead") == expected_[side][appended];
  }
  // What the kernel holds of it when nobody was disturbed.
  void learn(int side) {
    for (const bool appended : {true, false}) {
      change(appended);
      expected_[side][appended] = kernel_rules(*net_, "bulkhead");
    }
    ASSERT_NE(expected_[side][0], expected_[side][1]);
    ASSERT_NE(expected_[side][0], expected_[1 - side][0]);
  }

  // One that reads everything, or one that changes what is there.
  void next_command(int side, bool& appended) {
    if (random_.one_in(2)) {
      const auto saved = run({"iptables-save"});
      ASSERT_TRUE(saved.ok()) << saved.describe();
      ASSERT_EQ(without_counters(saved.out), text_of(kSides[side], appended));
    } else {
      ASSERT_NO_FATAL_FAILURE(change(!appended));
      appended = !appended;
    }
  }
  void change(bool append) const {
    std::vector<std::string> words{"iptables", append ? "-A" : "-D"};
    std::istringstream rule(kAdded);
    for (std::string word; rule >> word;) words.push_back(word);
    const auto done = run(words);
    ASSERT_TRUE(done.ok()) << done.describe();
  }

  int some_rule() {
    const int rule = static_cast<int>(random_.below(kRules));
    return is_shared(rule) ? rule - 1 : rule;
  }

  // Half of the moments lie anywhere in a whole run, half around the batch, where it is decided.
  microseconds random_moment(microseconds whole, microseconds batch_at) {
    const auto within = [this](microseconds from, microseconds to) {
      return microseconds(random_.between(from.count(), std::max(from, to).count()));
    };
    return random_.one_in(2) ? within(microseconds(0), whole) : within(batch_at / 2, whole);
  }

  Random random_{"killed"};
  std::string files_[2];
  KernelRules expected_[2][2];  // by side, and whether kAdded is there
};

TEST_F(KilledTest, OneOfTheTwoRulesetsIsThere) {
  constexpr int kWanted = 500;
  for (const int side : {0, 1})
    files_[side] = write(fmt::format("{}.v4", side), text_of(kSides[side], false));

  // Undisturbed runs say when the moments are, and what the kernel holds afterwards.
  std::vector<Course> undisturbed;
  int current = 0;
  for (int i = 0; i < 8; ++i, current = 1 - current) {
    const Course run = restore(current, {});
    ASSERT_EQ(run.exit_code, 0);
    ASSERT_EQ(run.progress, Progress::kBatchSent) << "it was not seen to send a batch";
    ASSERT_EQ(in_force(), current);
    undisturbed.push_back(run);
    if (i < 2) {
      ASSERT_NO_FATAL_FAILURE(learn(current));
    } else {
      ASSERT_TRUE(held(current, false)) << "the same file makes other rules of it";
    }
  }
  current = 1 - current;
  const auto median = [&](microseconds Course::*time) {
    std::ranges::sort(undisturbed, {}, time);
    return undisturbed[undisturbed.size() / 2].*time;
  };
  const microseconds whole = median(&Course::took), batch_at = median(&Course::sent_at);

  const auto start = Clock::now();
  int killed_in[4] = {0, 0, 0, 0};
  int after_batch_began[2] = {0, 0};  // by what was there afterwards: the old, the new ruleset
  int killed = 0, ended = 0;
  bool appended = false;
  while (killed < kWanted && ended <= 4 * kWanted) {
    const int next = 1 - current;
    const Course run = restore(next, random_moment(whole, batch_at));
    const std::string what =
        fmt::format("attempt {}, progress {}", killed + ended, static_cast<int>(run.progress));
    if (run.killed) {
      ++killed;
      ++killed_in[static_cast<int>(run.progress)];
    } else {
      ++ended;
      ASSERT_EQ(run.exit_code, 0) << what;
    }

    const int now = in_force();
    ASSERT_NE(now, -1) << "neither the one nor the other: " << what;
    // Until the batch is sent nothing has changed; when the kernel has taken it, all has.
    if (run.progress < Progress::kSendingBatch) {
      ASSERT_EQ(now, current) << what;
    } else if (run.progress == Progress::kBatchSent) {
      ASSERT_EQ(now, next) << what;
    } else {
      ++after_batch_began[now == next];
    }
    if (now == next) appended = false;
    ASSERT_TRUE(held(now, appended)) << "the kernel holds something else: " << what;
    ASSERT_NO_FATAL_FAILURE(next_command(now, appended)) << what;
    current = now;
  }
  const std::chrono::duration<double> took = Clock::now() - start;
  const int after_first_send = killed - killed_in[0];
  fmt::print(
      "killed {} times in {:.1f} s: {} before anything was sent, {} after the first netlink "
      "send; of these {} before the batch, {} in its system call (the old ruleset stayed {} "
      "times, the new one was there {} times), {} after it; {} ended before their moment\n",
      killed, took.count(), killed_in[0], after_first_send, killed_in[1], killed_in[2],
      after_batch_began[0], after_batch_began[1], killed_in[3], ended);
  EXPECT_EQ(killed, kWanted);
  EXPECT_GE(after_first_send, 100);
  EXPECT_GE(killed_in[2], 20) << "too few of them in the batch itself";
}

}  // namespace
}  // namespace bulkhead::testing
