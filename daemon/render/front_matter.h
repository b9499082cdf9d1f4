#pragma once
#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "render/source.h"

namespace retaind::render {

enum class FrontKey : std::size_t { subject, preheader, from, reply_to, format, layout };
inline constexpr std::array<std::string_view, 6> front_keys = {"subject",  "preheader", "from",
                                                               "reply-to", "format",    "layout"};

/// Offsets into a source.
struct Extent {
  std::size_t begin = 0;
  std::size_t end = 0;
  [[nodiscard]] std::string_view in(const Source& source) const {
    return std::string_view(source.text).substr(begin, end - begin);
  }
};

/// Where the parts of a template file lie. The form is described in template.h.
struct FrontMatter {
  std::array<std::optional<Extent>, front_keys.size()> values;
  Extent body;
  std::optional<Extent> text;  ///< behind `--- text ---`

  [[nodiscard]] const std::optional<Extent>& value(FrontKey key) const {
    return values[static_cast<std::size_t>(key)];
  }
};

FrontMatter read_front_matter(const Source& source, Faults& faults);
/// Whether the file's first line is the `---` that front matter begins with.
bool begins_with_front_matter(const Source& source);

}  // namespace retaind::render
