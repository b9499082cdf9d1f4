#include "render/template.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "base/file.h"
#include "base/text.h"
#include "render/locale_chain.h"
#include "render/parsed_template.h"

namespace retaind::render {
namespace {

// Gmail clips mails over 102 KB; a template has no reason to be larger than this.
constexpr std::size_t largest_file = 1U << 20U;
constexpr std::string_view suffix = ".liquid";

bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

TemplateError error_of(const Fault& fault) {
  const Place place = place_of(*fault.source, fault.at);
  return {fault.source->path, place.line,   place.column,  with_excerpt(fault), fault.kind,
          fault.at,           fault.length, fault.message, fault.source->text};
}

/// About a file or a directory as a whole.
TemplateError error_of(const std::filesystem::path& path, std::string message) {
  TemplateError error;
  error.path = path.string();
  error.message = std::move(message);
  return error;
}

/// A file of the directory: "thanks.en.liquid" or "_footer.liquid".
struct File {
  std::filesystem::path path;
  std::string name;    // without "_"
  std::string locale;  // as written
  bool partial = false;
};

std::vector<std::filesystem::path> liquid_files(const std::filesystem::path& directory,
                                                std::vector<TemplateError>& errors) {
  std::vector<std::filesystem::path> paths;
  std::error_code failed;
  for (std::filesystem::directory_iterator i(directory, failed), end; !failed && i != end;
       i.increment(failed)) {
    const std::string name = i->path().filename().string();
    if (name.size() > suffix.size() && name.front() != '.' &&
        name.substr(name.size() - suffix.size()) == suffix)
      paths.push_back(i->path());
  }
  if (failed)
    errors.push_back(
        error_of(directory, fmt::format("cannot read the templates in {}: {}; check the directory "
                                        "and its permissions",
                                        directory.string(), failed.message())));
  std::sort(paths.begin(), paths.end());
  return paths;
}

// False, with an error, when the file's name is not name.locale.liquid.
bool read_name(const std::filesystem::path& path, File& file, std::vector<TemplateError>& errors) {
  std::string stem = path.filename().string();
  stem.resize(stem.size() - suffix.size());
  file.path = path;
  file.partial = stem.front() == '_';
  if (file.partial) stem.erase(0, 1);
  const std::size_t dot = std::min(stem.find('.'), stem.size());
  file.name = stem.substr(0, dot);
  file.locale = dot < stem.size() ? stem.substr(dot + 1) : "";
  const auto refuse = [&](std::string message) {
    errors.push_back(error_of(path, std::move(message)));
    return false;
  };
  if (!is_name(file.name))
    return refuse(
        "a template's name is letters, digits, - and _; rename the file to name.locale.liquid");
  if (file.locale.empty() && file.partial) return true;
  if (file.locale.empty())
    return refuse(fmt::format(
        "the name has no locale; rename the file to {}.en.liquid, or whatever its language is",
        file.name));
  if (!is_locale(file.locale))
    return refuse(fmt::format("`{}` is no locale; write one such as en, ja or pt-BR", file.locale));
  return true;
}

}  // namespace

struct TemplateSet::Impl {
  using ByLocale = std::map<std::string, std::unique_ptr<ParsedTemplate>, std::less<>>;
  std::map<std::string, ByLocale, std::less<>> templates;  // name, locale key
  std::map<std::string, std::vector<std::unique_ptr<ParsedPartial>>, std::less<>> partials;  // name

