#include "transport/webhook.h"

#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <optional>

#include "base/value.h"
#include "live.h"
#include "support/directory.h"
#include "transport/webhook_signature.h"

using namespace retaind;
using namespace retaind::testing;
using namespace std::chrono_literals;
using delivery::Outcome;
using delivery::OutcomeKind;
using transport::HttpAnswer;
using transport::Webhook;
using transport::webhook_outcome;
using transport::WebhookTarget;

namespace {

constexpr const char* server_script = R"py(
import http.server, json, socket, ssl, sys, time
port, log, cert, key = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *a): pass
    def do_GET(self): self.do_POST()
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
        with open(log, "a") as f:
            f.write(json.dumps({"path": self.path, "body": body, "port": self.client_address[1],
                                "headers": {k.lower(): v for k, v in self.headers.items()}}) + "\n")
        part = self.path.strip("/").split("/")
        if part[0] == "drop":
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR); return
        if part[0] == "slow": time.sleep(float(part[1]))
        status = int(part[1]) if part[0] in ("status", "retry") else 200
        answer = b"x" * 300000 if part[0] == "big" else b'{"said": "' + part[0].encode() + b'"}'
        self.send_response(status)
        if part[0] == "retry": self.send_header("Retry-After", part[2].replace("_", " "))
        if status // 100 == 3: self.send_header("Location", "http://127.0.0.1:%d/redirected" % port)
        if status == 204: answer = b""
        else: self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)
server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
server.daemon_threads = True
if cert:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
)py";

/// A real HTTP server and a transport whose endpoints lead to it.
struct Post {
  explicit Post(const std::string& certificate = {}, const std::string& key = {})
      : port(free_port()),
        log((directory.path() / "log").string()),
        server({"/usr/bin/python3", "-c", server_script, std::to_string(port), log, certificate,
                key}) {
    if (!server.listens(port)) std::puts("skipped: no python3 for an HTTP server");
    ok = server.running();
  }
  std::string url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(port) + path;
  }
  void target(const std::string& name, const std::string& full_url, bool allow_private = true) {
    targets[name].endpoint.url = full_url;
    targets[name].endpoint.allow_private = allow_private;
  }
  void start() {
    webhook.emplace(
        live.loop(), targets, [this] { feed.run(); }, live.clock());
    feed.use(*webhook);
  }
  const Outcome& send(std::int64_t id, const std::string& endpoint) {
    if (!webhook) start();
    delivery::Outgoing message;
    message.id = id;
    message.message_id = "m" + std::to_string(id) + "@shop.test";
    message.endpoint = endpoint;
    message.bytes = R"({"type":"ticket.reminder","n":)" + std::to_string(id) + "}";
    feed.add(std::move(message));
    feed.run();
    REQUIRE(feed.outcomes[id].empty());
    REQUIRE(live.run_until([&] { return !feed.outcomes[id].empty(); }));
    REQUIRE(feed.outcomes[id].size() == 1);
    return feed.outcomes[id][0];
  }
  std::vector<Value> requests() const {
    std::vector<Value> all;
    std::ifstream file(log);
    for (std::string line; std::getline(file, line);) all.push_back(*parse_json(line));
    return all;
  }

  test::Directory directory;
  int port;
  std::string log;
  Peer server;
  bool ok = false;
  Live live;
  transport::WebhookTargets targets;
  Feed feed;
  std::optional<Webhook> webhook;
};

std::string header(const Value& request, std::string_view name) {
  const Value* value = request.find("headers")->find(name);
  return value == nullptr ? "" : *value->as_text();
}

}  // namespace

