#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "delivery/compose.h"
#include "delivery/transport.h"
#include "language/plan.h"
#include "model/site.h"
#include "render/mime.h"
#include "render/template.h"
#include "store/database.h"

namespace retaind::delivery {

struct PreviewOrder {
  const language::Rule* rule = nullptr;
  std::int64_t customer = 0;
  const language::Step* step = nullptr;
  std::string locale;  ///< empty: the customer's own
  std::string
      variant;  ///< template, of a step with variants; empty: the one that the customer gets
};

/// A message as the sender would compose it now, whether or not the rule is due.
struct Preview {
  Outgoing outgoing;
  render::Mail letter;     ///< of a mail: before it became bytes
  std::string row;         ///< the site's own id of the row that it is about; empty: the customer
  std::optional<Time> at;  ///< the row's anchor
  std::string variant;     ///< of a step with variants: which one it is
  bool coupon = false;     ///< a sample code stands in it
  bool survey = false;     ///< a sample link stands in it
};

/// Composes with the sender's own Composer, about the newest row that the rule counts from. Coupon
/// and survey are minted into `shadow`, which forgets them, and no link in it is signed with the
/// site's key, so that nobody is unsubscribed by trying one. Errors are the sender's own, or say
/// which row is missing.
Result<Preview> preview(store::Database& shadow, const Site& site,
                        const render::TemplateSet& templates, const PreviewOrder& order, Time now);

/// The mail of a preview, for one address that is not the customer's: marked in its subject, with
/// no way to unsubscribe in its headers. `id` makes its Message-ID.
Result<Outgoing> as_test(const Preview& made, const Site& site, const std::string& address,
                         std::string_view id, Time now);

/// The step that was named: by its key ("email:thanks") or what it names ("thanks"); nothing named:
/// the first that is a message.
Result<const language::Step*> find_step(const language::Rule& rule, std::string_view name);

}  // namespace retaind::delivery
