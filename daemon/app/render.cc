#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "app/command.h"
#include "app/render_batch.h"
#include "base/file.h"
#include "render/liquid.h"
#include "render/template.h"

namespace retaind::app {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t largest_template = 4U << 20U;
constexpr std::size_t largest_data = 256U << 20U;
constexpr std::string_view suffix = ".liquid";

struct Ask {
  std::string file;
  std::string data;
  std::string partials;
  std::string part;
  bool conformance = false;
};

Result<Value> read_data(const std::string& file) {
  if (file.empty()) return Value(Value::Object{});
  Result<std::string> text = read_file(file, largest_data);
  if (!text) return text.error();
  Result<Value> data = parse_json(*text);
  if (!data) return data.error().in(file);
  if (data->as_object() == nullptr)
    return Error{ErrorKind::invalid,
                 fmt::format("{}: the data is no object; write {{\"name\": value, …}}", file)};
  return data;
}

/// Every NAME.liquid and _NAME.liquid below the directory, called as a template calls it:
/// cards/item.
Result<std::map<std::string, std::string>> read_partials(const std::string& given) {
  std::map<std::string, std::string> partials;
  if (given.empty()) return partials;
  const fs::path directory = given;
  std::error_code failed;
  for (fs::recursive_directory_iterator i(directory, failed), end; !failed && i != end;
       i.increment(failed)) {
    if (i->path().extension() != suffix || !i->is_regular_file()) continue;
    fs::path name = i->path().lexically_relative(directory).replace_extension();
    if (const std::string last = name.filename().string(); last.starts_with('_'))
      name.replace_filename(last.substr(1));
    Result<std::string> text = read_file(i->path(), largest_template);
    if (!text) return text.error();
    partials[name.generic_string()] = std::move(*text);
  }
  if (failed)
    return Error{ErrorKind::not_found, fmt::format("cannot read the partials in {}: {}; check the "
                                                   "directory and its permissions",
                                                   given, failed.message())};
  return partials;
}

int print_text(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  return exit_fine;
}

bool has_front_matter(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  return text.starts_with("---\n") || text.starts_with("---\r\n");
}

/// The locale of name.locale.liquid; English without one.
std::string locale_of(const fs::path& file) {
  const std::string locale = file.stem().extension().string();
  return locale.size() > 1 ? locale.substr(1) : "en";
}

/// A template of a mail, with front matter, layout and its own locale.
int render_mail(const Ask& ask, const Value& data) {
  const fs::path file = ask.file;
  const fs::path own = file.has_parent_path() ? file.parent_path() : fs::path(".");
  std::vector<render::TemplateError> errors;
  const render::TemplateSet set = render::TemplateSet::load_one(
      file, ask.partials.empty() ? own : fs::path(ask.partials), errors);
  for (const render::TemplateError& error : errors) {
    failed(error.line == 0
               ? fmt::format("{}: {}", error.path, error.message)
               : fmt::format("{}:{}:{}: {}", error.path, error.line, error.column, error.message));
  }
  if (!errors.empty()) return exit_wrong;
  const std::string name = set.names().front();
  const std::string locale = locale_of(file);
  const Result<render::Rendered> made = set.render(name, locale, locale, data);
  if (!made) return failed(made.error().message);
  if (ask.part == "subject") return print_text(made->subject + "\n");
  if (ask.part == "preheader") return print_text(made->preheader + "\n");
  if (ask.part == "html" && made->html.empty())
    return failed(fmt::format("{} is a text mail; leave `--part html` out", ask.file));
  return print_text(ask.part == "text" || made->html.empty() ? made->text : made->html);
}

int render_file(const Ask& ask) {
  Result<std::string> text = read_file(ask.file, largest_template);
  if (!text) return failed(text.error().message);
  const Result<Value> data = read_data(ask.data);
  if (!data) return failed(data.error().message);
  if (!ask.conformance && has_front_matter(*text)) return render_mail(ask, *data);
  if (!ask.part.empty())
    return misused("render", "--part is for a mail's template, which begins with front matter");
  const Result<std::map<std::string, std::string>> partials = read_partials(ask.partials);
  if (!partials) return failed(partials.error().message);
  const render::Liquid liquid(ask.file, std::move(*text),
                              ask.conformance ? render::Mode::conformance : render::Mode::mail,
                              *partials);
  for (const render::Fault& fault : liquid.faults()) failed(located(fault));
  if (!liquid.faults().empty()) return exit_wrong;
  const Result<std::string> made =
      liquid.render(*data, !ask.conformance, locale_of(fs::path(ask.file)));
  return made ? print_text(*made) : failed(made.error().message);
}

}  // namespace

int run_render(const Words& words) {
  Ask ask;
  bool batch = false;
  Options options("render",
                  "Prints a Liquid template, rendered with the data of a JSON file. A mail's "
                  "template, which begins with front matter, takes its layout and partials from "
                  "its own directory.");
  options.positional("FILE", ask.file, "the template", false)
      .value("--data", "DATA.json", ask.data, "an object of variables (default: none)")
      .value("--partials", "DIR", ask.partials,
             "where `render` and `include` find NAME.liquid or _NAME.liquid")
      .choice("--part", {"html", "text", "subject", "preheader"}, ask.part,
              "what to print of a mail's template")
      .flag("--conformance", ask.conformance,
            "as Shopify's Liquid: nothing is escaped, an unknown variable prints nothing, no "
            "filters of our own")
      .flag("--batch", batch,
            "reads a case a line from standard input and answers each with a line")
      .footer(
          "A line of a batch is {\"name\": …, \"template\": …, \"data\": {…}, \"templates\": "
          "{\"partial\": …}}, the last two if needed. Its answer, in the same order, is {\"name\", "
          "\"result\"} or {\"name\", \"error\"}. A line that cannot be read is answered with its "
          "number and makes the exit status 1; a template's own mistake does not.");
  if (const std::optional<int> status = options.parse(words)) return *status;
  if (batch) {
    if (!ask.file.empty() || !ask.data.empty() || !ask.partials.empty() || !ask.part.empty())
      return misused("render",
                     "--batch reads all from standard input; leave FILE, --data, "
                     "--partials and --part out");
    return render_batch(stdin, stdout, ask.conformance) ? exit_fine : exit_wrong;
  }
  if (ask.file.empty()) return misused("render", "FILE is missing: which template?");
  return render_file(ask);
}

}  // namespace retaind::app
