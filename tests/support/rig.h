// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "support/namespace.h"
#include "support/nflog.h"
#include "support/packet_builder.h"
#include "support/rejection.h"
#include "support/tun.h"

namespace bulkhead::testing {

struct RigInterface {
  std::string name = {};
  std::vector<std::string> addresses = {};  // with prefix lengths; the host's own
  bool ethernet = false;                    // a tap, for what needs MAC addresses
  std::string bridge = {};                  // it is a tap and a port of this bridge
};

struct RigOptions {
  // The first one has the default route.
  std::vector<RigInterface> interfaces = {
      {.name = "eth0", .addresses = {"192.0.2.1/24", "2001:db8::1/64"}},
      {.name = "eth1", .addresses = {"203.0.113.1/24", "2001:db8:1::1/64"}},
  };
  // Packets from here are not tracked; fragments of theirs are not put together before FORWARD.
  std::vector<std::string> untracked = {"198.51.100.0/24", "2001:db8:ffff::/48"};
  bool conntrack =
      true;  // false: as long as no rule asks for it, fragments stay fragments everywhere
  // Accepted packets are thrown away after INPUT (and after conntrack has learnt them), so that
  // whatever comes back is the firewall's word. True hands them to the host's sockets.
  bool deliver = false;
  std::vector<std::pair<std::string, std::string>> sysctls = {};  // after the rig's own
};

// A packet and where it comes from: arriving on an interface, or (no interface) sent by the host
// itself.
struct Step {
  std::string interface = {};
  Bytes packet = {};
  Mac source_mac = {2, 0, 0, 0, 0, 9};
  std::optional<Mac> destination_mac = {};  // else the interface's own
  uint32_t mark = 0;  // put on it and on its connection before every table of iptables but raw
  uint32_t connection_mark = 0;
  // Whose socket sends it, if the host does.
  uint32_t user = 0;
  uint32_t group = 0;
};

enum class Verdict { kDropped, kAccepted, kRejected };

struct Emitted {
  std::string interface = {};
  Bytes packet = {};
};

struct Outcome {
  Verdict verdict = Verdict::kDropped;  // of INPUT or FORWARD; of OUTPUT for what the host sends
  bool arrived = false;  // it came to the first hook at all; false: the IP stack itself refused it
  // The hooks that it came through. Neither dropped nor through any: the stack's own business
  // between the hooks (TTL 1, an incomplete fragment, a martian address).
  bool input = false;
  bool forward = false;
  bool output = false;
  std::optional<Rejection> rejection;
  // What the host meant to say to the sender, whether or not OUTPUT let it out.
  std::optional<Rejection> meant;
  uint32_t mark = 0;  // as the last of those hooks let it through
  Bytes received;     // itself as INPUT let it through, cut at 128 bytes
  // All that left through the interfaces: itself, a refusal. What comes through lo to the host, but
  // the packet itself, is among it as "lo", cut at 128 bytes.
  std::vector<Emitted> emitted;
  int error = 0;  // errno of the sending; EPERM is what OUTPUT's drop looks like
};

std::string text(Verdict verdict);
std::string text(const Outcome& outcome);  // "accepted input", "rejected icmp 3/3", ...

// Packets through a namespace's firewall, and what became of each, seen without asking the
// firewall.
//
// An observer's table `inet bulkhead_observer` has a chain before everything (priority -500) and
// one behind everything (300) in each hook, which log to NFLOG. A packet written to a tun runs
// through all hooks inside write(2), and so do its NFLOG messages and a refusal's way out: when
// write returns, all is there to be read without waiting. Only what goes through lo may be left to
// another thread of the kernel; there a sentinel, put on lo behind it and logged by the observer
// alone, says when it is done.
// (`nft flush ruleset` in the namespace blinds the rig; strays() and arrived show it.)
class PacketRig {
 public:
  explicit PacketRig(NetNamespace& net, RigOptions options = {});
  ~PacketRig();

  Outcome inject(const std::string& interface, const Bytes& packet);
  Outcome send(const Bytes& packet);
  // Faster for many, in order.
  std::vector<Outcome> run(std::span<const Step> steps);

  void flush_conntrack();
  // Packets seen that nobody sent; 0 or something disturbs the counters.
  size_t strays() const { return strays_; }

 private:
  struct RawSockets {
    UniqueFd v4, v6;
  };

  Outcome run_step(const Step& step);
  void put_marks(const Step& step);
  void take(const LogEvent& event, const Step& step, Outcome& outcome);
  void read_devices(const Step& step, Outcome& outcome);
  int send_raw(const Step& step);
  RawSockets& sockets_of(uint32_t user, uint32_t group);
  void wait_for_loopback(const Step& step, Outcome& outcome);
  void configure(const RigOptions& options);
  TunDevice& device(const std::string& name);

  NetNamespace& net_;
  bool deliver_;
  std::pair<uint32_t, uint32_t>
      marks_{};  // those that packets get now: their own, the connection's
  std::vector<std::unique_ptr<TunDevice>> devices_;
  std::unique_ptr<NflogReader> log_;
  std::unique_ptr<ConntrackFlusher> flusher_;
  std::map<std::pair<uint32_t, uint32_t>, RawSockets> raw_;  // by user and group
  UniqueFd loopback_;
  Bytes sentinel_;
  unsigned on_loopback_ = 0;  // packets on their way through lo
  bool sentinel_seen_ = false;
  size_t strays_ = 0;
};

}  // namespace bulkhead::testing
