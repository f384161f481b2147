// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/json.h"
#include "lab/report.h"

namespace bulkhead::lab {

using app::Json;

namespace {

Json to_json(const Matrix& matrix) {
  Json cells = Json::array();
  for (std::size_t row = 0; row < matrix.rows.size(); ++row) {
    for (std::size_t column = 0; column < matrix.columns.size(); ++column) {
      const std::optional<Cell>& cell = matrix.cells[row][column];
      if (!cell) continue;
      cells.push_back({{"from", matrix.rows[row]},
                       {"to", matrix.columns[column]},
                       {"expected", word(cell->expected)},
                       {"seen", word(cell->seen.reach)},
                       {"detail", cell->seen.detail}});
    }
  }
  return {{"title", matrix.title}, {"connections", std::move(cells)}};
}

Json to_json(const Record::Entry& entry) {
  const Step& step = entry.step;
  Json json = {{"chapter", entry.chapter},
               {"host", step.host},
               {step.command ? "command" : "attempt", step.action}};
  json["result"] = step.skipped() ? "skipped" : step.as_expected() ? "ok" : "differs";
  json["expected"] = step.expected;
  json["seen"] = step.seen;
  json["detail"] = step.detail;
  json["output"] = step.output;
  return json;
}

}  // namespace

std::string to_json(const Record& record) {
  Json json = {{"iptables", record.iptables},
               {"user_namespace", record.own_users},
               {"ok", record.differing() == 0 && record.trouble.empty()},
               {"seconds", record.seconds},
               {"trouble", record.trouble}};
  json["hosts"] = Json::array();
  for (const Record::Address& host : record.hosts)
    json["hosts"].push_back({{"name", host.host}, {"pid", host.pid}});
  json["steps"] = Json::array();
  for (const Record::Entry& entry : record.steps) json["steps"].push_back(to_json(entry));
  json["matrices"] = Json::array();
  for (const Matrix& matrix : record.matrices) json["matrices"].push_back(to_json(matrix));
  return app::json_text(json);
}

}  // namespace bulkhead::lab
