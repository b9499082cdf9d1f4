#include "transport/webhook_signature.h"

#include "base/digest.h"
#include "base/text.h"

namespace retaind::transport {

Result<std::string> parse_webhook_secret(std::string_view text) {
  constexpr std::string_view remedy =
      "; it is `whsec_` and base64 of 24 to 64 random bytes, e.g. from `openssl rand -base64 24`";
  constexpr std::string_view prefix = "whsec_";
  text = trim(text);
  if (text.starts_with(prefix)) text.remove_prefix(prefix.size());
  std::string encoded(text);
  while (encoded.size() % 4 != 0) encoded += '=';
  std::string key;
  if (!from_base64(encoded, key))
    return Error{ErrorKind::invalid, "the webhook secret is not base64" + std::string(remedy)};
  if (key.size() < 24 || key.size() > 64) {
    return Error{ErrorKind::invalid, "the webhook secret has " +
                                         counted(static_cast<long long>(key.size()), "byte") +
                                         std::string(remedy)};
  }
  return key;
}

std::string webhook_id(std::string_view message_id) {
  std::string id(message_id);
  for (char& c : id) {
    const bool plain =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
    if (!plain) c = '_';
  }
  return id;
}

std::string webhook_signature(std::string_view key, std::string_view id, std::int64_t unix_seconds,
                              std::string_view body) {
  std::string signed_text(id);
  signed_text += '.' + std::to_string(unix_seconds) + '.';
  signed_text += body;
  return "v1," + base64(hmac_sha256(key, signed_text));
}

}  // namespace retaind::transport
