#pragma once
#include <optional>
#include <string_view>
#include <vector>

#include "app/document.h"
#include "language/schema.h"

namespace retaind::app {

struct PageRow {
  std::string_view name;    ///< "rule"
  std::string_view manual;  ///< "retaind-rule.5"; empty: no manual page of its own
  std::string_view about;
  Page (*make)(const language::EditorNames& names);
};
/// Every page of the reference, made from the tables that the program itself reads.
const std::vector<PageRow>& reference_pages();

Page commands_page(const language::EditorNames& names);
Page rule_page(const language::EditorNames& names);
Page template_page(const language::EditorNames& names);
Page story_page(const language::EditorNames& names);
Page site_page(const language::EditorNames& names);
Page mapping_page(const language::EditorNames& names);
Page vocabulary_page(const language::EditorNames& names);
Page reasons_page(const language::EditorNames& names);
Page errors_page(const language::EditorNames& names);

}  // namespace retaind::app
