#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/rng.h"
#include "delivery/transport.h"
#include "engine/runs.h"
#include "model/site.h"
#include "render/mime.h"
#include "render/template.h"
#include "store/bodies.h"
#include "store/snapshot.h"

namespace retaind::delivery {

/// Makes the bytes of a message from the facts as they are now. What is minted for it (coupon,
/// survey) is read from the store, so a retry carries the same.
class Composer {
 public:
  /// `secret` signs survey and unsubscribe links; `salt` makes Message-IDs of this store unlike
  /// those of others.
  Composer(store::Database& database, const Site& site, const render::TemplateSet& templates,
           std::string_view secret, std::string salt);

  /// From now on a mail says whether it can be made, and has no bytes; nothing is signed.
  void only_try() { makes_ = false; }

  /// The templates whose mails get `recommendations`; nobody pays for them in the others.
  void recommend_in(std::set<std::string> texts) { recommending_ = std::move(texts); }

  struct Part {
    Message message;
    Firing firing;
  };
  /// What a header tells the receiver beside the text.
  struct Marks {
    bool may_repeat = false;    ///< an earlier try may have arrived
    bool unknown_data = false;  ///< sent although a condition was unknown
  };
  /// The mail of an `email` or `notify` step; several parts make a digest. `carrier` is the message
  /// that travels: the part itself or the envelope. `letter`, when given, gets the mail before it
  /// became bytes, and `trace` where its HTML comes from.
  Result<Outgoing> mail(const engine::Running& running, const language::Step& step,
                        const Message& carrier, const std::vector<Part>& parts, Marks marks,
                        Time now, render::Mail* letter = nullptr, render::Trace* trace = nullptr);
  /// The body of a webhook: {type, timestamp, data} (Standard Webhooks 1.0.0).
  Result<Outgoing> webhook(const engine::Running& running, const language::Step& step,
                           const Part& part, Time now);

  /// Mints what the step's message needs, once.
  void mint(const language::Step& step, const Part& part, Rng& rng, Time now);
  /// What the rule's last mail was rendered from.
  [[nodiscard]] const Value& context(std::int64_t rule) const { return contexts_.at(rule); }
  /// Stable over retries; without <>.
  [[nodiscard]] std::string message_id(std::int64_t message) const;
  /// Whether `only-to:` lets mail go to this address.
  [[nodiscard]] bool allowed(std::string_view address) const;
  /// Where a notify step goes; empty when neither the assignee nor the team has an address.
  [[nodiscard]] std::vector<std::string> notified(const language::Step& step, const Firing& firing,
                                                  Time now);
  /// Who that is, keyed: the assignee's address, or the name of the team that takes over.
  [[nodiscard]] std::string assignee_or_team(const language::Step& step, const Firing& firing,
                                             Time now);
  /// Whether a notify step has addresses, and `only-to:` leaves none of them.
  [[nodiscard]] bool nobody_allowed(const language::Step& step, const Firing& firing, Time now);

 private:
  [[nodiscard]] std::optional<std::string> assignee(const Firing& firing, Time now);
  Value& context_of(const engine::Running& running);
  struct Facts {
    store::RowSelect customer, row;
    std::optional<store::RowSelect> items;
    bool why = true;
  };
  const Facts& facts_of(const std::string& text, Subject subject);
  void add_facts(Value& context, const Firing& firing, const Facts& facts, Time now);
  void add_item(Value& context, const engine::Running& running, const Firing& firing,
                std::string_view locale, Time now);
  [[nodiscard]] Value item(const engine::Running& running, const Firing& firing,
                           std::string_view locale, Time now);
  [[nodiscard]] const std::string& team_locale(const language::Step& step) const;
  /// The locale of the file that a reader of this locale gets: what is put into a mail in words is
  /// in the mail's language.
  [[nodiscard]] std::string_view written_in(std::string_view text, std::string_view locale) const;
  void add_minted(Value& context, const engine::Running& running, const language::Step& step,
                  const Part& part);
  void add_headers(render::Mail& mail, const engine::Running& running, const Part& part, bool bulk,
                   std::int64_t mail_id, Marks marks);
  [[nodiscard]] std::string unsubscribe_link(std::string_view customer_key) const;
  [[nodiscard]] std::string survey_link(const store::SurveyRow& survey) const;
  [[nodiscard]] std::string why(const engine::Running& running, const Firing& firing,
                                std::string_view locale) const;
  [[nodiscard]] std::string sign(std::string_view what) const;

  store::Database* database_;
  store::Messages messages_;
  store::Bodies bodies_;
  const Site* site_;
  const render::TemplateSet* templates_;
  HmacKey secret_;
  std::string salt_;
  std::string domain_;     ///< of the sender, for the headers of lists; empty: it has none
  std::string sender_id_;  ///< likewise
  /// By template and locale.
  std::map<std::pair<std::string, std::string>, render::MailMemo> memos_;
  render::TextMemos text_memos_;
  std::map<std::int64_t, Value> contexts_;  ///< by rule: what its mails have in common
  std::set<std::string> recommending_;
  std::map<std::pair<std::string, Subject>, Facts> facts_;  ///< by template and a rule's rows
  bool makes_ = true;
  std::set<std::int64_t> tried_;  ///< rules with a mail that can be made
};

/// Those texts of a rule that ask for `recommendations`.
std::set<std::string> recommending_texts(const language::Rule& rule,
                                         const render::TemplateSet& templates);

/// Whether `only-to:` of the site lets mail go to this address.
bool may_receive(const Site& site, std::string_view address);

}  // namespace retaind::delivery
