#pragma once
#include <filesystem>
#include <string>

#include "app/site_load.h"
#include "delivery/preview.h"

namespace retaind::app {

struct PreviewAsk {
  std::string rule, customer, step, locale, variant;
};

/// What `preview` shows and `send-test` sends.
struct PreviewReport {
  LoadedSite loaded;  ///< `rule` and `step` point into it
  const language::Rule* rule = nullptr;
  const language::Step* step = nullptr;
  delivery::Preview made;
  std::string text;  ///< of a mail: the text part, made from the HTML when the template has none
};

/// By the files as they are, in a shadow of the store.
Result<PreviewReport> make_preview(const std::filesystem::path& directory, const PreviewAsk& ask,
                                   Time now);

}  // namespace retaind::app
