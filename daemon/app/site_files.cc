#include "app/site_files.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "app/control.h"
#include "app/environment.h"
#include "base/text.h"

namespace retaind::app {
namespace {

Result<std::string> secret_of(const Site& site) {
  if (site.secret_file.empty()) {
    return Error{ErrorKind::invalid,
                 "retaind.yaml names no secret-file; `retaind init` makes one, then write "
                 "`secret-file: secret`"};
  }
  Result<std::string> text = read_secret(site.secret_file, "secret-file");
  if (!text) return text;
  std::string secret(trim(*text));
  // Whoever guesses it can unsubscribe others and answer surveys for them.
  constexpr std::size_t shortest = 16;
  if (secret.size() < shortest) {
    return Error{
        ErrorKind::invalid,
        fmt::format("secret-file: {} {}; remove it and let `retaind init` make one, which ends the "
                    "links of mails that have been sent",
                    site.secret_file.string(),
                    secret.empty() ? std::string("is empty")
                                   : fmt::format("has only {}, and links signed with it can be "
                                                 "forged",
                                                 counted(static_cast<long long>(secret.size()),
                                                         "character")))};
  }
  return secret;
}

std::string smtp_text(const Site& site) {
  if (!site.smtp) return {};
  const SmtpSettings& s = *site.smtp;
  return fmt::format("{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}", s.host, s.port, static_cast<int>(s.tls),
                     s.insecure, s.ca_file.string(), s.user, s.password_file.string(), s.helo,
                     s.connections, s.messages_per_connection, s.pipeline, s.timeout.count());
}

std::string webhooks_text(const Site& site) {
  std::string text;
  for (const auto& [name, endpoint] : site.endpoints) {
    text += fmt::format("{}|{}|{}|{}|{}\n", name, endpoint.url, endpoint.secret_file.string(),
                        endpoint.token_file.string(), endpoint.allow_private);
  }
  return text;
}

std::array<std::pair<std::string_view, std::string>, 7> fixed_settings(const Site& site) {
  return {{{"store", site.store.string()},
           {"socket", site.socket.string()},
           {"maildir", site.maildir.string()},
           {"time-zone", std::string(site.zone.name())},
           {"deliver", site.deliver_live ? "live" : "maildir"},
           {"smtp", smtp_text(site)},
           {"webhooks", webhooks_text(site)}}};
}

}  // namespace

Result<delivery::SiteFiles> take_files(LoadedSite loaded) {
  if (loaded.errors() > 0 || !loaded.site) {
    return Error{ErrorKind::invalid, mistakes(loaded, false) + summary(loaded)};
  }
  Result<std::string> secret = secret_of(*loaded.site);
  if (!secret) return secret.error();
  delivery::SiteFiles files{std::move(*loaded.site), std::move(loaded.rules.rules),
                            std::move(loaded.templates), std::move(*secret)};
  files.settings = std::move(loaded.settings);
  return files;
}

Result<delivery::SiteFiles> files_to_try(const std::filesystem::path& directory) {
  LoadedSite loaded = load_site(directory);
  const bool faulty = loaded.errors() > 0;
  Result<delivery::SiteFiles> files = take_files(std::move(loaded));
  if (files || !faulty) return files;
  return Error{files.error().kind,
               files.error().message +
                   " · `retaind reload` would refuse these files and the running rules would stay, "
                   "so there is nothing to try out; correct them first"};
}

std::vector<std::string> obstacles(const Site& site) {
  std::vector<std::string> missing;
  if (const Result<void> path = check_socket_path(site.socket); !path)
    missing.push_back(path.error().message);
  std::error_code ignored;
  const std::filesystem::path home = site.store.parent_path();
  if (!home.empty() && !std::filesystem::is_directory(home, ignored)) {
    missing.push_back(fmt::format("store: there is no directory {}; create it, or change `store:`",
                                  home.string()));
  }
  if (const Result<std::string> secret = secret_of(site); !secret)
    missing.push_back(secret.error().message);
  const auto look_for = [&](const std::filesystem::path& file, const std::string& setting) {
    if (const Result<std::string> text = read_secret(file, setting); !text)
      missing.push_back(text.error().message);
  };
  if (site.smtp) look_for(site.smtp->password_file, "smtp: password-file");
  for (const auto& [name, endpoint] : site.endpoints) {
    look_for(endpoint.secret_file, fmt::format("webhooks: {}: secret-file", name));
    look_for(endpoint.token_file, fmt::format("webhooks: {}: token-file", name));
  }
  return missing;
}

std::string needs_restart(const Site& running, const Site& fresh) {
  const auto before = fixed_settings(running);
  const auto after = fixed_settings(fresh);
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (before[i].second != after[i].second) return std::string(before[i].first);
  }
  return {};
}

}  // namespace retaind::app
