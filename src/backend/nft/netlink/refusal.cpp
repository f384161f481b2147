// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/nft/netlink/refusal.h"

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include <fmt/format.h>

#include "backend/nft/expr.h"
#include "backend/nft/netlink/attributes.h"
#include "backend/nft/netlink/writer.h"
#include "backend/nft/user_data.h"

namespace bulkhead::backend::nft::netlink {
namespace {

constexpr uint16_t kNewRule = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWRULE;
constexpr uint16_t kNewObject = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWOBJ;

const nlmsghdr* find_message(std::span<const uint8_t> batch, uint32_t sequence) {
  int left = static_cast<int>(batch.size());
  for (const auto* message = reinterpret_cast<const nlmsghdr*>(batch.data());
       mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left)) {
    if (message->nlmsg_seq == sequence) return message;
  }
  return nullptr;
}

// A match or a target of xtables.
struct Extension {
  bool is_target = false;
  std::string name;
  uint32_t revision = 0;
};

// The one whose expression begins there; nothing if it is another kind of expression.
std::optional<Extension> extension_at(const nlmsghdr* message, uint32_t offset) {
  std::optional<Extension> found;
  const Attributes rule(message);
  for_each_attribute(rule.bytes(NFTA_RULE_EXPRESSIONS), [&](const nlattr* element) {
    const auto at = reinterpret_cast<const char*>(element) - reinterpret_cast<const char*>(message);
    if (at != static_cast<ptrdiff_t>(offset)) return;
    const Attributes expression(element);
    const std::string_view kind = expression.text(NFTA_EXPR_NAME);
    const Attributes data = expression.nested(NFTA_EXPR_DATA);
    if (kind == XtTarget::kName)
      found = {true, std::string(data.text(NFTA_TARGET_NAME)), data.u32(NFTA_TARGET_REV)};
    if (kind == XtMatch::kName)
      found = {false, std::string(data.text(NFTA_MATCH_NAME)), data.u32(NFTA_MATCH_REV)};
  });
  return found;
}

// A refusal by the extension itself may have the same errno value as one for want of it, so the
// kernel is asked.
bool is_missing(Socket& socket, const Extension& extension, uint8_t family) {
  Writer request;
  // Its answer claims to be one of several; only an acknowledgement ends it.
  request.begin(NFNL_SUBSYS_NFT_COMPAT, NFNL_MSG_COMPAT_GET, NLM_F_ACK, family,
                socket.next_sequence());
  request.put_text(NFTA_COMPAT_NAME, extension.name);
  request.put_u32(NFTA_COMPAT_REV, extension.revision);
  request.put_u32(NFTA_COMPAT_TYPE, extension.is_target ? 1 : 0);
  request.end();
  const auto answer = socket.dump(request.bytes(), [](const nlmsghdr*) {});
  return !answer &&
         (answer.error().errno_value == ENOENT || answer.error().errno_value == EPROTONOSUPPORT);
}

Error extension_error(Socket& socket, const Extension& extension, const Reply& reply,
                      uint8_t family, const std::string& what) {
  const std::string_view kind = extension.is_target ? "target" : "match";
  if (is_missing(socket, extension, family)) {
    return {.kind = ErrorKind::kRefused,
            .message = fmt::format("Extension {} revision {} not supported, missing kernel module?",
                                   extension.name, extension.revision),
            .hint = fmt::format("{} asks for {} {}, which this kernel doesn't have", what, kind,
                                extension.name),
            .errno_value = ENOENT};
  }
  return {.kind = ErrorKind::kRefused,
          .message = fmt::format("the kernel refused {} {} in {}: {}", kind, extension.name, what,
                                 std::strerror(reply.error)),
          .errno_value = reply.error};
}

// About the machine or the moment, whatever it points at.
bool is_general(int errno_value) {
  return errno_value == EPERM || errno_value == EACCES || errno_value == ERESTART ||
         errno_value == ENOMEM;
}

}  // namespace

Error refusal(Socket& socket, const Reply& reply, std::span<const uint8_t> batch,
              const std::string& what) {
  Error error = kernel_error(reply.error, fmt::format("the kernel refused {}", what));
  const nlmsghdr* message = find_message(batch, reply.sequence);
  if (message != nullptr && message->nlmsg_type == kNewRule) {
    const auto family = static_cast<const nfgenmsg*>(mnl_nlmsg_get_payload(message))->nfgen_family;
    const auto extension = extension_at(message, reply.offset);
    if (extension && !is_general(reply.error))
      error = extension_error(socket, *extension, reply, family, what);
    error.rule = rule_id_of(Attributes(message).raw_text(NFTA_RULE_USERDATA));
  }
  // The table is new or was just looked at, so it is the helper that isn't there.
  if (message != nullptr && message->nlmsg_type == kNewObject && reply.error == ENOENT) {
    const Attributes helper = Attributes(message).nested(NFTA_OBJ_DATA);
    error = {.kind = ErrorKind::kRefused,
             .message = fmt::format("the kernel has no helper \"{}\" for this protocol",
                                    helper.text(NFTA_CT_HELPER_NAME)),
             .errno_value = ENOENT};
  }
  if (!reply.message.empty()) error.message += fmt::format(" ({})", reply.message);
  return error;
}

}  // namespace bulkhead::backend::nft::netlink
