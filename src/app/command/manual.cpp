// SPDX-License-Identifier: GPL-2.0-or-later
#include "app/command/manual.h"

#include "app/console.h"
#include "app/report.h"
#include "ext/help.h"
#include "ext/row.h"

namespace bulkhead::app {

std::string extensions_manual() {
  std::string text =
      ".TH BULKHEAD-EXTENSIONS 8 \"\" \"Bulkhead\" \"System administration\"\n"
      ".SH NAME\n"
      "bulkhead-extensions \\- the matches and targets of rules\n"
      ".SH MATCHES\n"
      "A match is loaded with\n"
      ".BR \\-m ,\n"
      "and some by\n"
      ".BR \\-p .\n";
  for (const ext::Match* match : ext::matches()) text += ext::manual(*match);
  text +=
      ".SH TARGETS\n"
      "A target stands behind\n"
      ".BR \\-j .\n";
  for (const ext::Target* target : ext::targets()) text += ext::manual(*target);
  return text + ".SH SEE ALSO\n.BR bulkhead (8),\n.BR iptables (8)\n";
}

int run_manual() {
  print(extensions_manual());
  return kDone;
}

}  // namespace bulkhead::app