  void read(const std::vector<std::filesystem::path>& paths, std::vector<TemplateError>& errors);
  void add(const File& file, std::string text, Faults& faults);
  void link(Faults& faults);
  [[nodiscard]] Partials partials_for(std::string_view locale) const;
  [[nodiscard]] const ParsedTemplate* exactly(std::string_view name, std::string_view locale) const;
  [[nodiscard]] const ParsedTemplate* choose(const ByLocale& locales, std::string_view locale,
                                             std::string_view site_locale) const;
};

void TemplateSet::Impl::add(const File& file, std::string text, Faults& faults) {
  if (!file.partial) {
    auto made = std::make_unique<ParsedTemplate>(file.path.string(), std::move(text), file.locale);
    made->parse(faults);
    templates[file.name][locale_key(file.locale)] = std::move(made);
    return;
  }
  auto made = std::make_unique<ParsedPartial>();
  made->locale = locale_key(file.locale);
  made->source = {file.path.string(), std::move(text)};
  if (const std::size_t at = utf8_error(made->source.text); at < made->source.text.size()) {
    faults.push_back(
        {&made->source, at, 1, "invalid UTF-8; save the file as UTF-8", FaultKind::file});
  } else {
    if (begins_with_front_matter(made->source))
      faults.push_back({&made->source, made->source.text.find("---"), 3,
                        "a layout or partial has no front matter, so mails would show these lines; "
                        "move them to the templates that use it",
                        FaultKind::front_matter});
    Parser(made->source, Mode::mail, made->tree, faults).parse(0, made->source.text.size());
  }
  partials[file.name].push_back(std::move(made));
}

Partials TemplateSet::Impl::partials_for(std::string_view locale) const {
  std::vector<std::string> chain = locale_chain(locale);
  chain.emplace_back();
  Partials found;
  for (const auto& [name, files] : partials) {
    for (const std::string& key : chain) {
      const auto fits = std::find_if(files.begin(), files.end(),
                                     [&](const auto& file) { return file->locale == key; });
      if (fits == files.end()) continue;
      found[name] = &(*fits)->tree;
      break;
    }
  }
  return found;
}

void TemplateSet::Impl::read(const std::vector<std::filesystem::path>& paths,
                             std::vector<TemplateError>& errors) {
  Faults faults;
  for (const std::filesystem::path& path : paths) {
    File file;
    if (!read_name(path, file, errors)) continue;
    auto text = read_file(path, largest_file);
    if (text)
      add(file, std::move(*text), faults);
    else
      errors.push_back(error_of(path, text.error().message));
  }
  link(faults);
  for (const Fault& fault : faults) errors.push_back(error_of(fault));
}

void TemplateSet::Impl::link(Faults& faults) {
  for (const auto& [name, locales] : templates) {
    for (const auto& [locale, one] : locales) one->link(partials_for(locale), faults);
  }
}

const ParsedTemplate* TemplateSet::Impl::choose(const ByLocale& locales, std::string_view locale,
                                                std::string_view site_locale) const {
  for (const std::string_view wanted : {locale, site_locale}) {
    for (const std::string& key : locale_chain(wanted)) {
      if (const auto found = locales.find(key); found != locales.end()) return found->second.get();
    }
  }
  return locales.size() == 1 ? locales.begin()->second.get() : nullptr;
}

TemplateSet::TemplateSet() : impl_(std::make_shared<Impl>()) {}
TemplateSet::~TemplateSet() = default;
TemplateSet::TemplateSet(const TemplateSet&) = default;
TemplateSet& TemplateSet::operator=(const TemplateSet&) = default;
TemplateSet::TemplateSet(TemplateSet&&) noexcept = default;
TemplateSet& TemplateSet::operator=(TemplateSet&&) noexcept = default;

TemplateSet TemplateSet::load(const std::filesystem::path& directory,
                              std::vector<TemplateError>& errors) {
  TemplateSet set;
  set.impl_->read(liquid_files(directory, errors), errors);
  return set;
}

TemplateSet TemplateSet::load_one(const std::filesystem::path& file,
                                  const std::filesystem::path& partials,
                                  std::vector<TemplateError>& errors) {
  TemplateSet set;
  std::vector<std::filesystem::path> paths = liquid_files(partials, errors);
  std::erase_if(paths, [](const auto& path) { return path.filename().string().front() != '_'; });
  paths.push_back(file);
  set.impl_->read(paths, errors);
  return set;
}

std::vector<std::string> TemplateSet::names() const {
  std::vector<std::string> names;
  for (const auto& [name, locales] : impl_->templates) names.push_back(name);
  return names;
}

std::vector<std::string> TemplateSet::locales(std::string_view name) const {
  std::vector<std::string> found;
  const auto locales = impl_->templates.find(name);
  if (locales == impl_->templates.end()) return found;
  for (const auto& [key, one] : locales->second) found.push_back(one->locale());
  return found;
}

std::vector<BareVariable> TemplateSet::bare_variables(std::string_view name) const {
  std::vector<BareVariable> found;
  const auto locales = impl_->templates.find(name);
  if (locales == impl_->templates.end()) return found;
  for (const auto& [key, one] : locales->second) one->bare_variables(found);
  return found;
}

bool TemplateSet::reads(std::string_view name, std::string_view variable) const {
  const auto locales = impl_->templates.find(name);
  if (locales == impl_->templates.end()) return false;
  return std::any_of(locales->second.begin(), locales->second.end(),
                     [&](const auto& one) { return one.second->reads(variable); });
}

std::optional<Members> TemplateSet::members_read(std::string_view name,
                                                 std::string_view variable) const {
  Members members;
  const auto locales = impl_->templates.find(name);
  if (locales == impl_->templates.end()) return std::nullopt;
  for (const auto& [locale, one] : locales->second)
    if (!one->add_members(variable, members)) return std::nullopt;
  return members;
}

std::string_view TemplateSet::path_of(std::string_view name, std::string_view locale) const {
  const ParsedTemplate* one = impl_->exactly(name, locale);
  return one == nullptr ? std::string_view() : one->path();
}

const ParsedTemplate* TemplateSet::Impl::exactly(std::string_view name,
                                                 std::string_view locale) const {
  const auto locales = templates.find(name);
  if (locales == templates.end()) return nullptr;
  const auto found = locales->second.find(locale_key(std::string(locale)));
  return found == locales->second.end() ? nullptr : found->second.get();
}

std::vector<UsedVariable> TemplateSet::used_variables(std::string_view name,
                                                      std::string_view locale) const {
  std::vector<UsedVariable> found;
  if (const ParsedTemplate* one = impl_->exactly(name, locale)) one->used_variables(found);
  return found;
}

std::optional<Spot> TemplateSet::passed_by(std::string_view name, std::string_view locale,
                                           std::string_view variable) const {
  const ParsedTemplate* one = impl_->exactly(name, locale);
  return one == nullptr ? std::nullopt : one->passed_by(variable);
}

std::optional<TemplateFile> TemplateSet::file_for(std::string_view name, std::string_view locale,
                                                  std::string_view site_locale) const {
  const auto locales = impl_->templates.find(name);
  if (locales == impl_->templates.end()) return std::nullopt;
  const ParsedTemplate* const chosen = impl_->choose(locales->second, locale, site_locale);
  if (chosen == nullptr) return std::nullopt;
  return chosen->file();
}

Result<Rendered> TemplateSet::render(std::string_view name, std::string_view locale,
                                     std::string_view site_locale, const Value& context,
                                     Trace* trace, TextMemos* memos) const {
  const auto found = impl_->templates.find(name);
  if (found == impl_->templates.end()) {
    std::vector<std::string_view> known;
    for (const auto& [key, locales] : impl_->templates) known.push_back(key);
    const auto near = nearest(name, known);
    return Error{ErrorKind::not_found,
                 fmt::format("unknown template `{0}`; {1}", name,
                             near ? fmt::format("did you mean `{}`?", *near)
                                  : fmt::format("add the file {}.{}.liquid", name, site_locale))};
  }
  const ParsedTemplate* const chosen = impl_->choose(found->second, locale, site_locale);
  if (chosen == nullptr) {
    return Error{
        ErrorKind::not_found,
        fmt::format(
            "the template `{0}` has no text for `{1}`, only for {2}; add the file {0}.{1}.liquid",
            name, locale, fmt::join(locales(name), ", "))};
  }
  return chosen->render(context, trace, memos != nullptr ? &(*memos)[chosen->path()] : nullptr);
}

}  // namespace retaind::render
