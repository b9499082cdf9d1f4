#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "language/values.h"
#include "model/site.h"

namespace retaind::language {

/// Reads retaind.yaml's maps into a site. Paths in it count from the site's directory.
struct SiteContext {
  Report& report;
  Site& site;

  [[nodiscard]] std::filesystem::path path_of(const std::string& text) const;
};

void read_sender(SiteContext& context, const YamlNode& node);
void read_unsubscribe(SiteContext& context, const YamlNode& node);
void read_smtp(SiteContext& context, const YamlNode& node);
void read_teams(SiteContext& context, const YamlNode& node);
void read_webhooks(SiteContext& context, const YamlNode& node);
void read_calendars(SiteContext& context, const YamlNode& node);
void read_cap(SiteContext& context, const YamlNode& node);
void read_retention(SiteContext& context, const YamlNode& node);

/// An e-mail address, as written.
std::optional<std::string> read_address(Report& report, std::string_view key, const YamlNode& node);
/// An http or https address; `secure` refuses http. Of what stands in braces only `filled_in` may.
std::optional<std::string> read_url(Report& report, std::string_view key, const YamlNode& node,
                                    bool secure,
                                    const std::vector<std::string_view>& filled_in = {});
/// A language: "en", "pt-BR".
std::optional<std::string> read_locale(Report& report, std::string_view key, const YamlNode& node);

}  // namespace retaind::language
