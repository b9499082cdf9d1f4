#include "store/csv.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <system_error>

#include "base/text.h"

namespace retaind::store {
namespace {

constexpr std::size_t chunk = 1 << 20;
constexpr std::size_t shown_of_a_long_record = 1000;

struct Closer {
  void operator()(gzFile_s* file) const { gzclose_r(file); }
};

/// Eight bytes at a time: most exports are ASCII, and this runs over every byte of them.
bool is_ascii(std::string_view text) {
  std::size_t at = 0;
  std::uint64_t word = 0, seen = 0;
  for (; at + sizeof word <= text.size(); at += sizeof word) {
    std::memcpy(&word, text.data() + at, sizeof word);
    seen |= word;
  }
  for (; at < text.size(); ++at)
    seen |= static_cast<std::uint64_t>(static_cast<unsigned char>(text[at]));
  return (seen & 0x8080808080808080ULL) == 0;
}

}  // namespace

struct CsvReader::Impl {
  std::unique_ptr<gzFile_s, Closer> file;
  std::string name;
  Format format;
  std::string buffer;  // [begin, end) is unread text
  std::size_t begin = 0, end = 0;
  std::int64_t before = 0;  // bytes of text before buffer[0]
  std::int64_t line = 1;
  bool at_end = false;
  std::optional<Error> error;
  std::string unquoted;  // fields with doubled quotes, put together

