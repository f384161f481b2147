// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/command/trace.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/report.h"
#include "app/summary.h"
#include "app/trace_words.h"

namespace bulkhead::app {

namespace {

using Clock = std::chrono::steady_clock;

// Of all packets, told over a connection to this host, each makes more.
constexpr size_t kWithoutWords = 10;

// Ctrl-C and its like as something to poll: they end a trace, not the process.
class Interrupt {
 public:
  Interrupt() {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, signal);
    sigprocmask(SIG_BLOCK, &signals, &before_);
    descriptor_ = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
  }
  ~Interrupt() {
    // One that was heard is done with; another one ends the process as ever.
    signalfd_siginfo heard{};
    while (read(descriptor_, &heard, sizeof heard) == sizeof heard) {
    }
    close(descriptor_);
    sigprocmask(SIG_SETMASK, &before_, nullptr);
  }
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  int descriptor() const { return descriptor_; }

 private:
  sigset_t before_;
  int descriptor_;
};

// Rounded up, so that what is waited for has come when poll(2) gives up.
int milliseconds_until(std::optional<Clock::time_point> when) {
  if (!when) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*when - Clock::now()).count();
  constexpr int64_t kLongest = 60'000;
  return static_cast<int>(std::clamp<int64_t>(left, 0, kLongest));
}

std::optional<Clock::time_point> earlier(std::optional<Clock::time_point> a,
                                         std::optional<Clock::time_point> b) {
  return a && b ? std::min(*a, *b) : a ? a : b;
}

// Wakes up when a step or an interrupt comes, or when a packet has been quiet for long.
class Session {
 public:
  Session(const TraceOptions& options, backend::Backend& backend, backend::Tracer& tracer,
          std::optional<size_t> count)
      : options_(options),
        store_(backend),
        tracer_(tracer),
        count_(count),
        packets_(options.listen),
        paint_(wants_color(options.color, STDOUT_FILENO)) {
    if (options.time) end_ = Clock::now() + *options.time;
  }

  Result<void> run(const Interrupt& interrupt) {
    while (!done()) {
      pollfd waits[] = {{interrupt.descriptor(), POLLIN, 0}, {tracer_.descriptor(), POLLIN, 0}};
      const int ready = poll(waits, 2, milliseconds_until(earlier(end_, packets_.next())));
      if (ready < 0 && errno != EINTR) {
        return Error{.message = fmt::format("can't wait for packets: {}", std::strerror(errno)),
                     .errno_value = errno};
      }
      if (auto taken = take(); !taken) return taken;
      if (waits[0].revents != 0) break;
    }
    return {};
  }

  const TraceTotals& totals() const { return totals_; }

 private:
  bool done() const {
    return (count_ && told_ >= *count_) || (end_ && Clock::now() >= *end_) ||
           std::ferror(stdout) != 0;  // who read it has gone away
  }

  Result<void> take() {
    auto came = tracer_.take();
    if (!came) return came.error();
    if (came->lost) ++totals_.lost_events;
    if (!came->events.empty()) {
      if (auto read = read_rules(came->generation); !read) return read;
    }
    const Moment now{std::chrono::system_clock::now(), Clock::now()};
    for (backend::TraceEvent& event : came->events) packets_.add(std::move(event), now);
    if (came->gap) packets_.miss();
    for (const PacketTrace& packet : packets_.take(now.steady)) tell(packet);
    return {};
  }

  // A table that is damaged has no rules to tell of: its rules are then named as nft(8) does.
  Result<void> read_rules(uint32_t generation) {
    if (generation == generation_) return {};
    auto view = store_.look();
    if (!view) return view.error();
    rules_ = WrittenRules(*view);
    generation_ = generation;
    return {};
  }

  void tell(const PacketTrace& packet) {
    if (count_ && told_ >= *count_) return;
    ++told_;
    const TraceReport report = report_of(packet, rules_);
    ++totals_.fates[report.fate];
    print(options_.json ? trace_json(report) : trace_text(report, paint_));
  }

  const TraceOptions& options_;
  Store store_;
  backend::Tracer& tracer_;
  std::optional<size_t> count_;
  std::optional<Clock::time_point> end_;
  PacketTraces packets_;
  Paint paint_;
  WrittenRules rules_;
  uint32_t generation_ = 0;
  size_t told_ = 0;
  TraceTotals totals_;
};

Result<std::vector<backend::TraceStart>, Failure> starts_of(const TraceOptions& options) {
  if (!options.listen) return trace_starts(options.words, options.family, net::SystemNames());
  if (!options.words.empty()) {
    return Failure{{.kind = ErrorKind::kUsage,
                    .message = "--listen hears of what rules have marked: it takes no description"},
                   {}};
  }
  std::vector<backend::TraceStart> starts;
  for (const net::Family family : net::kFamilies) {
    if (!options.family || *options.family == family) starts.push_back({.family = family});
  }
  return starts;
}

std::string what(const TraceOptions& options, const std::vector<backend::TraceStart>& starts,
                 std::optional<size_t> count) {
  std::vector<std::string_view> families;
  for (const backend::TraceStart& start : starts) families.push_back(family_name(start.family));
  const std::string packets = options.listen ? "packets that a rule has marked"
                              : options.words.empty()
                                  ? "all packets"
                                  : fmt::format("{}", fmt::join(options.words, " "));
  const std::string first = count ? fmt::format(", the first {}", *count) : "";
  return fmt::format("tracing {} ({}){}; Ctrl-C ends it", printable(packets),
                     fmt::join(families, ", "), first);
}

}  // namespace

int run_trace(const TraceOptions& options) {
  const auto starts = starts_of(options);
  if (!starts) return report(starts.error());
  const auto backend = open_backend();
  if (!backend) return report(backend.error());
  const Interrupt interrupt;
  const auto tracer = open_tracer(*starts);
  if (!tracer) return report(tracer.error());

  std::optional<size_t> count = options.count;
  if (!count && options.words.empty() && !options.listen) count = kWithoutWords;
  if (count == 0) count.reset();
  say(fmt::format("{}\n", what(options, *starts, count)));
  Session session(options, **backend, **tracer, count);
  const auto done = session.run(interrupt);
  say(trace_summary(session.totals()));
  return done ? kDone : report(done.error());
}

}  // namespace bulkhead::app
