#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace retaind {

/// FNV-1a, 64 bit, with the finalizer of MurmurHash3 so that low bits are usable. Part of the
/// stored meaning of a holdout: never change it.
std::uint64_t stable_hash(std::string_view bytes);

/// HMAC-SHA256 (RFC 2104): the 32 bytes, raw.
std::string hmac_sha256(std::string_view key, std::string_view message);
/// The same with one key for many messages: half of the work is the key's.
class HmacKey {
 public:
  explicit HmacKey(std::string_view key);
  [[nodiscard]] std::string sign(std::string_view message) const;

 private:
  struct State;
  std::shared_ptr<const State> state_;
};
/// SHA-256, raw 32 bytes.
std::string sha256(std::string_view bytes);

std::string hex(std::string_view bytes);
/// RFC 4648 section 4, with padding, no line breaks.
std::string base64(std::string_view bytes);
/// RFC 4648 section 5, without padding.
std::string base64url(std::string_view bytes);
/// Decodes section 4, padding required; false when the text is not base64.
bool from_base64(std::string_view text, std::string& bytes);

}  // namespace retaind