  bool refill();
  [[nodiscard]] std::optional<std::size_t> end_of_line(std::size_t from);
  std::optional<std::size_t> end_of_record(std::size_t from, std::int64_t& breaks,
                                           bool& open_quote);
  void split_blanks(std::string_view text, CsvRecord& record) const;
  void split_separated(std::string_view text, CsvRecord& record);
  void skip_long_line(CsvRecord& record);
  void read(std::size_t stop, std::int64_t breaks, CsvRecord& record);
};

/// Makes room at the back and reads; false when there is no more.
bool CsvReader::Impl::refill() {
  if (at_end) return false;
  if (begin > 0) {
    std::memmove(buffer.data(), buffer.data() + begin, end - begin);
    before += static_cast<std::int64_t>(begin);
    end -= begin;
    begin = 0;
  }
  if (buffer.size() - end < chunk) buffer.resize(end + chunk);
  const int bytes = gzread(file.get(), buffer.data() + end, static_cast<unsigned>(chunk));
  int code = Z_OK;
  const char* message = gzerror(file.get(), &code);
  if (bytes < 0 || (bytes == 0 && code != Z_OK)) {  // what comes before the damage is good
    // zlib's own messages begin with the path.
    error = Error{ErrorKind::invalid,
                  fmt::format("{}: the file is cut short or damaged: export it again",
                              code == Z_ERRNO ? name + ": " + std::system_category().message(errno)
                                              : message)};
    at_end = true;
    return false;
  }
  end += static_cast<std::size_t>(bytes);
  at_end = bytes == 0;
  return bytes > 0;
}

/// Index of the line break at or after `from`, or the end of the text; empty when the line is too
/// long.
std::optional<std::size_t> CsvReader::Impl::end_of_line(std::size_t from) {
  for (;;) {
    const void* found = from < end ? std::memchr(buffer.data() + from, '\n', end - from) : nullptr;
    const std::size_t stop =
        found != nullptr ? static_cast<std::size_t>(static_cast<const char*>(found) - buffer.data())
                         : end;
    if (stop - begin > longest_record) return std::nullopt;
    if (found != nullptr) return stop;
    from = end - begin;  // refill() moves the text to the front
    if (!refill()) return end;
  }
}

/// The same for a whole record, whose quoted fields may hold line breaks. Quotes come in pairs,
/// also doubled ones, so only their number matters here.
std::optional<std::size_t> CsvReader::Impl::end_of_record(std::size_t from, std::int64_t& breaks,
                                                          bool& open_quote) {
  breaks = 0;
  open_quote = false;
  std::size_t offset = from - begin;
  for (;;) {
    const auto stop = end_of_line(begin + offset);
    if (!stop) return std::nullopt;
    const char* text = buffer.data() + begin + offset;
    const char* last = buffer.data() + *stop;
    if (format.blanks) return stop;
    for (const char* at = text; (at = static_cast<const char*>(std::memchr(
                                     at, '"', static_cast<std::size_t>(last - at)))) != nullptr;
         ++at) {
      // A quote opens a field only at its beginning.
      const bool opens = at == buffer.data() + begin || at[-1] == format.separator;
      if (open_quote) {
        if (at + 1 < last && at[1] == '"')
          ++at;
        else
          open_quote = false;
      } else if (opens) {
        open_quote = true;
      }
    }
    if (!open_quote || *stop == end) return stop;
    ++breaks;
    offset = *stop + 1 - begin;
  }
}

void CsvReader::Impl::split_blanks(std::string_view text, CsvRecord& record) const {
  std::size_t at = 0;
  for (;;) {
    at = text.find_first_not_of(" \t", at);
    if (at == std::string_view::npos) return;
    const std::size_t stop = std::min(text.find_first_of(" \t", at), text.size());
    record.fields.push_back(text.substr(at, stop - at));
    at = stop;
  }
}

void CsvReader::Impl::split_separated(std::string_view text, CsvRecord& record) {
  unquoted.clear();
  unquoted.reserve(text.size());  // so that the views below stay
  const char* at = text.data();
  const char* const last = text.data() + text.size();
  for (;;) {
    std::string_view field;
    if (at < last && *at == '"') {
      const std::size_t start = unquoted.size();
      for (++at;; ++at) {
        const auto* quote =
            static_cast<const char*>(std::memchr(at, '"', static_cast<std::size_t>(last - at)));
        if (quote == nullptr) {
          record.defect = "a quoted field is not closed: close it with \"";
          return;
        }
        unquoted.append(at, quote);
        at = quote + 1;
        if (at == last || *at != '"') break;
        unquoted += '"';
      }
      field = std::string_view(unquoted).substr(start);
      if (at < last && *at != format.separator) {
        record.defect =
            "there is text behind a closing quote: double the quotes inside a quoted field";
        return;
      }
    } else {
      const auto* stop = static_cast<const char*>(
          at < last ? std::memchr(at, format.separator, static_cast<std::size_t>(last - at))
                    : nullptr);
      if (stop == nullptr) stop = last;
      field = std::string_view(at, static_cast<std::size_t>(stop - at));
      at = stop;
    }
    if (field.size() > longest_field) {
      record.defect = "a field is longer than 1 MB: shorten it";
      return;
    }
    record.fields.push_back(field);
    if (at == last) return;
    ++at;
  }
}

void CsvReader::Impl::skip_long_line(CsvRecord& record) {
  record.defect = "the line is longer than 10 MB: is a quote or a line break missing?";
  record.broken_quotes = true;
  unquoted.assign(buffer, begin, shown_of_a_long_record);
  record.original = unquoted;
  for (;;) {
    const void* found = std::memchr(buffer.data() + begin, '\n', end - begin);
    if (found != nullptr) {
      begin = static_cast<std::size_t>(static_cast<const char*>(found) - buffer.data()) + 1;
      ++line;
      return;
    }
    begin = end;
    if (!refill()) return;
  }
}

void CsvReader::Impl::read(std::size_t stop, std::int64_t breaks, CsvRecord& record) {
  std::string_view text(buffer.data() + begin, stop - begin);
  if (text.ends_with('\r')) text.remove_suffix(1);
  record.original = text;
  if (!is_ascii(text) && !is_valid_utf8(text)) {
    record.defect = "the line is not UTF-8: export the file as UTF-8";
  } else if (text.find('\0') != std::string_view::npos) {
    record.defect = "the line holds a zero byte: export the file again";
  } else if (format.blanks) {
    split_blanks(text, record);
  } else {
    split_separated(text, record);
  }
  if (!record.defect.empty()) {
    record.fields.clear();
    record.broken_quotes = true;
  }
  begin = std::min(stop + 1, end);
  line += breaks + 1;
}

CsvReader::CsvReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CsvReader::CsvReader(CsvReader&&) noexcept = default;
CsvReader& CsvReader::operator=(CsvReader&&) noexcept = default;
CsvReader::~CsvReader() = default;

Result<CsvReader> CsvReader::open(const std::filesystem::path& file, Format format) {
  auto impl = std::make_unique<Impl>();
  impl->name = file.string();
  impl->format = format;
  std::error_code code;
  if (std::filesystem::is_directory(file, code)) {
    return Error{ErrorKind::invalid,
                 fmt::format("{} is a directory: name a CSV file", file.string())};
  }
  impl->file.reset(gzopen(file.c_str(), "rbe"));
  if (impl->file == nullptr) {
    return Error{errno == ENOENT ? ErrorKind::not_found : ErrorKind::unavailable,
                 fmt::format("cannot read {}: {}: check the path and the rights", file.string(),
                             std::system_category().message(errno))};
  }
  gzbuffer(impl->file.get(), 1 << 18);
  impl->refill();
  if (impl->error) return *impl->error;
  const std::string_view start(impl->buffer.data(), std::min<std::size_t>(impl->end, 3));
  if (start.starts_with("\xff\xfe") || start.starts_with("\xfe\xff")) {
    return Error{ErrorKind::invalid, fmt::format("{} is UTF-16: save it as UTF-8", file.string())};
  }
  if (start == "\xef\xbb\xbf") impl->begin = 3;
  const std::string_view text(impl->buffer.data(), impl->end);
  if (text.find('\n') == std::string_view::npos && text.find('\r') != std::string_view::npos) {
    return Error{
        ErrorKind::invalid,
        fmt::format("{} has line ends of a bare CR, so all of it is one line: save it with "
                    "the line ends of Unix or Windows",
                    file.string())};
  }
  return CsvReader(std::move(impl));
}

bool CsvReader::next(CsvRecord& record) {
  Impl& in = *impl_;
  for (;;) {
    record.fields.clear();
    record.defect = {};
    record.broken_quotes = false;
    if (in.begin == in.end && !in.refill()) return false;
    record.line = in.line;
    record.position = position();
    std::int64_t breaks = 0;
    bool open_quote = false;
    auto stop = in.end_of_record(in.begin, breaks, open_quote);
    if (!stop || open_quote) {
      // Only the line with the opening quote is lost.
      breaks = 0;
      stop = in.end_of_line(in.begin);
      if (!stop) {
        in.skip_long_line(record);
        return true;
      }
    }
    if (in.error && *stop == in.end) return false;  // the last line of a damaged file is not whole
    in.read(*stop, breaks, record);
    if (!trim(record.original).empty()) return true;
  }
}

Result<void> CsvReader::take_error() {
  if (!impl_->error) return {};
  return *std::exchange(impl_->error, std::nullopt);
}

std::int64_t CsvReader::consumed() const {
  return static_cast<std::int64_t>(gzoffset(impl_->file.get()));
}
std::int64_t CsvReader::position() const {
  return impl_->before + static_cast<std::int64_t>(impl_->begin);
}

}  // namespace retaind::store
