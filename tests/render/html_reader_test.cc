#include "render/html_reader.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace retaind::render;

namespace {

/// "12: what is wrong", one a line.
std::string faults_of(const std::string& html) {
  HtmlFaults faults;
  const auto tokens = read_html(html, faults);
  check_nesting(html, tokens, faults);
  std::string text;
  for (const HtmlFault& fault : faults) {
    CHECK_FALSE(fault.remedy.empty());
    text += std::to_string(fault.at) + ": " + fault.what + "\n";
  }
  return text;
}

}  // namespace

TEST_CASE("HTML that the standard allows has no fault") {
  for (const std::string html : {
           "",
           "text alone & more",
           "<!doctype html><title>a < b</title><style>a > b {}</style><body><p>x</p></body>",
           "<p>one<p>two<div>three</div>",
           "<ul><li>one<li>two<ul><li>three</ul><li>four</ul>",
           "<dl><dt>a<dd>b<dt>c<dd>d</dl>",
           "<table><tr><td>a<td>b<tr><th>c</table>",
           "<table><caption>x</caption><colgroup><col></colgroup><thead><tr><th>a</table>",
           "<table><tbody><tr><td><table><tr><td>b</td></tr></table></td></tr></tbody></table>",
           "<table>\n <!-- c -->\n <tr> <td>a</td> </tr> </table>",
           "<br><br/><hr><img src='a' alt=\"b\"><input disabled>",
           "<a href=https://a.example/b?c>d</a>",
           "<TABLE><TR><TD>x</td></tr></table>",
           "<svg><path d='M0 0'/><g><rect/></g></svg>",
           "<!--[if mso]><table><tr><td><![endif]-->x<!--[if mso]></td></tr></table><![endif]-->",
           "<!--[if !mso]><!--><b>x</b><!--<![endif]-->",
           "<![if !mso]><b>x</b><![endif]>",
           "<textarea><p></textarea><script>if (a < b) c('</p>');</script>",
           "<select><option>a<option>b</select>",
           "<p>a <b>b <i>c</i></b></p>",
           "<p a=\"<b>\" c='\"'>x</p>",
           "<!---->x<!-- - -->",
           "<o:p></o:p><v:rect/>",
           "<div><p>one</div>",
       }) {
    INFO(html);
    CHECK(faults_of(html).empty());
  }
}

TEST_CASE("each fault of HTML is told once, at the place that has to be mended") {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"<div><p>x</p>", "0: `<div>` is never closed\n"},
      {"<p><b>x</p>", "3: `<b>` is still open where `</p>` stands\n"},
      {"<b><i>x</b></i>", "3: `<i>` is still open where `</b>` stands\n"},
      {"<p>x</b></p>", "4: `</b>` closes nothing that is open here\n"},
      {"x</br>", "1: `</br>` closes nothing: `<br>` has no end\n"},
      {"<table><tr><td>x</td></tr></tabel></table>",
       "26: `</tabel>` closes nothing that is open here\n"},
      {"<div><table><tr><td></div></td></tr></table></div>",
       "20: `</div>` closes nothing that is open here\n"},
      {"<p><div>x</div></p>",
       "15: `</p>` closes nothing: what stands in front has ended the paragraph\n"},
      {"<b><p>x</b></p>",
       "11: `</p>` closes nothing: what stands in front has ended the paragraph\n"},
      {"<div/>", "0: `<div>` is never closed\n"},
      {"<table><tr>x<td>y</table>",
       "11: text stands directly in `<tr>`, and is shown above the table\n"},
      {"<tr><td>x</td><td>y</td></tr>", "0: `<tr>` stands outside of a table, and is left out\n"},
      {"<table></table><div><td>x</div>",
       "20: `<td>` stands outside of a table, and is left out\n"},
      {"<table><div></div><tr><td>y</table>",
       "7: `<div>` stands directly in `<table>`, and is shown above the table\n"},
      {"<a href='b'>c<a href='d'>e</a>", "13: a link begins inside another\n"},
      {"a < b", "2: a `<` of the text is not escaped\n"},
      {"a <", "2: a `<` of the text is not escaped\n"},
      {"<!-- x", "0: the comment is never closed, and nothing behind it is shown\n"},
      {"<!--[if mso]><b>-->",
       "0: the conditional comment does not end with `<![endif]-->`, so Outlook hides all that "
       "follows\n"},
      {"<p a=1 b=2 a=3>x", "11: `<p>` has `a` twice, and the second is left out\n"},
      {"<a href=\"b>c</a> <a href=\"d\">e</a>",
       "0: a quote in `<a` is not closed, or stands where none belongs\n"},
      {"<a href=\"b\"\">c</a>", "0: a quote in `<a` is not closed, or stands where none belongs\n"},
      {"<a href=b'c>d</a>",
       "8: the value of `href` of `<a>` has no quotes and takes in what stands beside it\n"},
      {"<a href=b/>d</a>",
       "8: the value of `href` of `<a>` has no quotes and takes in what stands beside it\n"},
      {"<p", "0: a quote in `<p` is not closed, or stands where none belongs\n"},
      {"<b>x</b", "4: `</b` has no `>`\n"},
      {"<style>a",
       "0: `<style>` is never closed, and takes in all that follows\n"
       "0: `<style>` is never closed\n"},
  };
  for (const auto& [html, expected] : cases) {
    INFO(html);
    CHECK(faults_of(html) == expected);
  }
}

TEST_CASE("a mail of a thousand mistakes is told of the first, and deep nesting ends the look") {
  std::string stray;
  for (int i = 0; i < 100'000; ++i) stray += "</i>";
  const std::string told = faults_of(stray);
  CHECK(std::count(told.begin(), told.end(), '\n') == 20);
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "<div>";
  CHECK(faults_of(deep) == "1275: more than 256 elements are open here\n");
}

TEST_CASE("Outlook's own HTML is read at the same bytes") {
  const auto seen = [](const std::string& html) {
    const std::string text = as_outlook_reads(html);
    if (!text.empty()) CHECK(text.size() == html.size());
    std::string shown;
    for (const char c : text)
      if (c != ' ') shown += c;
    return shown;
  };
  CHECK(as_outlook_reads("<b>x</b>").empty());
  CHECK(seen("a<!--[if mso]><b><![endif]-->c") == "a<b>c");
  CHECK(seen("a<!--[if gte mso 9]><xml/><![endif]-->c") == "a<xml/>c");
  CHECK(seen("a<!--[if !mso]><!--><b>x</b><!--<![endif]-->c") == "ac");
  CHECK(seen("a<!--[if mso]><!--><b>x</b><!--<![endif]-->c") == "a<b>x</b>c");
  CHECK(seen("a<!--[if IE]><b><![endif]-->c") == "ac");
  CHECK(seen("a<!--[if mso]><b>") == "a<!--[ifmso]><b>");
}
