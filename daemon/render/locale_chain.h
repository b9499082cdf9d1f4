#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace retaind::render {

/// "pt-BR", "ja", "zh-Hant-TW": a language of two or three letters and subtags.
bool is_locale(std::string_view text);
/// One spelling for comparing: lower case, '-' for '_'.
std::string locale_key(std::string_view locale);
/// Keys from the most to the least exact: "zh-hant-tw", "zh-hant", "zh"; "zh-tw", "zh-hant", "zh";
/// nothing for an empty locale.
std::vector<std::string> locale_chain(std::string_view locale);

}  // namespace retaind::render
