// SPDX-License-Identifier: GPL-2.0-or-later
// The bpf match with a program that is pinned in a BPF file system.
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <span>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/rig_fixture.h"
#include "support/two_firewalls.h"

namespace bulkhead::testing {
namespace {

constexpr char kFolder[] = "/run/bpf";

int bpf(bpf_cmd command, bpf_attr& attributes) {
  return static_cast<int>(syscall(__NR_bpf, command, &attributes, sizeof attributes));
}

// "return LENGTH of the packet & `mask`", which holds where that isn't 0.
void pin_program(const std::string& path, int32_t mask) {
  constexpr uint8_t kLoadContext = BPF_LDX | BPF_MEM | BPF_W, kAnd = BPF_ALU64 | BPF_AND | BPF_K,
                    kExit = BPF_JMP | BPF_EXIT;
  const bpf_insn program[] = {
      {.code = kLoadContext, .dst_reg = 0, .src_reg = 1, .off = 0, .imm = 0},
      {.code = kAnd, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = mask},
      {.code = kExit, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
  };
  static_assert(offsetof(__sk_buff, len) == 0);
  bpf_attr load{};
  load.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
  load.insns = reinterpret_cast<uint64_t>(program);
  load.insn_cnt = std::size(program);
  load.license = reinterpret_cast<uint64_t>("GPL");
  const UniqueFd loaded(bpf(BPF_PROG_LOAD, load));
  if (!loaded) throw_errno("BPF_PROG_LOAD");
  bpf_attr pin{};
  pin.pathname = reinterpret_cast<uint64_t>(path.c_str());
  pin.bpf_fd = static_cast<uint32_t>(loaded.get());
  if (bpf(BPF_OBJ_PIN, pin) != 0) throw_errno("BPF_OBJ_PIN");
}

class Bpf : public TwoFirewalls {
 protected:
  static void mount_and_pin(const Firewall& firewall) {
    firewall.net.must_exec({"mkdir", kFolder});
    firewall.net.must_exec({"mount", "-t", "bpf", "none", kFolder});
    firewall.net.run([] { pin_program(std::string(kFolder) + "/odd", 1); });
  }
};

TEST_F(Bpf, AsksThePinnedProgram) {
  for (const auto& firewall : both_) {
    mount_and_pin(*firewall);
    for (const bool v6 : {false, true}) {
      firewall->tables(v6).must_restore(filter(fmt::format(
          "-A INPUT -m bpf --object-pinned {}/odd -m comment --comment odd\n", kFolder)));
      firewall->rig.inject("eth0", v6 ? to_host6({Udp{}}) : to_host({Udp{}}));
      EXPECT_EQ(firewall->packets("odd", v6), 0u) << firewall->name;
      const Packet odd{Udp{}, Payload{"x"}};
      firewall->rig.inject("eth0", v6 ? to_host6(odd) : to_host(odd));
      EXPECT_EQ(firewall->packets("odd", v6), 1u) << firewall->name;
    }
  }
}

TEST_F(Bpf, LooksThePinnedProgramUpAnewWithEveryLoad) {
  mount_and_pin(ours());
  const std::string rule = fmt::format("-m bpf --object-pinned {}/odd -j DROP", kFolder);
  ours().ip4.must_restore(filter("-A INPUT " + rule + "\n"));
  EXPECT_EQ(ours().ip4.command({"-A", "INPUT", "-p", "udp"}).exit_code, 0);
  const ExecResult listed = ours().ip4.command({"-S", "INPUT"});
  EXPECT_EQ(listed.out, "-P INPUT ACCEPT\n-A INPUT " + rule + "\n-A INPUT -p udp\n");
  const ExecResult refused =
      ours().ip4.command({"-A", "INPUT", "-m", "bpf", "--object-pinned", "/run/bpf/nosuch"});
  EXPECT_NE(refused.exit_code, 0);
  EXPECT_EQ(ours().ip4.command({"-S", "INPUT"}).out, listed.out);
}

}  // namespace
}  // namespace bulkhead::testing
