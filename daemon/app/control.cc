#include "app/control.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "base/log.h"

namespace retaind::app {
namespace {

namespace asio = boost::asio;
using Socket = asio::local::stream_protocol::socket;
using boost::system::error_code;

// A request names what to do and little more; whoever sends more is no retaind.
constexpr std::size_t longest_request = 64 * 1024;
// Who connects and says nothing is cut off, so that descriptors cannot be collected.
constexpr Duration request_time{5000};
// After a failed accept.
constexpr Duration pause_time{1000};
// sun_path of unix(7), with its closing zero.
constexpr std::size_t longest_path = 107;

/// One connection, alive while its callbacks are.
struct Session : std::enable_shared_from_this<Session> {
  Session(Socket accepted, const ControlServer::Handler& handler)
      : socket(std::move(accepted)), timer(socket.get_executor()), answer(handler) {}

  void start() {
    timer.expires_after(request_time);
    timer.async_wait([self = shared_from_this()](error_code error) {
      if (!error) self->socket.close(error);
    });
    asio::async_read_until(socket, asio::dynamic_buffer(text, longest_request), '\n',
                           [self = shared_from_this()](error_code error, std::size_t length) {
                             self->timer.cancel();
                             if (!error)
                               self->reply(std::string_view(self->text).substr(0, length));
                           });
  }

  void reply(std::string_view line) {
    Result<Value> request = parse_json(line);
    Value answered;
    if (request) {
      answered = answer(*request);
    } else {
      answered.set("error", Value("the request is not JSON: " + request.error().message));
    }
    text = to_json(answered) + "\n";
    asio::async_write(socket, asio::buffer(text),
                      [self = shared_from_this()](error_code, std::size_t) {});
  }

  Socket socket;
  asio::steady_timer timer;
  const ControlServer::Handler& answer;
  std::string text;
};

/// 0: there is none.
ino_t inode_of(const std::filesystem::path& path) {
  struct stat found {};
  return ::lstat(path.c_str(), &found) == 0 ? found.st_ino : 0;
}

}  // namespace

struct ControlServer::Impl {
  Impl(asio::io_context& loop, std::filesystem::path at, Handler handler)
      : acceptor(loop), pause(loop), path(std::move(at)), answer(std::move(handler)) {}

  Result<void> listen();

  void accept() {
    acceptor.async_accept([this](error_code error, Socket socket) {
      if (error == asio::error::operation_aborted) return;
      if (error) return accept_later(error);
      trouble.clear();
      std::make_shared<Session>(std::move(socket), answer)->start();
      accept();
    });
  }

  /// Without free descriptors the next accept would fail at once, and so on.
  void accept_later(error_code why) {
    if (trouble != why) log::warning("control socket: " + why.message());
    trouble = why;
    pause.expires_after(pause_time);
    pause.async_wait([this](error_code error) {
      if (!error) accept();
    });
  }

  asio::local::stream_protocol::acceptor acceptor;
  asio::steady_timer pause;
  error_code trouble;
  ino_t file = 0;
  std::filesystem::path path;
  Handler answer;
};

Result<void> ControlServer::Impl::listen() {
  const asio::local::stream_protocol::endpoint endpoint(path.native());
  error_code error;
  Socket probe(acceptor.get_executor());
  probe.connect(endpoint, error);
  if (!error) {
    return Error{ErrorKind::conflict,
                 fmt::format("another retaind answers on {}; stop that one first", path.string())};
  }
  std::error_code gone;
  if (std::filesystem::is_socket(path, gone)) std::filesystem::remove(path, gone);
  std::filesystem::create_directories(path.parent_path(), gone);

  // The mode is right from the first moment on: between bind and chmod somebody could connect.
  const mode_t before = umask(0177);
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.bind(endpoint, error);
  umask(before);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    return Error{ErrorKind::unavailable,
                 fmt::format("cannot make the control socket {}: {}; make its directory writable "
                             "for this user or set `socket:` in retaind.yaml",
                             path.string(), error.message())};
  }
  file = inode_of(path);
  accept();
  return {};
}

