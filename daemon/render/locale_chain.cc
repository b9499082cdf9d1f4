#include "render/locale_chain.h"

#include <algorithm>

#include "base/text.h"

namespace retaind::render {

bool is_locale(std::string_view text) {
  const std::string key = locale_key(text);
  bool language = true;
  for (const std::string_view part : split(key, '-')) {
    const bool letters =
        std::all_of(part.begin(), part.end(), [](char c) { return c >= 'a' && c <= 'z'; });
    const bool plain = std::all_of(part.begin(), part.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    });
    if (language ? !letters || part.size() < 2 || part.size() > 3
                 : !plain || part.size() < 2 || part.size() > 8)
      return false;
    language = false;
  }
  return true;
}

std::string locale_key(std::string_view locale) {
  std::string key = lower_ascii(locale);
  std::replace(key.begin(), key.end(), '_', '-');
  return key;
}

namespace {

/// The Chinese of a region: files may be named by the script that it writes.
std::string_view script_of(std::string_view key) {
  if (key == "zh-cn" || key == "zh-sg" || key == "zh-my") return "zh-hans";
  if (key == "zh-tw" || key == "zh-hk" || key == "zh-mo") return "zh-hant";
  return {};
}

}  // namespace

std::vector<std::string> locale_chain(std::string_view locale) {
  std::vector<std::string> chain;
  for (std::string key = locale_key(locale); !key.empty();) {
    chain.push_back(key);
    if (const std::string_view script = script_of(key); !script.empty()) chain.emplace_back(script);
    const std::size_t dash = key.rfind('-');
    key.resize(dash == std::string::npos ? 0 : dash);
  }
  return chain;
}

}  // namespace retaind::render
