// A mail rendered and built, against LiquidJS in Node, which only renders it; a large mail against
// replacing and encoding by hand; parsing.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "base/value.h"
#include "measure.h"
#include "render/liquid.h"
#include "render/mime.h"

using namespace retaind;
using namespace retaind::render;

namespace {

/// 3.6 KB: one if with else, a loop of five, twelve outputs, six filters, Japanese text.
std::string mail_template() {
  std::string text =
      "<!doctype html>\n<html lang=\"ja\"><head><meta charset=\"utf-8\"><title>{{ site.name }}"
      "</title></head>\n<body style=\"margin:0;padding:24px;background:#ffffff;color:#222222\">\n"
      "<div style=\"max-width:600px;margin:0 auto\">\n"
      "<p>{% if customer.last_name %}{{ customer.last_name | upcase }}様{% else %}お客様{% endif %}"
      "</p>\n<p>先日は{{ site.name }}をご利用いただき、誠にありがとうございました。ご注文（番号 "
      "{{ order.number }}、{{ order.placed_at | date: '%Y-%m-%d' }}）の品はお手元でお役に立って"
      "おりますでしょうか。</p>\n<table role=\"presentation\" width=\"100%\">\n"
      "{% for item in order.items %}<tr><td style=\"padding:8px 0\">{{ forloop.index }}. "
      "{{ item.title | truncate: 12 }}</td><td align=\"right\">{{ item.quantity }} × "
      "{{ item.price | divided_by: 100.0 | round: 2 }}</td></tr>\n{% endfor %}</table>\n"
      "<p>合計 {{ order.total | divided_by: 100 }} {{ order.currency | default: 'JPY' }}</p>\n"
      "<p><a href=\"{{ survey.link }}\" style=\"display:inline-block;padding:12px 24px;"
      "background:#1f5f4a;color:#ffffff;text-decoration:none\">感想を伝える</a></p>\n";
  const std::string footer =
      "<p "
      "style=\"font-size:13px;color:#595959\">商品に不備やお気づきの点がございましたら、このメール"
      "にそのままご返信ください。担当者がすぐに対応いたします。</p>\n";
  while (text.size() < 3300) text += footer;
  return text +
         "<p><a href=\"{{ unsubscribe.link }}\">配信を停止する</a><br>{{ site.name }} "
         "{{ site.postal_address }}</p>\n</div></body></html>\n";
}

/// A page of 30 KB: the mail above, and long static parts with a value every 2 KB.
std::string page_template() {
  std::string text = mail_template();
  const std::string value =
      "<h2 style=\"font-size:18px\">Something for {{ customer.last_name }}</h2>\n";
  const std::string block =
      "<table role=\"presentation\" width=\"100%\"><tr><td style=\"padding:16px;border:1px solid "
      "#dddddd\"><p>Plain words of the length that people write, with a full stop at the end of "
      "each line.</p>\n<p><a href=\"https://shop.example.com/products\">Look at it</a></p>"
      "</td></tr></table>\n";
  for (int i = 0; text.size() < 30'000; ++i) text += i % 8 == 0 ? value : block;
  return text;
}

const char* const data_text =
    R"({"site": {"name": "青空ショップ", "postal_address": "東京都千代田区1-1"},
 "customer": {"last_name": "山田 & <Söhne>"}, "survey": {"link": "https://x.example/s?a=1&b=2"},
 "unsubscribe": {"link": "https://x.example/u/abcdef"}, "order": {"number": "A-10023",
 "placed_at": "2026-03-02T10:00:00Z", "total": 123400, "currency": null, "items": [
 {"title": "プレミアムコーヒー豆 深煎り 500g", "quantity": 2, "price": 1980},
 {"title": "Mug \"Morning\"", "quantity": 1, "price": 2450},
 {"title": "ペーパーフィルター 100枚入り", "quantity": 3, "price": 540},
 {"title": "Scale", "quantity": 1, "price": 9950},
 {"title": "ドリッパー", "quantity": 1, "price": 3350}]}})";

Mail mail_of(std::string html) {
  Mail mail;
  mail.from = {"青空ショップ", "shop@example.com"};
  mail.to = {{"山田 太郎", "taro@example.net"}};
  mail.subject = "ご注文ありがとうございました（A-10023）";
  mail.html = std::move(html);
  mail.message_id = "m1@example.com";
  mail.date = from_ms(1772442000000);
  return mail;
}

/// What one writes without thinking of it: search, replace, encode a character at a time.
std::string naive(std::string text,
                  const std::vector<std::pair<std::string, std::string>>& values) {
  for (const auto& [name, value] : values) {
    for (std::size_t at = text.find(name); at != std::string::npos; at = text.find(name, at))
      text.replace(at, name.size(), value), at += value.size();
  }
  static const char digits[] = "0123456789ABCDEF";
  std::string out;
  std::size_t column = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == '\n') {
      out += "\r\n";
      column = 0;
      continue;
    }
    std::string one(1, text[i]);
    if (c > 126 || c == '=' || c < 32) one = std::string("=") + digits[c >> 4U] + digits[c & 15U];
    if (column + one.size() > 75) {
      out += "=\r\n";
      column = 0;
    }
    out += one;
    column += one.size();
  }
  return out;
}

