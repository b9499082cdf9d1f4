#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace retaind::store {

/// Texts of one make, such as the mails of one template: most lines are the same, and within the
/// others a name or a link differs. All three functions go through both texts once, line by line.

/// What turns `base` into `text`; short when they have much in common, and never much longer than
/// `text`.
std::string text_delta(std::string_view base, std::string_view text);
/// The text again; empty when `delta` does not belong to `base`.
std::optional<std::string> apply_text_delta(std::string_view base, std::string_view delta);
/// The pieces that both texts have, in their order: a base for more of the kind.
std::string common_text(std::string_view a, std::string_view b);

}  // namespace retaind::store