TEST_CASE("a webhook is one signed POST of the stored bytes", "[transport]") {
  Post post;
  if (!post.ok) return;
  post.target("desk", post.url("/hook"));
  post.targets["desk"].key =
      *transport::parse_webhook_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  post.targets["desk"].token = "secret-token\n";
  post.target("plain", post.url("/plain"));
  CHECK(post.send(1, "desk").kind == OutcomeKind::sent);
  CHECK(post.feed.outcomes[1][0].code == 200);
  CHECK(post.send(2, "plain").kind == OutcomeKind::sent);
  const auto requests = post.requests();
  REQUIRE(requests.size() == 2);
  const Value& request = requests[0];
  CHECK(*request.find("body")->as_text() == R"({"type":"ticket.reminder","n":1})");
  CHECK(header(request, "content-type") == "application/json");
  CHECK(header(request, "webhook-id") == "m1_shop_test");
  CHECK(header(request, "authorization") == "Bearer secret-token");
  const std::int64_t at = std::stoll(header(request, "webhook-timestamp"));
  CHECK(std::abs(at - to_ms(post.live.clock().now()) / 1000) < 10);
  CHECK(header(request, "webhook-signature") ==
        transport::webhook_signature(post.targets["desk"].key, "m1_shop_test", at,
                                     *request.find("body")->as_text()));
  CHECK(header(requests[1], "webhook-signature").empty());
  CHECK(header(requests[1], "authorization").empty());
  CHECK(header(requests[1], "expect").empty());
}

TEST_CASE("what the endpoint answers decides", "[transport]") {
  Post post;
  if (!post.ok) return;
  for (const int status :
       {200, 201, 202, 204, 301, 302, 308, 400, 401, 404, 410, 422, 429, 500, 502, 503}) {
    post.target("s" + std::to_string(status), post.url("/status/" + std::to_string(status)));
  }
  std::int64_t id = 0;
  for (const int status : {200, 201, 202, 204})
    CHECK(post.send(++id, "s" + std::to_string(status)).kind == OutcomeKind::sent);
  for (const int status : {301, 302, 308, 410}) {
    INFO(status);
    CHECK(post.send(++id, "s" + std::to_string(status)).kind == OutcomeKind::rejected);
  }
  for (const int status : {400, 401, 404, 422}) {
    INFO(status);
    const Outcome& outcome = post.send(++id, "s" + std::to_string(status));
    CHECK(outcome.kind == OutcomeKind::deferred);
    CHECK(outcome.retry_after == Duration{1h});
  }
  for (const int status : {429, 500, 502, 503}) {
    INFO(status);
    const Outcome& outcome = post.send(++id, "s" + std::to_string(status));
    CHECK(outcome.kind == OutcomeKind::deferred);
    CHECK(outcome.code == status);
    CHECK_FALSE(outcome.retry_after);
    CHECK_FALSE(outcome.host_trouble);
  }
  for (const Value& request : post.requests())
    CHECK(*request.find("path")->as_text() != "/redirected");
  CHECK(post.webhook->trouble().empty());
}

TEST_CASE("Retry-After is seconds or a date, at most a day", "[transport]") {
  const Time now = from_ms(1767225600000);  // Thu, 01 Jan 2026 00:00:00 GMT
  const auto wish = [&](const std::string& text) {
    HttpAnswer answer;
    answer.status = 503;
    answer.retry_after = text;
    return webhook_outcome(answer, now).retry_after;
  };
  CHECK(wish("120") == Duration{120s});
  CHECK(wish(" 5 ") == Duration{5s});
  CHECK(wish("Thu, 01 Jan 2026 00:02:00 GMT") == Duration{120s});
  CHECK(wish("999999") == Duration{24h});
  CHECK(wish("99999999999999999999999") == Duration{24h});
  CHECK(wish("Fri, 01 Jan 2027 00:00:00 GMT") == Duration{24h});
  for (const std::string text :
       {"", "0", "-5", "soon", "12 minutes", "Wed, 31 Dec 2025 00:00:00 GMT"}) {
    INFO(text);
    CHECK_FALSE(wish(text));
  }
  Post post;
  if (!post.ok) return;
  post.target("busy", post.url("/retry/503/77"));
  CHECK(post.send(1, "busy").retry_after == Duration{77s});
}

