#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <string>
#include <string_view>

#include "base/value.h"

namespace retaind::render {

/// Memory of one rendering; freed at its end. Past its limit it still works, but the rendering
/// stops.
class Arena {
 public:
  static constexpr std::size_t limit =
      32U << 20U;  ///< bytes; bounds `assign s = s | append: s` in a loop

  template <class T>
  T* take(std::size_t count) {
    used_ += count * sizeof(T);
    return static_cast<T*>(pool_.allocate(count * sizeof(T), alignof(T)));
  }
  template <class T>
  T* make(const T& value) {
    return std::construct_at(take<T>(1), value);
  }
  std::string_view keep(std::string_view text);
  [[nodiscard]] bool exhausted() const { return used_ > limit; }
  /// Says whether `bytes` more would be too much; asked before large allocations.
  [[nodiscard]] bool has_room(std::size_t bytes) {
    if (bytes <= limit && used_ <= limit - bytes) return true;
    used_ = limit + 1;
    return false;
  }

 private:
  std::byte inline_[2048];
  std::pmr::monotonic_buffer_resource pool_{inline_, sizeof inline_};
  std::size_t used_ = 0;
};

/// State of a running for or tablerow, as forloop and tablerowloop show it.
struct LoopState {
  std::string_view name;
  std::int64_t index0 = 0;
  std::int64_t length = 0;
  std::int64_t columns = 0;  ///< 0: not a table
  const LoopState* parent = nullptr;
};

/// A value while rendering: a view into context, source or arena; copied freely.
class Datum {
 public:
  enum class Kind : std::uint8_t {
    undefined,
    nil,
    boolean,
    integer,
    real,
    text,
    array,
    list,
    object,
    range,
    loop,
    empty,
    blank
  };

  Datum() : integer_(0) {}
  static Datum nil() { return Datum(Kind::nil); }
  static Datum empty() { return Datum(Kind::empty); }
  static Datum blank() { return Datum(Kind::blank); }
  static Datum of(bool value);
  static Datum of(std::int64_t value);
  static Datum of(double value);
  static Datum of(std::string_view text, bool safe = false);
  static Datum of(const Value& value);
  static Datum of(const Value* value) = delete;
  static Datum of(const char* value) = delete;
  static Datum list(const Datum* items, std::size_t count);
  static Datum range(std::int64_t low, std::int64_t high);
  static Datum loop(const LoopState& state);

  [[nodiscard]] Kind kind() const { return kind_; }
  [[nodiscard]] bool is(Kind kind) const { return kind_ == kind; }
  [[nodiscard]] bool is_missing() const { return kind_ <= Kind::nil; }
  [[nodiscard]] bool is_number() const { return kind_ == Kind::integer || kind_ == Kind::real; }
  /// array, list or range
  [[nodiscard]] bool is_sequence() const {
    return kind_ == Kind::array || kind_ == Kind::list || kind_ == Kind::range;
  }
  /// Everything but false, nil and undefined.
  [[nodiscard]] bool truthy() const {
    return !is_missing() && (kind_ != Kind::boolean || boolean_);
  }
  [[nodiscard]] bool is_empty() const;
  [[nodiscard]] bool is_blank() const;

  [[nodiscard]] bool boolean() const { return boolean_; }
  [[nodiscard]] std::int64_t integer() const { return integer_; }
  [[nodiscard]] double real() const { return real_; }
  [[nodiscard]] std::string_view text() const { return {text_, size_}; }
  /// HTML that must not be escaped again.
  [[nodiscard]] bool safe() const { return safe_; }
  [[nodiscard]] const Value& value() const { return *value_; }
  [[nodiscard]] const LoopState& loop() const { return *loop_; }

  /// Items of a sequence, members of an object.
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] Datum item(std::size_t i) const;
  /// The i-th member of an object as [key, value].
  [[nodiscard]] Datum member(Arena& arena, std::size_t i) const;
  /// `.name` or `["name"]`: members, loop properties; undefined when there is none.
  [[nodiscard]] Datum member(std::string_view name) const;

  /// As `{{ }}` prints it.
  void print(std::string& out) const;
  /// As filters see it: a list as Ruby's to_s shows it. Only what has no text yet costs memory.
  [[nodiscard]] std::string_view string(Arena& arena) const;
  /// Inside arrays and objects, as Ruby's inspect shows it.
  void inspect(std::string& out) const;

 private:
  explicit Datum(Kind kind) : kind_(kind), integer_(0) {}

  Kind kind_ = Kind::undefined;
  bool safe_ = false;
  union {
    bool boolean_;
    std::int64_t integer_;  // also the low end of a range
    double real_;
    const char* text_;
    const Value* value_;
    const Datum* items_;
    const LoopState* loop_;
  };
  union {
    std::size_t size_ = 0;
    std::int64_t high_;
  };
};

/// Ruby's Float#to_s: shortest digits that read back, "8.0", "1.0e+20".
void print_real(double value, std::string& out);
}  // namespace retaind::render
