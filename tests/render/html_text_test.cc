#include "render/html_text.h"

#include <catch2/catch.hpp>

using namespace retaind::render;

TEST_CASE("blocks become lines and paragraphs are set apart", "[render]") {
  CHECK(html_to_text("<p>One\n  two</p><p>three</p><div>four</div><div>five<br>six</div>") ==
        "One two\n\nthree\n\nfour\nfive\nsix\n");
  CHECK(html_to_text("<h1>Title</h1>text") == "Title\n\ntext\n");
  CHECK(html_to_text("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>") ==
        "a b\nc\n");
  CHECK(html_to_text("a<br><br>b<hr>c") == "a\n\nb\n\n----\n\nc\n");
  CHECK(html_to_text("").empty());
}

TEST_CASE("inline tags do not part words", "[render]") {
  CHECK(html_to_text("<p>wo<b>rd</b> <i>next</i>.</p>") == "word next.\n");
  CHECK(html_to_text("<P CLASS='x'>Yes</P>") == "Yes\n");
}

TEST_CASE("links show where they lead unless the text says it", "[render]") {
  CHECK(html_to_text(R"(<a href="https://e.example/?a=1&amp;b=2">Pay now</a>.)") ==
        "Pay now <https://e.example/?a=1&b=2>.\n");
  CHECK(html_to_text("<a href='https://e.example'>https://e.example</a>") == "https://e.example\n");
  CHECK(html_to_text("<a href=\"mailto:a@b.example\">a@b.example</a> <a href=\"#top\">up</a> <a "
                     "name=x>y</a>") == "a@b.example up y\n");
  CHECK(html_to_text("<a href=\"https://e.example\"><img src=x alt=\"Our shop\"></a>") ==
        "Our shop <https://e.example>\n");
}

TEST_CASE("lists have bullets and numbers", "[render]") {
  CHECK(html_to_text(
            "<p>x</p><ul><li>a<li>b</ul><ol><li>c</li><li>d<ul><li>e</li></ul></li></ol>z") ==
        "x\n\n- a\n- b\n\n1. c\n2. d\n  - e\n\nz\n");
}

TEST_CASE("what is not shown is left out", "[render]") {
  CHECK(html_to_text(
            "<!doctype html><html><head><title>t</title><style>p{}</style></head><body>x<script>if "
            "(a<b) {}</script><!-- <p>no</p> --></body></html>") == "x\n");
  CHECK(
      html_to_text("<div style=\"display: none; max-height:0\">pre<div>in</div>header</div>text") ==
      "text\n");
  CHECK(html_to_text("<!--[if mso]><table><tr><td><![endif]-->a") == "a\n");
}

TEST_CASE("entities become characters", "[render]") {
  CHECK(html_to_text("&lt;b&gt; &amp; &quot;&#39;&eacute;&#x5c71;&nbsp;&euro;&hellip; &unknown; & "
                     "&#0;&#xD800;") == "<b> & \"'é山 €… &unknown; & \uFFFD\uFFFD\n");
  CHECK(decode_entities("a&shy;b") == "ab");
}

TEST_CASE("broken HTML still gives text", "[render]") {
  CHECK(html_to_text("a < b <p") == "a < b\n");
  CHECK(html_to_text("<p title=\"x>y") == "y\n");
  CHECK(html_to_text("</p></ul></ol></a>x<li>y") == "x\n- y\n");
  CHECK(html_to_text("<div style='display:none'>never closed").empty());
  CHECK(html_to_text("<averyveryverylongtagname>x</averyveryverylongtagname>") == "x\n");
}

TEST_CASE("pre keeps its lines", "[render]") {
  CHECK(html_to_text("a<pre>x\n  y</pre>b") == "a\n\nx\n  y\n\nb\n");
}