TEST_CASE("a lost connection is tried again, with the same id", "[transport]") {
  Post post;
  if (!post.ok) return;
  post.target("drop", post.url("/drop"));
  const Outcome outcome = post.send(1, "drop");
  CHECK(outcome.kind == OutcomeKind::deferred);
  CHECK(outcome.code == 0);
  CHECK_FALSE(outcome.host_trouble);
  post.feed.outcomes.clear();
  post.send(1, "drop");
  const auto requests = post.requests();
  REQUIRE(requests.size() >= 2);
  for (const Value& request : requests) CHECK(header(request, "webhook-id") == "m1_shop_test");
}

TEST_CASE("an endpoint that is away is the host's trouble, and is named", "[transport]") {
  Post post;
  if (!post.ok) return;
  post.target("away", "http://127.0.0.1:" + std::to_string(free_port()) + "/");
  post.target("nowhere", "https://no-such-host.invalid/");
  std::int64_t id = 0;
  for (const std::string name : {"away", "nowhere", "unknown"}) {
    INFO(name);
    const Outcome& outcome = post.send(++id, name);
    CHECK(outcome.kind == OutcomeKind::deferred);
    CHECK(outcome.host_trouble);
    CHECK(outcome.retry_after >= Duration{1});
    CHECK_FALSE(outcome.reply.empty());
  }
  CHECK(post.webhook->trouble().find("away: ") != std::string::npos);
  CHECK(post.webhook->trouble().find("nowhere: ") != std::string::npos);
}

TEST_CASE("an endpoint that stays away is asked less and less often, until it answers",
          "[transport]") {
  Post post;
  if (!post.ok) return;
  const int port = free_port();
  post.target("desk", "http://127.0.0.1:" + std::to_string(port) + "/");
  CHECK(post.send(1, "desk").retry_after <= Duration{1s});
  post.live.run_for(1010ms);
  const Outcome again = post.send(2, "desk");
  CHECK(again.retry_after > Duration{1s});
  CHECK(again.retry_after <= Duration{2s});
  Peer late({"/usr/bin/python3", "-c", server_script, std::to_string(port), post.log, "", ""});
  REQUIRE(late.listens(port));
  CHECK(post.send(3, "desk").kind == OutcomeKind::sent);
  CHECK(post.webhook->trouble().empty());
}

TEST_CASE("no spelling of a private address gets past the guard", "[transport]") {
  Post post;
  if (!post.ok) return;
  const std::string at = ":" + std::to_string(post.port) + "/";
  const std::vector<std::string> urls = {"https://127.0.0.1" + at,
                                         "https://localhost" + at,
                                         "https://2130706433" + at,
                                         "https://0x7f.1" + at,
                                         "https://0177.0.0.1" + at,
                                         "https://127.1" + at,
                                         "https://[::1]" + at,
                                         "https://[::ffff:127.0.0.1]" + at,
                                         "https://0" + at,
                                         "https://user:pw@127.0.0.1" + at,
                                         "https://example.com@127.0.0.1" + at,
                                         "https://169.254.169.254/",
                                         "https://[::ffff:a9fe:a9fe]/",
                                         "http://127.0.0.1" + at,
                                         "file:///etc/passwd",
                                         "gopher://127.0.0.1" + at};
  std::int64_t id = 0;
  for (const std::string& url : urls) post.target("t" + std::to_string(++id), url, false);
  id = 0;
  for (const std::string& url : urls) {
    INFO(url);
    ++id;
    const Outcome& outcome = post.send(id, "t" + std::to_string(id));
    CHECK(outcome.kind == OutcomeKind::deferred);
    CHECK(outcome.host_trouble);
    const bool named = outcome.reply.find("private network") != std::string::npos ||
                       outcome.reply.find("never connected to") != std::string::npos ||
                       outcome.reply.find("no https URL") != std::string::npos;
    CHECK(named);
  }
  CHECK(post.requests().empty());
}