struct Peer {
  double seconds = 0;
  std::string text;
};

Peer liquidjs(const std::string& text, int count) {
  const auto directory = std::filesystem::temp_directory_path() / "retaind-render-bench";
  std::filesystem::create_directories(directory);
  std::ofstream(directory / "mail.liquid", std::ios::binary) << text;
  std::ofstream(directory / "data.json", std::ios::binary) << data_text;
  const std::string command = "modules=$(python3 " + std::string(RETAIND_SOURCE) +
                              "/tests/e2e/npm_peers.py liquidjs) && NODE_PATH=$modules node " +
                              std::string(RETAIND_SOURCE) + "/tests/bench/render_peer.js " +
                              (directory / "mail.liquid").string() + " " +
                              (directory / "data.json").string() + " " + std::to_string(count) +
                              " > " + (directory / "out").string();
  Peer peer;
  if (std::system(command.c_str()) != 0) return peer;
  std::ifstream in(directory / "out", std::ios::binary);
  std::string first;
  std::getline(in, first);
  std::ostringstream rest;
  rest << in.rdbuf();
  peer.seconds = std::stod(first);
  peer.text = rest.str();
  return peer;
}

bool against_liquidjs(const char* name, const std::string& text, int count) {
  const Value data = *parse_json(data_text);
  const Liquid liquid("mail", text, Mode::conformance);
  if (!liquid.faults().empty()) {
    std::cerr << located(liquid.faults().front()) << "\n";
    return false;
  }
  MailMemo memo;
  const auto ours = [&] {
    return bench::cpu_seconds([&] {
             for (int i = 0; i < count; ++i)
               (void)build_mail(mail_of(*liquid.render(data, true)), memo);
           }) /
           count;
  };
  const auto rendered = liquid.render(data, true);
  const Peer peer = liquidjs(text, 10);
  if (peer.text.empty()) {
    std::puts("skipped: LiquidJS is missing");
    return true;
  }
  // LiquidJS writes &#34; for a quote.
  std::string theirs = peer.text;
  for (std::size_t at = theirs.find("&#34;"); at != std::string::npos; at = theirs.find("&#34;"))
    theirs.replace(at, 5, "&quot;");
  if (!rendered || *rendered != theirs) {
    std::printf("%s: the two render differently:\n%s\n%s\n", name,
                rendered ? rendered->c_str() : rendered.error().message.c_str(), theirs.c_str());
    return false;
  }
  const auto pair =
      bench::in_turn(5, ours, [&] { return liquidjs(text, std::max(count / 10, 200)).seconds; });
  std::printf("%s: %.0f mails a second\n", name, 1 / bench::median(pair.ours));
  return bench::report(name, pair, "us", 1e6, 1.0 / 8);
}

bool against_naive() {
  const std::string text = page_template();
  const Value data = *parse_json(data_text);
  const Liquid liquid("page", text, Mode::mail);
  std::vector<std::pair<std::string, std::string>> values;
  for (const auto& [name, value] : std::initializer_list<std::pair<const char*, const char*>>{
           {"{{ customer.last_name }}", "山田"},
           {"{{ site.name }}", "青空ショップ"},
           {"{{ site.postal_address }}", "東京都"},
           {"{{ survey.link }}", "https://x.example/s"},
           {"{{ order.number }}", "A-10023"},
           {"{{ unsubscribe.link }}", "https://x.example/u"}})
    values.emplace_back(name, value);
  MailMemo memo;
  constexpr int count = 300;
  const auto ours = [&] {
    return bench::cpu_seconds([&] {
             for (int i = 0; i < count; ++i)
               (void)build_mail(mail_of(*liquid.render(data, true)), memo);
           }) /
           count;
  };
  std::size_t sink = 0;
  const auto by_hand = [&] {
    return bench::cpu_seconds([&] {
             for (int i = 0; i < count; ++i) sink += naive(text, values).size();
           }) /
           count;
  };
  const bool fine =
      bench::report("30 KB rendered and built", bench::in_turn(5, ours, by_hand), "us", 1e6, 0.15);
  return fine && sink > 0;
}

bool parsing() {
  std::string text = mail_template();
  text.resize(4096, ' ');
  constexpr int count = 2000;
  std::vector<double> rounds;
  for (int round = 0; round < 5; ++round) {
    rounds.push_back(bench::cpu_seconds([&] {
                       for (int i = 0; i < count; ++i)
                         (void)Liquid("mail", text, Mode::mail).faults().size();
                     }) /
                     count);
  }
  const double us = bench::median(rounds) * 1e6;
  std::printf("%-44s %10.3f us, at most 100: %s\n", "4 KB parsed", us,
              us <= 100 ? "PASS" : "MISSED");
  return us <= 100;
}

}  // namespace

int main() {
  bool fine =
      against_liquidjs("3.6 KB rendered and built, LiquidJS renders", mail_template(), 5000);
  fine =
      against_liquidjs("30 KB rendered and built, LiquidJS renders", page_template(), 1000) && fine;
  fine = against_naive() && fine;
  fine = parsing() && fine;
  return fine ? 0 : 1;
}