ControlServer::ControlServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

ControlServer::~ControlServer() {
  error_code ignored;
  impl_->acceptor.close(ignored);
  std::error_code gone;
  if (inode_of(impl_->path) == impl_->file) std::filesystem::remove(impl_->path, gone);
}

void ControlServer::keep_in_place() {
  if (inode_of(impl_->path) == impl_->file) return;
  error_code ignored;
  impl_->acceptor.close(ignored);
  if (const Result<void> bound = impl_->listen(); bound)
    log::warning(
        fmt::format("the control socket {} was gone and is there again", impl_->path.string()));
  else
    log::error(bound.error().message);
}

Result<std::unique_ptr<ControlServer>> ControlServer::open(asio::io_context& loop,
                                                           const std::filesystem::path& path,
                                                           Handler handler) {
  if (const Result<void> fits = check_socket_path(path); !fits) return fits.error();
  auto impl = std::make_unique<Impl>(loop, path, std::move(handler));
  if (const Result<void> bound = impl->listen(); !bound) return bound.error();
  return std::make_unique<ControlServer>(std::move(impl));
}

namespace {

/// One question over its own small loop, so that the time limit is the loop's.
struct SocketQuestion {
  explicit SocketQuestion(Duration patience) : socket(loop), deadline(loop, patience) {}

  void start(const asio::local::stream_protocol::endpoint& endpoint) {
    deadline.async_wait([this](error_code error) {
      if (!error) finish(asio::error::timed_out);
    });
    socket.async_connect(endpoint, [this](error_code error) {
      if (error) return finish(error);
      asio::async_write(socket, asio::buffer(text), [this](error_code written, std::size_t) {
        if (written) return finish(written);
        text.clear();
        asio::async_read_until(socket, asio::dynamic_buffer(text), '\n',
                               [this](error_code read, std::size_t) { finish(read); });
      });
    });
  }

  void finish(error_code error) {
    if (finished) return;
    finished = true;
    outcome = error;
    error_code ignored;
    socket.close(ignored);
    deadline.cancel();
  }

  asio::io_context loop;
  Socket socket;
  asio::steady_timer deadline;
  std::string text;
  error_code outcome;
  bool finished = false;
};

}  // namespace

Result<void> check_socket_path(const std::filesystem::path& path) {
  if (path.native().size() <= longest_path) return {};
  return Error{
      ErrorKind::invalid,
      fmt::format(
          "the control socket's path {} is over {} bytes; set a shorter `socket:` in retaind.yaml",
          path.string(), longest_path)};
}

Result<Value> ask_daemon(const std::filesystem::path& path, const Value& request,
                         Duration patience) {
  if (const Result<void> fits = check_socket_path(path); !fits) return fits.error();
  SocketQuestion question(patience);
  question.text = to_json(request) + "\n";
  question.start(asio::local::stream_protocol::endpoint(path.native()));
  question.loop.run();
  if (question.outcome == asio::error::connection_refused ||
      question.outcome == boost::system::errc::no_such_file_or_directory) {
    return Error{
        ErrorKind::not_found,
        fmt::format("no daemon answers on {}; start it with `retaind run`", path.string())};
  }
  if (question.outcome == boost::system::errc::permission_denied) {
    return Error{ErrorKind::unavailable,
                 fmt::format("this user may not use the control socket {}; use the daemon's user "
                             "(sudo -u retaind retaind …)",
                             path.string())};
  }
  if (question.outcome) {
    return Error{ErrorKind::unavailable,
                 fmt::format("the daemon on {} did not answer: {}; look at its log", path.string(),
                             question.outcome.message())};
  }
  return parse_json(question.text);
}

void poke_daemon(const std::filesystem::path& path) {
  Value request;
  request.set("do", Value("poke"));
  // Short: the caller is done, and a daemon that is busy hears it all the same.
  (void)ask_daemon(path, request, Duration{1000});
}

}  // namespace retaind::app