TEST_CASE("allow-private does not open the way to cloud metadata", "[transport]") {
  Post post;
  if (!post.ok) return;
  post.target("metadata", "http://169.254.169.254/latest/meta-data/");
  CHECK(post.send(1, "metadata").reply.find("never connected to") != std::string::npos);
}

TEST_CASE("a certificate that we do not trust is the host's trouble", "[transport]") {
  const Certificates* made = certificates();
  if (made == nullptr) return;
  Post post(made->certificate, made->key);
  if (!post.ok) return;
  post.target("tls", "https://localhost:" + std::to_string(post.port) + "/");
  const Outcome& outcome = post.send(1, "tls");
  CHECK(outcome.kind == OutcomeKind::deferred);
  CHECK(outcome.host_trouble);
  CHECK(post.requests().empty());
}

TEST_CASE("an endless answer is not read, its status counts", "[transport]") {
  Post post;
  if (!post.ok) return;
  post.target("big", post.url("/big"));
  CHECK(post.send(1, "big").kind == OutcomeKind::sent);
  CHECK(post.feed.outcomes[1][0].reply.size() <= 500);
}

TEST_CASE("an answer that is no HTTP is tried again", "[transport]") {
  Post post;
  if (!post.ok) return;
  const int port = free_port();
  Peer sink({"/usr/sbin/smtp-sink", "-u", "nobody", "127.0.0.1:" + std::to_string(port), "16"});
  if (!sink.listens(port)) {
    std::puts("skipped: no smtp-sink (package postfix)");
    return;
  }
  post.target("smtp", "http://127.0.0.1:" + std::to_string(port) + "/");
  const Outcome& outcome = post.send(1, "smtp");
  CHECK(outcome.kind == OutcomeKind::deferred);
  CHECK(outcome.code == 0);
  CHECK_FALSE(outcome.host_trouble);
  CHECK(outcome.reply.find("URL") == std::string::npos);
}

TEST_CASE("the environment's proxy is not asked", "[transport]") {
  Post post;
  if (!post.ok) return;
  // Before anything has begun a thread.
  ::setenv("http_proxy", "http://127.0.0.1:9", 1);  // NOLINT(concurrency-mt-unsafe)
  post.target("desk", post.url("/hook"));
  CHECK(post.send(1, "desk").kind == OutcomeKind::sent);
  ::unsetenv("http_proxy");  // NOLINT(concurrency-mt-unsafe)
}

TEST_CASE("32 at once, the others wait, and the loop goes on", "[transport]") {
  Post post;
  if (!post.ok) return;
  post.target("slow", post.url("/slow/0.3"));
  post.start();
  for (std::int64_t id = 1; id <= 64; ++id) {
    delivery::Outgoing message;
    message.id = id;
    message.message_id = "m" + std::to_string(id);
    message.endpoint = "slow";
    message.bytes = "{}";
    post.feed.add(std::move(message));
  }
  post.feed.run();
  CHECK(post.webhook->capacity() == 0);
  CHECK(post.feed.waiting() == 32);
  const Duration before = post.live.clock().elapsed();
  REQUIRE(post.live.run_until([&] { return post.feed.ended() == 64; }));
  CHECK(post.live.clock().elapsed() - before < 5s);
  CHECK(post.feed.count(OutcomeKind::sent) == 64);
  CHECK(post.webhook->capacity() == 32);
}

TEST_CASE("destroyed with webhooks in flight it calls nobody", "[transport]") {
  Post post;
  if (!post.ok) return;
  post.target("slow", post.url("/slow/0.2"));
  post.start();
  delivery::Outgoing message;
  message.id = 1;
  message.endpoint = GENERATE("slow", "unknown");
  post.feed.add(std::move(message));
  post.feed.run();
  if (GENERATE(true, false)) post.live.run_for(50ms);
  const std::size_t ended = post.feed.ended();
  post.webhook.reset();
  post.live.run_for(300ms);
  CHECK(post.feed.ended() == ended);
}
