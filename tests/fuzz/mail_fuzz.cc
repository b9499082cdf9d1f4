// module: render
// Fields of a mail, separated by 0x01. Whatever is built, in either charset, is a 7-bit message
// with the headers that were meant, and reads as it was written.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "render/mime.h"
#include "render/read_mail.h"
#include "support/plain_lines.h"

using namespace retaind;
using namespace retaind::render;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void check_wire(const std::string& bytes, bool utf8) {
  std::size_t line = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    require(bytes[i] != '\0');
    require(utf8 || static_cast<unsigned char>(bytes[i]) < 0x80);
    require(bytes[i] != '\r' || (i + 1 < bytes.size() && bytes[i + 1] == '\n'));
    require(bytes[i] != '\n' || (i > 0 && bytes[i - 1] == '\r'));
    line = bytes[i] == '\n' ? 0 : line + 1;
    require(line <= 999);
  }
}

std::size_t count_fields(const std::string& bytes) {
  std::size_t count = 0;
  for (std::size_t at = 0; bytes.compare(at, 2, "\r\n") != 0; at = bytes.find("\r\n", at) + 2)
    count += bytes[at] == ' ' ? 0 : 1;
  return count;
}

void check_read(const Mail& mail, const std::string& bytes) {
  const ReadMail read = read_mail(bytes);
  require(read.subject == to_valid_utf8(mail.subject));
  const bool one_part = mail.text.empty() || mail.html.empty();
  if (one_part && !mail.html.empty()) return;
  std::string text = test::plain_lines(mail.text);
  if (one_part && !text.ends_with('\n')) text += '\n';
  require(read.text == text);
}

void check_built(const Mail& mail) {
  const auto built = build_mail(mail);
  if (!built) return require(!built.error().message.empty());
  check_wire(built->bytes, built->needs_smtputf8);
  const bool list = !mail.list_unsubscribe_url.empty() || !mail.list_unsubscribe_mailto.empty();
  const bool one_click =
      mail.list_unsubscribe_url.size() > 5 && (mail.list_unsubscribe_url[4] | 0x20) == 's';
  const bool multipart = !mail.text.empty() && !mail.html.empty();
  const std::size_t expected = 7U + (mail.reply_to.empty() ? 0U : 1U) + (list ? 1U : 0U) +
                               (one_click ? 1U : 0U) + (mail.list_id.empty() ? 0U : 1U) +
                               mail.extra.size() + (multipart ? 0U : 1U);
  require(count_fields(built->bytes) == expected);
  check_read(mail, built->bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::string> fields(1);
  for (std::size_t i = 0; i < size; ++i) {
    if (data[i] == 1)
      fields.emplace_back();
    else
      fields.back() += static_cast<char>(data[i]);
  }
  fields.resize(12);
  Mail mail;
  mail.from = {fields[0], "shop@example.com"};
  mail.to = {{fields[1], fields[2].empty() ? "a@example.net" : fields[2]}};
  mail.subject = fields[3];
  mail.text = fields[4];
  mail.html = fields[5];
  mail.reply_to = fields[6];
  mail.list_unsubscribe_url = fields[7];
  mail.list_unsubscribe_mailto = fields[8];
  mail.message_id = fields[9].empty() ? "m@example.com" : fields[9];
  mail.list_id = fields[10];
  if (!fields[11].empty()) mail.extra = {{"X-Retaind-Rule", fields[11]}};
  for (const Charset charset : {Charset::utf_8, Charset::iso_2022_jp}) {
    mail.charset = charset;
    check_built(mail);
  }
  return 0;
}
