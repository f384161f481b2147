// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/rig.h"

#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/fsuid.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <set>
#include <thread>

#include <fmt/format.h>

#include "support/observer.h"

namespace bulkhead::testing {
namespace {

constexpr uint32_t kLoopbackIndex = 1;   // in every namespace
constexpr int kLoopbackPatience = 5000;  // milliseconds; reached only when something is broken

// One queue of lo belongs to each processor, and a sentinel is behind a packet only in the same
// one.
class OneProcessor {
 public:
  OneProcessor() {
    sched_getaffinity(0, sizeof old_, &old_);
    cpu_set_t here;
    CPU_ZERO(&here);
    CPU_SET(static_cast<size_t>(sched_getcpu()), &here);
    sched_setaffinity(0, sizeof here, &here);
  }
  ~OneProcessor() { sched_setaffinity(0, sizeof old_, &old_); }
  OneProcessor(const OneProcessor&) = delete;
  OneProcessor& operator=(const OneProcessor&) = delete;

 private:
  cpu_set_t old_;
};

UniqueFd open_socket(int family, int type, int protocol) {
  UniqueFd fd(socket(family, type | SOCK_CLOEXEC, protocol));
  if (!fd) throw_errno("raw socket");
  return fd;
}

const std::vector<std::pair<std::string, std::string>>& quiet_sysctls() {
  static const std::vector<std::pair<std::string, std::string>> kSettings = {
      // Refusals must not depend on how many there were before. (The v6 mask takes no empty text;
      // 255 is no type.)
      {"net.ipv4.icmp_ratemask", "0"},
      {"net.ipv6.icmp.ratemask", "255"},
      {"net.ipv6.icmp.ratelimit", "0"},
      // Any source may come in anywhere, also our own; nothing but verdicts comes back.
      {"net.ipv4.conf.all.rp_filter", "0"},
      {"net.ipv4.conf.default.rp_filter", "0"},
      {"net.ipv4.conf.all.accept_local", "1"},
      {"net.ipv4.conf.default.accept_local", "1"},
      {"net.ipv4.conf.all.send_redirects", "0"},
      {"net.ipv4.conf.default.send_redirects", "0"},
      {"net.ipv4.ip_forward", "1"},
      {"net.ipv6.conf.all.forwarding", "1"},
      {"net.ipv6.conf.default.forwarding", "1"},
      {"net.ipv6.conf.default.accept_ra", "0"},
      {"net.ipv6.conf.default.accept_dad", "0"},
      {"net.ipv6.conf.default.router_solicitations", "0"},
      {"net.ipv6.conf.default.addr_gen_mode", "1"},
  };
  return kSettings;
}

// A slow machine must not let a connection expire in the middle of a test.
const std::vector<std::pair<std::string, std::string>>& patient_conntrack() {
  static const std::vector<std::pair<std::string, std::string>> kSettings = {
      {"net.netfilter.nf_conntrack_tcp_loose", "1"},
      {"net.netfilter.nf_conntrack_tcp_be_liberal", "0"},
      {"net.netfilter.nf_conntrack_checksum", "1"},
      {"net.netfilter.nf_conntrack_log_invalid", "0"},
      {"net.netfilter.nf_conntrack_udp_timeout", "600"},
      {"net.netfilter.nf_conntrack_udp_timeout_stream", "600"},
      {"net.netfilter.nf_conntrack_icmp_timeout", "600"},
      {"net.netfilter.nf_conntrack_icmpv6_timeout", "600"},
      {"net.netfilter.nf_conntrack_tcp_timeout_close", "600"},
  };
  return kSettings;
}

}  // namespace

PacketRig::PacketRig(NetNamespace& net, RigOptions options)
    : net_(net), deliver_(options.deliver), sentinel_(sentinel_packet()) {
  if (options.interfaces.empty()) throw SupportError("a rig needs an interface");
  for (const auto& [name, value] : quiet_sysctls()) net.set_sysctl(name, value);
  net.run([&] {
    for (const RigInterface& interface : options.interfaces) {
      const bool tap = interface.ethernet || !interface.bridge.empty();
      devices_.push_back(std::make_unique<TunDevice>(interface.name, tap));
    }
    loopback_ = open_socket(AF_PACKET, SOCK_DGRAM, 0);
    log_ = std::make_unique<NflogReader>(kObserverGroup);
    flusher_ = std::make_unique<ConntrackFlusher>();
  });
  configure(options);
}

PacketRig::~PacketRig() = default;

namespace {

// An IPv6 address is the host's own once the kernel has noticed that its link is up, which takes a
// while on a busy machine.
void await_addresses(NetNamespace& net, const RigOptions& options) {
  constexpr auto kPatience = std::chrono::seconds(10);
  constexpr auto kPause = std::chrono::milliseconds(5);
  const auto end = std::chrono::steady_clock::now() + kPatience;
  const auto all_local = [&] {
    const std::string routes = net.must_exec({"ip", "-6", "route", "show", "table", "local"}, {});
    for (const RigInterface& interface : options.interfaces) {
      for (const std::string& address : interface.addresses) {
        const std::string own = "local " + address.substr(0, address.find('/')) + " ";
        if (address.find(':') != std::string::npos && routes.find(own) == std::string::npos)
          return false;
      }
    }
    return true;
  };
  while (!all_local() && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(kPause);
}

}  // namespace

void PacketRig::configure(const RigOptions& options) {
  // Before the links are up: the kernel announces its multicast groups as soon as it can.
  net_.must_exec({"nft", "-f", "-"}, {.input = observer_ruleset(
                                          options.untracked, options.conntrack, options.deliver)});
  std::string commands;
  std::set<std::string> bridges;
  for (const RigInterface& interface : options.interfaces) {
    const std::string& bridge = interface.bridge;
    if (!bridge.empty() && bridges.insert(bridge).second) {
      commands += fmt::format(
          "link add {0} type bridge mcast_snooping 0\nlink set dev {0} arp off up\n", bridge);
    }
    if (!bridge.empty())
      commands += fmt::format("link set dev {} master {}\n", interface.name, bridge);
    // Without ARP the kernel knows every neighbour at once, on a tap too.
    commands += fmt::format("link set dev {} arp off up\n", interface.name);
    for (const std::string& address : interface.addresses) {
      const bool ip6 = address.find(':') != std::string::npos;
      commands +=
          fmt::format("address add {} dev {}{}\n", address, interface.name, ip6 ? " nodad" : "");
    }
  }
  commands += fmt::format("route add 0.0.0.0/0 dev {0}\nroute add ::/0 dev {0}\n",
                          options.interfaces[0].name);
  net_.must_exec({"ip", "-batch", "-"}, {.input = commands});
  await_addresses(net_, options);
  if (!bridges.empty()) {
    for (const char* family : {"iptables", "ip6tables"})
      net_.set_sysctl(fmt::format("net.bridge.bridge-nf-call-{}", family), "1");
  }
  if (options.conntrack) {
    for (const auto& [name, value] : patient_conntrack()) net_.set_sysctl(name, value);
  }
  for (const auto& [name, value] : options.sysctls) net_.set_sysctl(name, value);
}

TunDevice& PacketRig::device(const std::string& name) {
  for (const auto& device : devices_) {
    if (device->name() == name) return *device;
  }
  throw SupportError("the rig has no interface " + name);
}

Outcome PacketRig::inject(const std::string& interface, const Bytes& packet) {
  const Step step{.interface = interface, .packet = packet};
  return run({&step, 1})[0];
}

Outcome PacketRig::send(const Bytes& packet) { return inject("", packet); }

std::vector<Outcome> PacketRig::run(std::span<const Step> steps) {
  const OneProcessor pinned;
  std::vector<Outcome> outcomes;
  outcomes.reserve(steps.size());
  // What has come between two runs belongs to no packet of ours.
  size_t between = log_->drain([](const LogEvent&) {});
  for (const auto& device : devices_) between += device->read_all().size();
  if (!deliver_) strays_ += between;
  for (const Step& step : steps) outcomes.push_back(run_step(step));
  return outcomes;
}

void PacketRig::put_marks(const Step& step) {
  const std::pair marks{step.mark, step.connection_mark};
  if (marks == marks_) return;
  net_.must_exec({"nft", "-f", "-"}, {.input = marking_ruleset(step.mark, step.connection_mark)});
  marks_ = marks;
}

Outcome PacketRig::run_step(const Step& step) {
  put_marks(step);
  Outcome outcome;
  on_loopback_ = 0;
  if (step.interface.empty()) {
    outcome.error = send_raw(step);
  } else {
    TunDevice& tun = device(step.interface);
    outcome.error =
        tun.write(step.packet, step.source_mac, step.destination_mac.value_or(tun.mac()));
  }
  log_->drain([&](const LogEvent& event) { take(event, step, outcome); });
  if (on_loopback_ > 0) wait_for_loopback(step, outcome);
  read_devices(step, outcome);
  const bool accepted = step.interface.empty() ? outcome.output : outcome.input || outcome.forward;
  outcome.verdict = accepted            ? Verdict::kAccepted
                    : outcome.rejection ? Verdict::kRejected
                                        : Verdict::kDropped;
  return outcome;
}

void PacketRig::take(const LogEvent& event, const Step& step, Outcome& outcome) {
  const bool own = same_packet(step.packet, event.packet);
  const bool outgoing = step.interface.empty();
  const bool looped = event.in_index == kLoopbackIndex;
  bool expected = own;
  const auto came_through = [&](bool& hook) {
    hook = true;
    outcome.mark = event.mark;
  };
  switch (event.prefix.empty() ? '\0' : event.prefix[0]) {
    case kSentinel: sentinel_seen_ = true; return;
    case kArrived:
      if (own && !outgoing) outcome.arrived = true;
      break;
    case kThroughInput:
      if (!own) break;
      came_through(outcome.input);
      outcome.received = event.packet;
      break;
    case kThroughForward:
      if (own) came_through(outcome.forward);
      break;
    case kSent:
      if (own && outgoing) outcome.arrived = true;
      if (!own && !outcome.meant) outcome.meant = parse_rejection(event.packet);
      break;
    case kThroughOutput:
      if (own && outgoing) came_through(outcome.output);
      break;
    case kToLoopback:
      ++on_loopback_;
      if (own) break;
      if (!outcome.rejection) outcome.rejection = parse_rejection(event.packet);
      outcome.emitted.push_back({"lo", event.packet});
      break;
    default: expected = false;
  }
  if (!expected) expected = looped || deliver_ || parse_rejection(event.packet).has_value();
  if (!expected) ++strays_;
}

void PacketRig::read_devices(const Step& step, Outcome& outcome) {
  for (const auto& device : devices_) {
    for (Bytes& packet : device->read_all()) {
      if (!outcome.rejection && !same_packet(step.packet, packet))
        outcome.rejection = parse_rejection(packet);
      outcome.emitted.push_back({device->name(), std::move(packet)});
    }
  }
}

// A socket belongs to whom the thread that made it was to the file system: that may change without
// losing the right to raw sockets.
PacketRig::RawSockets& PacketRig::sockets_of(uint32_t user, uint32_t group) {
  RawSockets& sockets = raw_[{user, group}];
  if (sockets.v4) return sockets;
  net_.run([&] {
    setfsgid(group);
    setfsuid(user);
    sockets.v4 = open_socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
    sockets.v6 = open_socket(AF_INET6, SOCK_RAW, IPPROTO_RAW);
  });
  const int on = 1;
  setsockopt(sockets.v4.get(), SOL_SOCKET, SO_BROADCAST, &on, sizeof on);
  return sockets;
}

int PacketRig::send_raw(const Step& step) {
  const Bytes& packet = step.packet;
  const RawSockets& sockets = sockets_of(step.user, step.group);
  const bool ip6 = !packet.empty() && packet[0] >> 4 == 6;
  if (packet.size() < (ip6 ? 40u : 20u))
    throw SupportError("the host can't send less than an IP header");
  sockaddr_in to4{};
  sockaddr_in6 to6{};
  to4.sin_family = AF_INET;
  to6.sin6_family = AF_INET6;
  std::memcpy(&to4.sin_addr, packet.data() + 16, 4);
  if (ip6) std::memcpy(&to6.sin6_addr, packet.data() + 24, 16);
  const ssize_t sent = ip6 ? sendto(sockets.v6.get(), packet.data(), packet.size(), 0,
                                    reinterpret_cast<sockaddr*>(&to6), sizeof to6)
                           : sendto(sockets.v4.get(), packet.data(), packet.size(), 0,
                                    reinterpret_cast<sockaddr*>(&to4), sizeof to4);
  return sent < 0 ? errno : 0;
}

// What the looped packets themselves send through lo (a refusal of a refusal there is none) may
// need another round.
void PacketRig::wait_for_loopback(const Step& step, Outcome& outcome) {
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETHERTYPE_IP);
  address.sll_ifindex = kLoopbackIndex;
  address.sll_halen = ETH_ALEN;
  for (unsigned settled = 0; settled != on_loopback_;) {
    settled = on_loopback_;
    sentinel_seen_ = false;
    if (sendto(loopback_.get(), sentinel_.data(), sentinel_.size(), 0,
               reinterpret_cast<sockaddr*>(&address), sizeof address) < 0) {
      throw_errno("sentinel");
    }
    while (!sentinel_seen_) {
      if (!log_->wait(kLoopbackPatience)) throw SupportError("the sentinel on lo was not seen");
      log_->drain([&](const LogEvent& event) { take(event, step, outcome); });
    }
  }
}

void PacketRig::flush_conntrack() { flusher_->flush(); }

std::string text(Verdict verdict) {
  return verdict == Verdict::kAccepted   ? "accepted"
         : verdict == Verdict::kRejected ? "rejected"
                                         : "dropped";
}

std::string text(const Outcome& outcome) {
  std::string result = text(outcome.verdict);
  if (outcome.verdict == Verdict::kRejected) result += " " + outcome.rejection->text();
  if (outcome.input) result += " input";
  if (outcome.forward) result += " forward";
  if (outcome.output) result += " output";
  return outcome.arrived ? result : result + " (never arrived)";
}

}  // namespace bulkhead::testing
