#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace retaind {

enum class ErrorKind { invalid, not_found, unavailable, conflict, internal };

/// An expected failure. Messages start lower-case, name the thing and end with the remedy where
/// there is one; context is put in front on the way up: `rules/welcome.yaml: …`.
struct Error {
  ErrorKind kind = ErrorKind::internal;
  std::string message;

  [[nodiscard]] Error in(std::string_view context) const {
    return {kind, std::string(context) + ": " + message};
  }
};

/// A value or an Error. Reading the value of a failed result is a programmer's mistake and aborts.
template <class T>
class [[nodiscard]] Result {
 public:
  // NOLINTBEGIN(google-explicit-constructor): `return value;` and `return Error{…};`
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}

  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}
  // NOLINTEND(google-explicit-constructor)

  explicit operator bool() const { return state_.index() == 0; }
  T& operator*() & { return std::get<0>(state_); }
  const T& operator*() const& { return std::get<0>(state_); }
  T&& operator*() && { return std::get<0>(std::move(state_)); }
  T* operator->() { return &std::get<0>(state_); }
  const T* operator->() const { return &std::get<0>(state_); }
  [[nodiscard]] const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

/// Success, or an Error.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): `return Error{…};`
  Result(Error error) : error_(std::move(error)), failed_(true) {}

  explicit operator bool() const { return !failed_; }
  [[nodiscard]] const Error& error() const { return error_; }

 private:
  Error error_;
  bool failed_ = false;
};

}  // namespace retaind
