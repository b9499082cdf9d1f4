#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/rng.h"
#include "delivery/outbox.h"
#include "engine/engine.h"
#include "language/plan.h"
#include "model/site.h"
#include "render/template.h"
#include "store/identity.h"

namespace retaind::delivery {

/// Everything that a site's files say, checked; what a reload replaces as one.
struct SiteFiles {
  Site site;
  std::vector<language::Rule> rules;
  render::TemplateSet templates;
  std::string secret;  ///< signs links
  /// In a world whose mails nobody reads they are only tried (Composer::only_try()), and what
  /// `recommendations` are made from is not kept: the first count goes through all orders.
  bool mails_are_read = true;
  std::string settings = {};  ///< text of retaind.yaml, kept with the rules that run by it
};

/// The daemon without its loop: engine, outbox and the transactions around them. The same object
/// runs live, in a story, in a backtest and in the simulation. Call run_due() at next_due(), when a
/// transport has become ready or has finished a message, and when another process has written.
class Core {
 public:
  /// Adopts the rules and finds out what an earlier process left half-done. The database outlives
  /// the core.
  /// `identity` counts the ledger's commits so that a restored copy is recognised, which then
  /// starts on hold (delivery/release.h); nullptr in a virtual world.
  static Result<std::unique_ptr<Core>> start(store::Database& database, const Clock& clock,
                                             Rng& rng, SiteFiles files,
                                             Outbox::Transports transports,
                                             store::Identity* identity = nullptr);

  /// Only start() can make the key, so that no core is half made.
  class Key {
    friend class Core;
    Key() = default;
  };
  Core(Key key, store::Database& database, const Clock& clock, Rng& rng,
       Outbox::Transports transports);
  ~Core();

  struct Pass {
    bool wrote = false;
    bool more = false;  ///< call again at once
  };
  /// One write transaction at most: outcomes, due occurrences, claims; after its durable commit the
  /// claimed messages are handed over. An error (store locked or full) loses nothing: the same work
  /// is found again.
  Result<Pass> run_due();
  /// When there will be work if nothing changes; empty: only a change makes some.
  [[nodiscard]] std::optional<Time> next_due();

  /// Swaps everything at once, or changes nothing.
  Result<void> reload(SiteFiles files);
  void stop_claiming();
  [[nodiscard]] std::size_t in_flight() const;
  /// The operator has seen the clock jump and says to go on.
  void resume_after_jump();
  /// Looks at the clock now; false while it is held after a jump.
  bool trusts_clock();
  [[nodiscard]] bool clock_held() const;

  engine::Engine& engine();
  Outbox& outbox();
  engine::Checks& checks();
  [[nodiscard]] const Site& site() const;

 private:
  struct Running;

  Result<void> adopt(SiteFiles files, bool first);
  void watch_clock(Time now);
  bool has_work(Time now);
  [[nodiscard]] bool is_quiet();
  bool work(Time now);
  [[nodiscard]] bool nobody_tells() const;
  [[nodiscard]] bool awaits_connection() const;
  std::optional<LostStore> lost_store();
  std::string salt();

  store::Database* database_;
  const Clock* clock_;
  Rng* rng_;
  store::Identity* identity_ = nullptr;
  Outbox::Transports transports_;
  std::unique_ptr<Running> running_;
  /// The last look found nothing, and nothing comes before `until` while nobody writes: a wake-up
  /// asks only whether somebody has.
  struct Quiet {
    std::int64_t version, rows;  ///< of the store, before that look
    std::optional<Time> until;
  };
  std::optional<Quiet> quiet_;
  std::optional<Time> last_now_;
  Duration last_elapsed_{0};
  std::optional<Duration> steady_at_;  ///< elapsed() from which the clock counts as steady again
  bool wake_after_jump_ = false;       ///< what waited for the clock is looked at again
};

}  // namespace retaind::delivery
