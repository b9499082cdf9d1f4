#include "transport/http_client.h"

#include <curl/curl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <string_view>

#include "transport/network_guard.h"

namespace retaind::transport {
namespace {

constexpr long total_seconds = 30;
constexpr long connect_seconds = 10;
constexpr std::size_t largest_answer = 64 * 1024;
constexpr std::size_t kept_of_answer = 300;

struct Request {
  HttpPost post;
  HttpClient::Done done;
  CURL* easy = nullptr;
  curl_slist* headers = nullptr;
  bool allow_private = false;
  std::size_t received = 0;
  std::string body;
  std::string refused;  ///< an address that it was not allowed to connect to, and the remedy
  char problem[CURL_ERROR_SIZE] = {};

  Request() = default;
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;
  ~Request() {
    if (easy != nullptr) curl_easy_cleanup(easy);
    curl_slist_free_all(headers);
  }
};

bool is_https(std::string_view url) {
  return url.size() > 8 && curl_strnequal(url.data(), "https://", 8) != 0;
}

std::size_t on_body(const char* bytes, std::size_t, std::size_t size, void* user) {
  auto& request = *static_cast<Request*>(user);
  request.received += size;
  const std::size_t room = kept_of_answer - std::min(kept_of_answer, request.body.size());
  request.body.append(bytes, std::min(size, room));
  return request.received > largest_answer ? 0 : size;  // less than `size` ends the transfer
}

/// Asked for every address that a name resolved to, so no spelling of an address and no name server
/// gets around it.
curl_socket_t on_open_socket(void* user, curlsocktype, curl_sockaddr* address) {
  auto& request = *static_cast<Request*>(user);
  switch (classify_address(&address->addr)) {
    case AddressClass::forbidden:
      request.refused =
          "the endpoint's address is in a range that is never connected to (link-local, reserved)";
      return CURL_SOCKET_BAD;
    case AddressClass::private_network:
      if (request.allow_private) break;
      request.refused =
          "the endpoint's address is on this machine or a private network; write `allow-private: "
          "yes` if it may be";
      return CURL_SOCKET_BAD;
    case AddressClass::public_internet:
      if (is_https(request.post.url)) break;
      request.refused = "the endpoint is on the internet and its URL is not https; write https://…";
      return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

bool never_connected(CURL* easy) {
  curl_off_t connected = 0;
  return curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &connected) != CURLE_OK ||
         connected == 0;
}

HttpAnswer answer_of(Request& request, CURLcode code) {
  HttpAnswer answer;
  long status = 0;
  curl_easy_getinfo(request.easy, CURLINFO_RESPONSE_CODE, &status);
  // A status is an answer, even if the body was too long, too slow or cut off.
  if (status >= 200) {
    answer.status = static_cast<int>(status);
    answer.body = std::move(request.body);
    curl_header* header = nullptr;
    if (curl_easy_header(request.easy, "Retry-After", 0, CURLH_HEADER, -1, &header) == CURLHE_OK) {
      answer.retry_after = header->value;
    }
    return answer;
  }
  answer.never_connected = never_connected(request.easy);
  const bool bad_url = code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_URL_MALFORMAT;
  if (!request.refused.empty()) {
    answer.failure = std::move(request.refused);
  } else if (bad_url && answer.never_connected) {
    answer.failure = request.allow_private
                         ? "the endpoint's URL is no http or https URL"
                         : "the endpoint's URL is no https URL; http needs `allow-private: yes`";
  } else {
    answer.failure = request.problem[0] != 0 ? request.problem : curl_easy_strerror(code);
  }
  return answer;
}

}  // namespace

struct HttpClient::Multi {
  Multi(Loop& the_loop, bool may_be_private)
      : loop(the_loop), allow_private(may_be_private), timer(the_loop) {
    static const CURLcode global = curl_global_init(CURL_GLOBAL_DEFAULT);
    handle = global == CURLE_OK ? curl_multi_init() : nullptr;
    curl_multi_setopt(handle, CURLMOPT_SOCKETFUNCTION, &Multi::on_socket);
    curl_multi_setopt(handle, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(handle, CURLMOPT_TIMERFUNCTION, &Multi::on_timer);
    curl_multi_setopt(handle, CURLMOPT_TIMERDATA, this);
  }

  ~Multi() {
    for (const auto& [easy, request] : requests) curl_multi_remove_handle(handle, easy);
    requests.clear();
    curl_multi_cleanup(handle);
  }
  Multi(const Multi&) = delete;
  Multi& operator=(const Multi&) = delete;

  static int on_socket(CURL*, curl_socket_t socket, int what, void* user, void*) {
    auto& self = *static_cast<Multi*>(user);
    if (what == CURL_POLL_REMOVE) {
      self.watches.erase(socket);
      return 0;
    }
    std::unique_ptr<LoopWatch>& watch = self.watches[socket];
    if (watch == nullptr) watch = std::make_unique<LoopWatch>(self.loop, socket);
    watch->want((what & CURL_POLL_IN) != 0, (what & CURL_POLL_OUT) != 0,
                [&self, socket](bool readable, bool writable) {
                  self.act(socket,
                           (readable ? CURL_CSELECT_IN : 0) | (writable ? CURL_CSELECT_OUT : 0));
                });
    return 0;
  }

  static int on_timer(CURLM*, long ms, void* user) {
    auto& self = *static_cast<Multi*>(user);
    if (ms < 0) {
      self.timer.cancel();
    } else {
      self.timer.arm(Duration{ms}, [&self] { self.act(CURL_SOCKET_TIMEOUT, 0); });
    }
    return 0;
  }

  void act(curl_socket_t socket, int events) {
    int running = 0;
    curl_multi_socket_action(handle, socket, events, &running);
    std::vector<std::pair<std::unique_ptr<Request>, HttpAnswer>> finished;
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(handle, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      CURL* const easy = message->easy_handle;
      const CURLcode code = message->data.result;
      curl_multi_remove_handle(handle, easy);
      const auto found = requests.find(easy);
      HttpAnswer answer = answer_of(*found->second, code);
      finished.emplace_back(std::move(found->second), std::move(answer));
      requests.erase(found);
    }
    // Last, because it may destroy this object.
    for (auto& [request, answer] : finished) request->done(std::move(answer));
  }

  Loop& loop;
  bool allow_private;
  LoopTimer timer;
  CURLM* handle = nullptr;
  std::map<CURL*, std::unique_ptr<Request>> requests;
  std::map<curl_socket_t, std::unique_ptr<LoopWatch>> watches;
};

HttpClient::HttpClient(Loop& loop, bool allow_private)
    : multi_(std::make_unique<Multi>(loop, allow_private)) {}
HttpClient::~HttpClient() = default;

void HttpClient::post(HttpPost post, Done done) {
  auto request = std::make_unique<Request>();
  request->post = std::move(post);
  request->done = std::move(done);
  request->allow_private = multi_->allow_private;
  CURL* const easy = request->easy = curl_easy_init();
  for (const std::string& line : request->post.headers) {
    request->headers = curl_slist_append(request->headers, line.c_str());
  }
  request->headers =
      curl_slist_append(request->headers, "Expect:");  // no pause before a large body
  curl_easy_setopt(easy, CURLOPT_URL, request->post.url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, request->allow_private ? "https,http" : "https");
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, request->headers);
  curl_easy_setopt(easy, CURLOPT_POST, 1L);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->post.body.data());
  curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                   static_cast<curl_off_t>(request->post.body.size()));
  curl_easy_setopt(easy, CURLOPT_PROXY,
                   "");  // the environment's proxy would hide the peer from the guard
  curl_easy_setopt(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &on_open_socket);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, request.get());
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, request.get());
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, request->problem);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT, total_seconds);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, connect_seconds);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_multi_add_handle(multi_->handle, easy);
  multi_->requests.emplace(easy, std::move(request));
}

}  // namespace retaind::transport
