#include "delivery/preview.h"

#include <fmt/format.h>

#include "app/command.h"
#include "app/known_rule.h"
#include "app/preview_report.h"
#include "app/site_init.h"
#include "base/text.h"
#include "engine/variant.h"

namespace retaind::app {
namespace {

using delivery::Preview;
using language::StepKind;

Result<void> write_mail(const std::string& file, std::string_view bytes) {
  // A customer's mail is not for everyone on the machine.
  const Result<bool> fresh = write_new(file, bytes, 0640);
  if (!fresh) return fresh.error();
  if (*fresh) return {};
  return Error{ErrorKind::conflict,
               fmt::format("{} exists and is not overwritten; name a new file", file)};
}

std::string mailbox(const render::Mailbox& box) {
  return box.name.empty() ? box.address : fmt::format("{} <{}>", box.name, box.address);
}

void print(const PreviewReport& report, const Zone& zone) {
  const Preview& made = report.made;
  fmt::print("PREVIEW   nothing is sent and nothing is stored\n");
  fmt::print(
      "rule      {}, step {}{}\n", report.rule->id, report.step->key,
      made.row.empty()
          ? std::string()
          : fmt::format(", about {} {}{}", name_of(report.rule->trigger.subject), made.row,
                        made.at
                            ? " of " + to_local_text(
                                           std::chrono::floor<std::chrono::seconds>(*made.at), zone)
                            : ""));
  fmt::print("samples   {}{}signed links work nowhere\n",
             made.coupon ? "the coupon code is made up; " : "",
             made.survey ? "the survey link is made up; " : "");
  if (!made.variant.empty()) {
    fmt::print("variant   {}\n", made.variant);
    for (const std::string& other : engine::texts_of(*report.step))
      if (other != made.variant) fmt::print("also      --variant {}\n", other);
  }
  for (const language::Step& other : report.rule->steps) {
    if (&other != report.step && other.kind != StepKind::pause_marketing)
      fmt::print("also      --step {}\n", other.key);
  }
  if (report.step->kind == StepKind::webhook) {
    fmt::print("\nto        webhook {}\n\n{}\n", made.outgoing.endpoint, made.outgoing.bytes);
    return;
  }
  fmt::print("\nFrom:     {}\n", mailbox(made.letter.from));
  for (const render::Mailbox& to : made.letter.to) fmt::print("To:       {}\n", mailbox(to));
  if (!made.letter.reply_to.empty()) fmt::print("Reply-To: {}\n", made.letter.reply_to);
  fmt::print("Subject:  {}\n\n{}", made.letter.subject, report.text);
  if (!report.text.ends_with('\n')) fmt::print("\n");
}

}  // namespace

int run_preview(const Words& words) {
  std::string site;
  std::string eml;
  std::string html;
  PreviewAsk ask;
  Options options("preview",
                  "The finished message of a rule for one customer, as the sender would compose it "
                  "now, due or not. Sends and stores nothing.");
  options.positional("RULE", ask.rule, "id of the rule, by its file as it is")
      .site(site)
      .value("--customer", "ID", ask.customer,
             "your own id of the customer, an alias or the address")
      .value("--step", "KEY", ask.step, "another step than the first: email:thanks, or thanks")
      .value("--variant", "NAME", ask.variant,
             "another text than this customer gets, of a step with variants: its template")
      .value("--locale", "CODE", ask.locale, "as if the customer read this language: de, ja")
      .value("--eml", "FILE", eml, "also writes the whole mail, for any mail program")
      .value("--html", "FILE", html, "also writes its HTML, for a browser");
  if (const std::optional<int> status = options.parse(words)) return *status;
  if (ask.customer.empty()) return misused("preview", "--customer is needed: to whom?");
  const Result<std::filesystem::path> directory = find_site(site);
  if (!directory) return failed(directory.error().message);
  Result<PreviewReport> report = make_preview(*directory, ask, SystemClock().now());
  if (!report) return failed(report.error().message);
  if (!html.empty() && report->made.letter.html.empty())
    return failed("this message has no HTML; leave --html out");
  for (const auto& [file, bytes] : {std::pair{&eml, &report->made.outgoing.bytes},
                                    std::pair{&html, &report->made.letter.html}}) {
    if (file->empty()) continue;
    if (Result<void> written = write_mail(*file, *bytes); !written)
      return failed(written.error().message);
  }
  print(*report, report->loaded.site->zone);
  return exit_fine;
}

}  // namespace retaind::app
