// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// The words in which claims speak of packets: "not management", "tcp/22", "eth+", "new".

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "policy/claims.h"
#include "policy/toml_document.h"

namespace bulkhead::policy {

// Reads values of a claims file; knows the groups and services that it has named so far. Errors
// have their place.
class Words {
 public:
  Words(const Source& source, const net::Names& names) : source_(source), names_(names) {}

  Result<void> name_group(const TomlEntry& entry);
  Result<void> name_service(const TomlEntry& entry);

  // "management", "not management", "subnet but management", "192.0.2.0/24", "192.0.2.1-192.0.2.9",
  // "any", or a list of such.
  Result<Addresses> addresses(const TomlValue& value) const;
  Result<Services> services(const TomlValue& value) const;  // "tcp/22", "not web", or a list
  Result<ir::ValueSet> protocols(const TomlValue& value) const;
  Result<ir::ValueSet> ports(const TomlValue& value) const;
  Result<ir::ValueSet> interfaces(const TomlValue& value) const;
  Result<ir::ValueSet> states(const TomlValue& value) const;

  Error wrong(Span span, std::string message, std::string hint = {}) const;

 private:
  struct Word {
    std::string_view text;
    Span span;
  };
  // A string's words; an error if there is none.
  Result<std::vector<Word>> words(const TomlValue& value, std::string_view wanted) const;
  Result<Addresses> address_term(const Word& word) const;
  Result<Addresses> address_words(const TomlValue& value) const;
  Result<std::vector<Service>> service_term(const Word& word) const;
  Result<ir::ValueSet> port_term(const Word& word, std::string_view protocol) const;

  // A set of values of `width` bits: a term, "not" a term, "any", or a list of terms.
  template <class Term>
  Result<ir::ValueSet> values(const TomlValue& value, unsigned width, std::string_view wanted,
                              const Term& term) const;

  const Source& source_;
  const net::Names& names_;
  std::map<std::string, Addresses, std::less<>> groups_;
  std::map<std::string, std::vector<Service>, std::less<>> services_;
};

}  // namespace bulkhead::policy
