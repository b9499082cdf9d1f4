#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace retaind::transport {

/// The signing key in a `secret-file` of Standard Webhooks 1.0.0: base64 of 24 to 64 bytes, with or
/// without "whsec_".
Result<std::string> parse_webhook_secret(std::string_view text);

/// The webhook-id of a message: the same over retries. Characters that a header or the signed text
/// could stumble over (also ".", which separates its parts) become "_".
std::string webhook_id(std::string_view message_id);

/// "v1,…": HMAC-SHA256 of "id.timestamp.body".
std::string webhook_signature(std::string_view key, std::string_view id, std::int64_t unix_seconds,
                              std::string_view body);

}  // namespace retaind::transport
