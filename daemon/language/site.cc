#include <fmt/format.h>

#include <array>

#include "base/text.h"
#include "language/check.h"
#include "language/load.h"
#include "language/rule_parts.h"
#include "language/site_parts.h"

namespace retaind::language {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view file_name = "retaind.yaml";
constexpr std::string_view vocabulary_name = "vocabulary.yaml";

class SiteReader {
 public:
  SiteReader(Report& report, const YamlNode& root, const fs::path& directory)
      : report_(report), map_(report, root, Keys::site), context_{report, site_} {
    site_.directory = directory;
    site_.store = directory / "retaind.db";
    site_.socket = directory / "retaind.sock";
    site_.maildir = directory / "mail";
  }

  Site run() {
    if (const YamlNode* node = map_.need("shop", "write `shop:` and the shop's name"))
      site_.name = read_text(report_, "shop", *node).value_or("");
    read_paths();
    read_place();
    if (const YamlNode* node = map_.need("sender", "write `sender: {address: shop@example.com}`"))
      read_sender(context_, *node);
    read_links();
    each("smtp", read_smtp);
    each("teams", read_teams);
    each("webhooks", read_webhooks);
    each("calendars", read_calendars);
    each("cap", read_cap);
    each("retention", read_retention);
    if (const YamlNode* node = map_.get("holdout"))
      site_.holdout = read_share(report_, "holdout", *node).value_or(0);
    if (const YamlNode* node = map_.get("feedback-basis"))
      site_.feedback_needs_consent =
          read_choice(report_, "feedback-basis", *node, words::feedback_bases).value_or(0) == 0;
    read_delivery();
    return std::move(site_);
  }

 private:
  void each(std::string_view key, void (*read)(SiteContext&, const YamlNode&)) {
    if (const YamlNode* node = map_.get(key)) read(context_, *node);
  }

  void read_path(std::string_view key, fs::path& out) {
    const YamlNode* node = map_.get(key);
    if (node == nullptr) return;
    if (const auto text = read_text(report_, key, *node)) out = context_.path_of(*text);
  }

  void read_paths() {
    read_path("store", site_.store);
    read_path("socket", site_.socket);
    read_path("maildir", site_.maildir);
    read_path("secret-file", site_.secret_file);
  }

  void read_place() {
    if (const YamlNode* node =
            map_.need("time-zone", "write `time-zone: Europe/Berlin`, the shop's own"))
      read_zone(*node);
    if (const YamlNode* node = map_.get("locale"))
      site_.locale = read_locale(report_, "locale", *node).value_or("en");
    const YamlNode* node = map_.get("currency");
    if (node == nullptr) return;
    site_.currency = read_currency(report_, "currency", *node).value_or(site_.currency);
  }

  void read_zone(const YamlNode& node) {
    const auto name = read_text(report_, "time-zone", node);
    if (!name) return;
    auto zone = Zone::find(*name);
    if (zone) {
      site_.zone = *zone;
      return;
    }
    auto [message, remedy] = split_remedy(zone.error(), "write a name such as `Europe/Berlin`");
    report_.error(Code::bad_time, node.at, std::move(message), std::move(remedy));
  }

  void read_links() {
    each("unsubscribe", read_unsubscribe);
    if (const YamlNode* node = map_.get("survey-url"))
      site_.survey_url =
          read_url(report_, "survey-url", *node, false, {"{token}", "{kind}"}).value_or("");
    if (const YamlNode* node = map_.get("ticket-url"))
      site_.ticket_url = read_url(report_, "ticket-url", *node, false, {"{number}"}).value_or("");
    for (const std::string_view key : {"survey-url", "ticket-url"}) {
      const std::string& url = key == "survey-url" ? site_.survey_url : site_.ticket_url;
      if (starts_with_ignoring_case(url, "http://"))
        report_.warning(Code::bad_link, map_.get(key)->at,
                        "this link of mails goes over the network in clear", "write `https://`");
    }
    const bool token = site_.unsubscribe_url.find("{token}") != std::string::npos;
    if (!site_.secret_file.empty() || map_.get("secret-file") != nullptr ||
        (!token && site_.survey_url.empty()))
      return;
    const std::string_view key = token ? "unsubscribe" : "survey-url";
    report_.error(
        Code::missing_key, map_.key_at(key),
        "these links are signed, and there is no key to sign with",
        "write `secret-file: secret.key`, and put 32 or more random characters into that file");
  }

