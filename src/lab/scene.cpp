// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/scene.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace bulkhead::lab {
namespace {

std::string first_line(const std::string& text) {
  const std::vector<std::string> lines = split_lines(text);
  return lines.empty() ? std::string() : trim(lines.front());
}

Reach reach_of(char letter) {
  return letter == 'R' ? Reach::kReached : letter == 'x' ? Reach::kRefused : Reach::kSilent;
}

std::string end_trimmed(const std::string& line) {
  const std::size_t last = line.find_last_not_of(" \t");
  return last == std::string::npos ? std::string() : line.substr(0, last + 1);
}

}  // namespace

Observed accepted(int status, const std::string& output) {
  if (status == 0 && trim(output).empty()) return {kAccepted, ""};
  return {fmt::format("exit {}", status), first_line(output)};
}

Observe prints(std::vector<std::string> lines, std::string called) {
  return [lines = std::move(lines), called = std::move(called)](
             int status, const std::string& output) -> Observed {
    std::vector<std::string> printed;
    for (const std::string& line : split_lines(output)) printed.push_back(end_trimmed(line));
    while (!printed.empty() && printed.back().empty()) printed.pop_back();
    if (status != 0) return {fmt::format("exit {}", status), first_line(output)};
    return {printed == lines ? called : "something else", ""};
  };
}

Observe mentions(std::vector<std::string> texts, std::string called) {
  return [texts = std::move(texts), called = std::move(called)](
             int status, const std::string& output) -> Observed {
    if (status != 0) return {fmt::format("exit {}", status), first_line(output)};
    for (const std::string& text : texts) {
      if (output.find(text) == std::string::npos)
        return {fmt::format("nothing of \"{}\"", text), ""};
    }
    return {called, ""};
  };
}

Result<void> Scene::log_in() {
  session_.reset();
  Step step;
  step.host = network_.hypervisor.name();
  step.action = fmt::format("ssh root@{}", address::kWebServer);
  step.expected = "a login";
  Result<Session> session = Session::open(network_.hypervisor, address::kWebServer);
  if (!session) {
    locked_out_ = true;
    step.seen = "none";
    step.detail = session.error().message;
    report_.step(std::move(step));
    return {};
  }
  step.seen = "a login";
  step.detail = fmt::format("from {}", session->client_end());
  session_.emplace(std::move(*session));
  report_.step(std::move(step));
  return {};
}

void Scene::type(const std::string& command, const std::string& expected, const Observe& observe,
                 Milliseconds timeout) {
  Step step;
  step.host = network_.web_server.name();
  step.action = command;
  step.expected = expected;
  const Session::Typed typed = session_ ? session_->type(command, timeout) : Session::Typed{};
  step.output = typed.output;
  // An answer can still come out of a host that lets nothing in any more: one more round trip.
  if (typed.answered && session_->type(":").answered) {
    Observed observed = observe(typed.status, typed.output);
    step.seen = std::move(observed.seen);
    step.detail = std::move(observed.detail);
  } else {
    step.seen = session_ ? "the session is dead" : "there is no session";
    session_.reset();
    locked_out_ = true;
  }
  report_.step(std::move(step));
}

void Scene::on(const Host& host, const std::string& command, const std::string& expected,
               const Observe& observe, Milliseconds timeout) {
  Step step;
  step.host = host.name();
  step.action = command;
  step.expected = expected;
  const Result<Finished> done = host.shell(command, timeout);
  if (!done) {
    step.seen = done.error().message;
  } else if (done->timed_out) {
    step.seen = "it did not end";
  } else {
    Observed observed = observe(done->status, done->output);
    step.seen = std::move(observed.seen);
    step.detail = std::move(observed.detail);
    step.output = done->output;
  }
  report_.step(std::move(step));
}

void Scene::attempt(const Host& host, const std::string& what, const Service& to, Reach expected) {
  const Seen seen = try_all({{&host, to, patience_for(expected)}}).front();
  found(host, what, std::string(word(expected)), {std::string(word(seen.reach)), seen.detail});
}

void Scene::found(const Host& host, const std::string& what, const std::string& expected,
                  Observed observed) {
  report_.step({host.name(),
                what,
                false,
                expected,
                std::move(observed.seen),
                std::move(observed.detail),
                {}});
}

void Scene::leave_out(const Host& host, const std::string& command) {
  report_.step({host.name(),
                command,
                true,
                {},
                {},
                "there is no bulkhead command beside these iptables",
                {}});
}

Matrix Scene::connect_everybody(const std::string& title,
                                const std::vector<std::string>& expected) {
  Network& net = network_;
  const std::vector<const Host*> from = {&net.hypervisor, &net.client,      &net.attacker,
                                         &net.outside,    &net.back_office, &net.web_server};
  Matrix matrix;
  matrix.title = title;
  matrix.columns = {"ssh", "web", "debug", "database", "backoffice", "outside"};
  matrix.details = {"port 22", "port 80", "port 9000", "on its lo", "behind it", "its web"};
  std::vector<Attempt> attempts;
  for (std::size_t row = 0; row < from.size(); ++row) {
    const bool itself = from[row] == &net.web_server;
    const std::string server = itself ? address::kLoopback : address::kWebServer;
    const std::vector<Service> services = {ssh_at(server),
                                           web_at(server),
                                           debug_at(server),
                                           database_at(server),
                                           web_at(address::kBackOffice),
                                           web_at(address::kOutside)};
    matrix.rows.push_back(from[row]->name() + (itself ? " itself" : ""));
    matrix.cells.emplace_back();
    for (std::size_t column = 0; column < services.size(); ++column) {
      matrix.cells.back().emplace_back();
      if (expected[row][column] == '-') continue;
      const Reach reach = reach_of(expected[row][column]);
      matrix.cells.back().back() = Cell{reach, {}};
      attempts.push_back({from[row], services[column], patience_for(reach)});
    }
  }
  std::vector<Seen> seen = try_all(attempts);
  std::size_t next = 0;
  for (auto& row : matrix.cells) {
    for (std::optional<Cell>& cell : row) {
      if (cell) cell->seen = std::move(seen[next++]);
    }
  }
  return matrix;
}

}  // namespace bulkhead::lab