  void read_delivery() {
    if (const YamlNode* node = map_.get("only-to")) read_only_to(*node);
    const YamlNode* node = map_.get("deliver");
    if (node == nullptr) return;
    site_.deliver_live = read_choice(report_, "deliver", *node, words::deliveries).value_or(0) == 1;
    if (site_.deliver_live && map_.get("smtp") == nullptr)
      report_.error(Code::missing_key, map_.key_at("deliver"),
                    "`deliver: live` needs a mail server",
                    "write `smtp:` and below it `host: mail.example.com`");
  }

  void read_only_to(const YamlNode& node) {
    for (const YamlNode* entry : one_or_more(node)) {
      const auto text = read_text(report_, "only-to", *entry);
      if (!text) continue;
      const bool domain = text->starts_with('@') && parse_email("someone" + *text).has_value();
      if (domain || parse_email(*text)) {
        site_.only_to.push_back(*text);
        continue;
      }
      report_.error(Code::bad_address, entry->at,
                    fmt::format("`{}` is neither an address nor a domain", *text),
                    "write `me@example.com`, or \"@example.com\" in quotes for everyone there");
    }
  }

  Report& report_;
  MapReader map_;
  Site site_;
  SiteContext context_;
};

/// False when it has a mistake.
bool take_vocabulary(const fs::path& file, Site& site, std::vector<Diagnostic>& diagnostics) {
  const auto source = load_source(file, diagnostics);
  if (!source) return false;
  Report report(source, diagnostics);
  site.vocabulary = read_vocabulary(report, site);
  return !report.failed();
}

}  // namespace

CheckedSite read_site(const fs::path& directory) {
  CheckedSite result;
  const auto source = load_source(directory / file_name, result.diagnostics);
  if (!source) return result;
  result.text = source->text;
  Report report(source, result.diagnostics);
  const auto root = read_yaml(report);
  if (!root) return result;
  if (root->kind != YamlNode::Kind::map) {
    const bool nothing = root->kind == YamlNode::Kind::empty;
    report.error(
        nothing ? Code::missing_key : Code::wrong_kind, root->at,
        nothing ? std::string("the file says nothing")
                : fmt::format("a site is keys with values, and this is {}", name_of(root->kind)),
        "begin with `shop:` and the shop's name");
    return result;
  }
  Site site = SiteReader(report, *root, directory).run();
  for (const std::string_view key : {"teams", "webhooks", "calendars"}) {
    const YamlNode* node = root->find(key);
    if (node == nullptr) continue;
    for (const YamlNode::Key& name : node->keys)
      result.names.push_back({key, name.text, report.where(name.at)});
  }
  for (const YamlNode::Key& key : root->keys)
    if (key.text == "sender") result.sender = report.where(key.at);
  std::error_code ignored;
  if (fs::exists(fs::symlink_status(directory / vocabulary_name, ignored)))
    result.words_whole = take_vocabulary(directory / vocabulary_name, site, result.diagnostics);
  sort_by_place(result.diagnostics, 0);
  if (!report.failed()) result.site = std::move(site);
  return result;
}

std::optional<Site> settings_in(std::string text, const fs::path& directory) {
  std::vector<Diagnostic> ignored;
  Report report(std::make_shared<Source>(Source{std::string(file_name), std::move(text)}), ignored);
  const auto root = read_yaml(report);
  if (!root || root->kind != YamlNode::Kind::map) return std::nullopt;
  Site site = SiteReader(report, *root, directory).run();
  if (report.failed()) return std::nullopt;
  return site;
}

}  // namespace retaind::language
